"""A client of the list of items with requests, in threads, driven by JSON lines."""

import asyncio
import sys

import requests

import driving


def result_of(error):
    if isinstance(error, requests.HTTPError):
        return "rejected"
    if isinstance(error, requests.ConnectionError) and "Failed to establish a new connection" in str(error):
        return "unreachable"
    return "transport" if isinstance(error, requests.RequestException) else None


async def main(url, timeout):
    session = requests.Session()

    def exchange(op, args):
        if op == "put":
            answer = session.post(f"{url}/items", json=args, timeout=timeout)
        else:
            answer = session.get(url + {"list": "/items", "next": "/next"}[op], timeout=timeout)
        answer.raise_for_status()
        return answer.json()

    async def perform(op, args):
        return await asyncio.to_thread(exchange, op, args)

    await driving.drive(perform, result_of)


if __name__ == "__main__":
    driving.log_as_json()
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))

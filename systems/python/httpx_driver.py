"""A client of the list of items with httpx, driven by JSON lines."""

import asyncio
import sys

import httpx

import driving


def result_of(error):
    if isinstance(error, httpx.HTTPStatusError):
        return "rejected"
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return "unreachable"
    return "transport" if isinstance(error, (httpx.HTTPError, ValueError)) else None


async def main(url, timeout):
    async with httpx.AsyncClient(base_url=url, timeout=timeout) as client:

        async def perform(op, args):
            if op == "put":
                answer = await client.post("/items", json=args)
            else:
                answer = await client.get({"list": "/items", "next": "/next"}.get(op) or f"/items/{args['id']}")
            answer.raise_for_status()
            return answer.json()

        await driving.drive(perform, result_of)


if __name__ == "__main__":
    driving.log_as_json()
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))

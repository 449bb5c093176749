"""A client with redis-py, driven by JSON lines: what a call raises, it reports once."""

import argparse
import asyncio
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

import driving


def result_of(error):
    if isinstance(error, redis.ResponseError):
        return "rejected"
    if "Connect call failed" in str(error) or "connecting to" in str(error):
        return "unreachable"
    return "transport" if isinstance(error, redis.RedisError) else None


async def main(url, timeout, retries):
    server = urlsplit(url)
    client = redis.Redis(
        host=server.hostname,
        port=server.port,
        protocol=2,
        driver_info=None,
        decode_responses=True,
        socket_timeout=timeout or None,
        retry=Retry(ConstantBackoff(0.01), retries),
    )

    async def perform(op, args):
        if op == "somebody-is-blocked":
            while not (await client.info("clients"))["blocked_clients"]:
                await asyncio.sleep(0.01)
            return True
        return await client.execute_command(*args["command"])

    await driving.drive(perform, result_of)
    await client.aclose()


if __name__ == "__main__":
    driving.log_as_json()
    options = argparse.ArgumentParser()
    options.add_argument("url")
    options.add_argument("--timeout", type=float, default=0)
    options.add_argument("--retries", type=int, default=2)
    asyncio.run(main(**vars(options.parse_args())))

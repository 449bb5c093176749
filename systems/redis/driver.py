"""A client with redis-py, driven by JSON lines (docs/drivers.md): what a call raises, it reports once."""

import argparse
import asyncio
import contextvars
import json
import logging
import sys
from urllib.parse import urlsplit

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

call = contextvars.ContextVar("call", default=None)
logger = logging.getLogger("client")


class JsonLines(logging.Formatter):
    def format(self, record):
        line = {"time": self.formatTime(record), "level": record.levelname, "logger": record.name}
        line["message"] = record.getMessage()
        if record.exc_info:
            line["message"] += "\n" + self.formatException(record.exc_info)
        if call.get() is not None:
            line["call"] = call.get()
        return json.dumps(line)


async def perform(client, op, args):
    if op == "somebody-is-blocked":
        while not (await client.info("clients"))["blocked_clients"]:
            await asyncio.sleep(0.01)
        return True
    return await client.execute_command(*args["command"])


def result_of(error):
    if isinstance(error, redis.ResponseError):
        return "rejected"
    return "unreachable" if "Connect call failed" in str(error) or "connecting to" in str(error) else "transport"


async def answer(client, number, op, args):
    call.set(number)
    said = {"call": number}
    try:
        said |= {"result": "ok", "value": await perform(client, op, args)}
    except asyncio.CancelledError:
        said |= {"result": "cancelled", "error": "the call was cancelled"}
    except redis.RedisError as error:
        said |= {"result": result_of(error), "error": f"{type(error).__name__}: {error}"}
        logger.error("%s failed: %s", op, said["error"])
    print(json.dumps(said), flush=True)


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
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    calls = {}
    print(json.dumps({"ready": True}), flush=True)
    while line := await reader.readline():
        asked = json.loads(line)
        if "cancel" in asked:
            calls[asked["cancel"]].cancel()
        else:
            task = answer(client, asked["call"], asked["op"], asked.get("args") or {})
            calls[asked["call"]] = asyncio.create_task(task)
    for task in calls.values():
        task.cancel()
    await asyncio.gather(*calls.values(), return_exceptions=True)
    await client.aclose()


if __name__ == "__main__":
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level="INFO", handlers=[handler])
    options = argparse.ArgumentParser()
    options.add_argument("url")
    options.add_argument("--timeout", type=float, default=0)
    options.add_argument("--retries", type=int, default=2)
    asyncio.run(main(**vars(options.parse_args())))

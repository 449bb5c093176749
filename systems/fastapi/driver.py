"""A client of the service with httpx, driven by JSON lines (docs/drivers.md): what a call raises, it reports once."""

import asyncio
import contextvars
import json
import logging
import sys

import httpx

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
    if op == "put":
        answer = await client.post("/items", json=args)
    else:
        answer = await client.get({"list": "/items", "next": "/next"}.get(op) or f"/items/{args['id']}")
    answer.raise_for_status()
    return answer.json()


def result_of(error):
    if isinstance(error, httpx.HTTPStatusError):
        return "rejected"
    return "unreachable" if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)) else "transport"


async def answer(client, number, op, args):
    call.set(number)
    said = {"call": number}
    try:
        said |= {"result": "ok", "value": await perform(client, op, args)}
    except asyncio.CancelledError:
        said |= {"result": "cancelled", "error": "the call was cancelled"}
    except (httpx.HTTPError, ValueError) as error:
        said |= {"result": result_of(error), "error": f"{type(error).__name__}: {error}"}
        logger.error("%s failed: %s", op, said["error"])
    print(json.dumps(said), flush=True)


async def main(url, timeout):
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    calls = {}
    async with httpx.AsyncClient(base_url=url, timeout=timeout) as client:
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


if __name__ == "__main__":
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level="INFO", handlers=[handler])
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))

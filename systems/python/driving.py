"""What drivers in Python share: calls as JSON lines (docs/drivers.md), and a log that says which call a record is about.

A driver says how it performs a call, and which result an error is. Whatever a call raises it reports once, as a careful caller does.
"""

import asyncio
import contextvars
import json
import logging
import sys

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


def log_as_json(level="INFO"):
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler])


async def answer(perform, result_of, number, op, args):
    call.set(number)
    said = {"call": number}
    try:
        said |= {"result": "ok", "value": await perform(op, args)}
    except asyncio.CancelledError:
        said |= {"result": "cancelled", "error": "the call was cancelled"}
    except Exception as error:
        result = result_of(error)
        said |= {"result": result or "transport", "error": f"{type(error).__name__}: {error}"}
        # None is for what no client may raise: a defect, which is to be seen with its stack.
        logger.error("%s failed: %s", op, said["error"], exc_info=result is None)
    print(json.dumps(said), flush=True)


async def drive(perform, result_of):
    """Performs what standard input asks for, until it ends. Calls overlap."""
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    calls = {}
    print(json.dumps({"ready": True}), flush=True)
    while line := await reader.readline():
        asked = json.loads(line)
        if "cancel" in asked:
            calls[asked["cancel"]].cancel()
        else:
            task = answer(perform, result_of, asked["call"], asked["op"], asked.get("args") or {})
            calls[asked["call"]] = asyncio.create_task(task)
    for task in calls.values():
        task.cancel()
    await asyncio.gather(*calls.values(), return_exceptions=True)

"""The driven client: the real `LightningStoreClient`, asked by JSON lines on standard input.

It is a careful caller: what the client raises, it reports once, in one line with the number of the call. What a variant of
the client has classified (a `StoreError`) was reported there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from agentlightning.store.client_server import LightningStoreClient

from drivers import logs
from drivers.operations import perform
from drivers.results import StoreError, result_of, text_of

logger = logs.logging.getLogger("quietdown.driver.client")

#: How a result that its caller must report is called in the log.
REPORTS = {
    "rejected": "request rejected",
    "unreachable": "server is unreachable",
    "transport": "transport failed",
}

#: The longest line of the input: answers and arguments may be large.
LINE_BOUND = 256 * 1024 * 1024


def run(args: argparse.Namespace) -> int:
    """Does what standard input says, until it ends."""
    logs.configure(args.log)
    asyncio.run(Driver(args).run())
    return 0


def make_client(args: argparse.Namespace) -> LightningStoreClient:
    """The client that the options describe."""
    return LightningStoreClient(
        args.url,
        retry_delays=args.retry,
        health_retry_delays=args.probe,
        request_timeout=args.request_timeout,
        connection_timeout=args.connect_timeout,
    )


class Driver:
    """Calls in flight, and the client that they share."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._client = make_client(args)
        self._calls: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        reader = asyncio.StreamReader(limit=LINE_BOUND)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        say({"ready": True})
        while line := await reader.readline():
            if line.strip():
                self._line(line)
        for task in list(self._calls.values()):
            task.cancel()
        await asyncio.gather(*self._calls.values(), return_exceptions=True)
        await self._client.close()

    def _line(self, line: bytes) -> None:
        try:
            asked = json.loads(line)
            if "cancel" in asked:
                if task := self._calls.get(asked["cancel"]):
                    task.cancel()
                return
            number, op, args = int(asked["call"]), str(asked["op"]), dict(asked.get("args") or {})
        except (ValueError, KeyError, TypeError) as error:
            say({"error": f"expected {{\"call\":NUMBER,\"op\":…,\"args\":…}} or {{\"cancel\":NUMBER}}: {text_of(error)}"})
            return
        self._calls[number] = asyncio.create_task(self._call(number, op, args))

    async def _call(self, number: int, op: str, args: dict[str, Any]) -> None:
        logs.call.set(number)
        answer: dict[str, Any] = {"call": number}
        try:
            answer |= {"result": "ok", "value": await perform(self._client, op, args)}
        except asyncio.CancelledError:
            logger.debug("cancelled")
            answer |= {"result": "cancelled", "error": "the call was cancelled"}
        except Exception as error:
            answer |= {"result": result_of(error), "error": text_of(error)}
            if not isinstance(error, StoreError):
                logger.error("%s: %s", REPORTS[answer["result"]], answer["error"])
        del self._calls[number]
        say(answer)


def say(line: dict[str, Any]) -> None:
    """One line for the harness."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()

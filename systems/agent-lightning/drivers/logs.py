"""Logging of every process: one JSON object a record on standard error, with the traceback as it is printed."""

from __future__ import annotations

import json
import logging
import multiprocessing
import sys
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any, Callable

import uvicorn.config

#: The number of the call that the running task is about.
call: ContextVar[int | None] = ContextVar("call", default=None)

#: The drivers' own records: what a caller of agent-lightning would say, and what scenarios wait for.
driver = logging.getLogger("quietdown.driver")

#: Loggers of the server, which in the execution strategy shares a process with the algorithm.
SERVER_LOGGERS = (
    "agentlightning.store.server",
    "agentlightning.utils.server_launcher",
    "quietdown.driver.server",
    "uvicorn",
)


class JsonLines(logging.Formatter):
    """One object a record: time, level, logger, part, message, the call, and fields given as `extra={"fields": …}`."""

    def __init__(self, parts: bool) -> None:
        super().__init__()
        self._parts = parts

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + self.formatException(record.exc_info)
        if record.stack_info:
            message += "\n" + self.formatStack(record.stack_info)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        if self._parts:
            line["thread"] = part(record)
        about = call.get()
        if about is not None:
            line["call"] = about
        line.update(getattr(record, "fields", {}))
        return json.dumps(line, default=str)


def part(record: logging.LogRecord) -> str:
    """Which part of the execution strategy a record is of: `runner-N`, `server`, or `algorithm`."""
    process = multiprocessing.current_process().name
    if process != "MainProcess":
        return process
    return "server" if record.name.startswith(SERVER_LOGGERS) else "algorithm"


def configure(level: str, *, parts: bool = False) -> None:
    """Everything at `level` and above goes to standard error; nothing else is printed by anybody."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(parts))
    logging.captureWarnings(True)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("agentlightning", "quietdown", "uvicorn", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(level.upper())
    # uvicorn would configure its own loggers, otherwise.
    uvicorn.config.LOGGING_CONFIG.clear()
    uvicorn.config.LOGGING_CONFIG.update({"version": 1, "incremental": True})
    # What asyncio says at DEBUG is which selector it uses.
    logging.getLogger("asyncio").setLevel(logging.INFO)


def add_fields(logger: str, message: str, fields: Callable[[], dict[str, Any]]) -> None:
    """Gives the records of `logger` that say `message` fields, as they are at that moment."""

    def give(record: logging.LogRecord) -> bool:
        if record.getMessage() == message:
            record.fields = fields()
        return True

    logging.getLogger(logger).addFilter(give)

"""The shared online flag: one small file by which every process of a machine knows what the server is about.

Its layout is that of `docs/store.md`. It is written in place, never truncated and never locked. A crash leaves it online.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

MAGIC, VERSION = b"QDFL", 1
LAYOUT = struct.Struct("<4sHBxQI12x")
STATE_AT = 6

STARTING, ONLINE, STOPPING, STOPPED = 1, 2, 3, 4

#: Where it is; nowhere without a path.
path: str | None = None


class Flag(NamedTuple):
    """What a reader sees."""

    state: int
    epoch: int
    pid: int


def read() -> Flag | None:
    """The flag as it is now. Nothing when there is none, or none of this version: the reader then does without."""
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            magic, version, state, epoch, pid = LAYOUT.unpack(file.read(LAYOUT.size))
    except (OSError, struct.error):
        return None
    known = magic == MAGIC and version == VERSION and STARTING <= state <= STOPPED
    return Flag(state, epoch, pid) if known else None


def create() -> None:
    """Takes it over for a server that is starting, with an epoch that differs from the last."""
    if path is not None:
        last = read()
        epoch = last.epoch + 1 if last else 1
        _write(LAYOUT.pack(MAGIC, VERSION, STARTING, epoch, os.getpid()), 0)


def say(state: int) -> None:
    """Says what the server is about now."""
    if path is not None:
        _write(bytes([state]), STATE_AT)


def _write(data: bytes, at: int) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        os.pwrite(file, data, at)
    finally:
        os.close(file)

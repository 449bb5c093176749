"""Times and schedules as scenario files write them."""

from __future__ import annotations

import re

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """`300ms` as 0.3."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)", text)
    if not found:
        raise ValueError(f"`{text}` is no time: write 300ms or 2s")
    return float(found[1]) * _UNITS[found[2]]


def schedule(text: str) -> tuple[float, ...]:
    """`10ms,20ms` as (0.01, 0.02); nothing as no pause at all."""
    return tuple(seconds(each) for each in text.split(",") if each)

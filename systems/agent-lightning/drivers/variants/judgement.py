"""What to make of a disconnect: the one place where a planned end is told from a crash."""

from __future__ import annotations

import asyncio
import logging
from enum import Enum
from typing import Any, Awaitable, Callable

import aiohttp

from drivers.variants import flag

logger = logging.getLogger("agentlightning.store.client")

MARKER, DRAINING = "x-store-state", "draining"


class Outcome(Enum):
    """What follows from a disconnect."""

    SHUTDOWN = "the server is ending, as planned"
    RETRY = "the server should be there: again, within the budget; then it is unreachable"
    AFRESH = "it is another server than when the request began: again, with a new budget"
    RETRY_OR_TRANSPORT = "the server is there: again, within the budget; then the transport is broken"
    GONE = "nobody answers, and nobody has announced it"


Judge = Callable[[Any, aiohttp.ClientSession, "flag.Flag | None"], Awaitable[Outcome]]


async def by_flag_or_health(client: Any, session: aiohttp.ClientSession, began: flag.Flag | None) -> Outcome:
    """The good fix: the flag decides; without one, what the server announced, and then its health."""
    now = flag.read()
    if now is None:
        if client._announced:
            return Outcome.SHUTDOWN
        health = await probe(client, session)
        return {"draining": Outcome.SHUTDOWN, "gone": Outcome.GONE}.get(health, Outcome.RETRY_OR_TRANSPORT)
    if now.state in (flag.STOPPING, flag.STOPPED):
        return Outcome.SHUTDOWN
    another = began is not None and began.epoch != now.epoch
    return Outcome.AFRESH if another else Outcome.RETRY


async def by_flag_alone(client: Any, session: aiohttp.ClientSession, began: flag.Flag | None) -> Outcome:
    """Another good fix: no announcement and no epoch. What the flag does not explain is an outage."""
    now = flag.read()
    if now is None:
        return Outcome.GONE if await probe(client, session) == "gone" else Outcome.RETRY_OR_TRANSPORT
    return Outcome.SHUTDOWN if now.state in (flag.STOPPING, flag.STOPPED) else Outcome.RETRY


async def swallow(client: Any, session: aiohttp.ClientSession, began: flag.Flag | None) -> Outcome:
    """A bad fix: every disconnect is a shutdown."""
    return Outcome.SHUTDOWN


async def by_probe_alone(client: Any, session: aiohttp.ClientSession, began: flag.Flag | None) -> Outcome:
    """Another bad fix: no flag; a server whose health cannot be asked is one that was stopped."""
    healthy = await probe(client, session) == "online"
    return Outcome.RETRY_OR_TRANSPORT if healthy else Outcome.SHUTDOWN


async def probe(client: Any, session: aiohttp.ClientSession) -> str:
    """Asks for the server's health by the probe schedule: `online`, `draining`, or `gone`."""
    for pause in (0.0, *client._health_retry_delays):
        await asyncio.sleep(pause)
        try:
            async with session.get(f"{client.server_address}/health") as answer:
                logger.debug("health probe: status %s", answer.status)
                if answer.status == 200:
                    return "online"
                if answer.headers.get(MARKER) == DRAINING:
                    return "draining"
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            logger.debug("health probe: %s", type(error).__name__)
    return "gone"

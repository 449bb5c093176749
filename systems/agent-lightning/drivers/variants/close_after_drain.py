"""A second good fix, of another design: the server says nothing to its clients, and simply closes after a bounded drain.

No poll is answered early, no request is refused, nothing is announced. The client learns from the flag alone that an end was
planned, says nothing about it, and knows no epochs. The runner calls interrupted work failed.
"""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from agentlightning.store.client_server import LightningStoreServer
from fastapi.exceptions import ResponseValidationError

from drivers.results import StoreError
from drivers.variants import fixed_client, fixed_runner, fixed_server, fixed_strategy, flag
from drivers.variants.judgement import by_flag_alone

#: How long the server waits for what is in flight, in seconds, if it was not told to wait less. Shorter than its stop may take.
LONGEST_DRAIN = 2.0

_init, _startup, _shutdown = LightningStoreServer.__init__, uvicorn.Server.startup, uvicorn.Server.shutdown


def init(self: Any, *args: Any, **kwargs: Any) -> None:
    """In place of `LightningStoreServer.__init__`: what does not exist is an answer."""
    _init(self, *args, **kwargs)
    self.app.add_exception_handler(ValueError, fixed_server.not_found)
    self.app.add_exception_handler(ResponseValidationError, fixed_server.not_found)
    self.app.state.life = fixed_server.Life()
    self.app.add_middleware(Bounded, life=self.app.state.life)


class Bounded:
    """An ASGI middleware: no request outlives the connections, not even one that does not look whether its client is there."""

    def __init__(self, app: Any, life: fixed_server.Life) -> None:
        self._app, self._life = app, life

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        answer = asyncio.create_task(self._app(scope, receive, send))
        closed = asyncio.create_task(self._life.closed.wait())
        try:
            await asyncio.wait({answer, closed}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return await answer
            await fixed_server.cancelled(answer)
        finally:
            for task in (answer, closed):
                task.cancel()


async def startup(self: uvicorn.Server, sockets: Any = None) -> None:
    """In place of `uvicorn.Server.startup`: online only when it listens."""
    await _startup(self, sockets=sockets)
    if self.started:
        flag.say(flag.ONLINE)


async def shutdown(self: uvicorn.Server, sockets: Any = None) -> None:
    """In place of `uvicorn.Server.shutdown`, which waits for ever."""
    flag.say(flag.STOPPING)
    helpers = [asyncio.create_task(close_after(self)), asyncio.create_task(fixed_server.close_idle(self))]
    await _shutdown(self, sockets=sockets)
    for helper in helpers:
        helper.cancel()
    flag.say(flag.STOPPED)


async def close_after(server: uvicorn.Server) -> None:
    """Waits for what is in flight, and closes."""
    await asyncio.sleep(min(fixed_server.drain, LONGEST_DRAIN))
    await fixed_server.abort(server, server.config.app.state.life)


async def fail_attempt(self: Any, store: Any, rollout: Any) -> None:
    """Interrupted work has failed; whether it is tried again is for the store to decide."""
    try:
        await store.update_attempt(rollout.rollout_id, rollout.attempt.attempt_id, status="failed")
    except StoreError:
        pass


def install(path: str | None) -> None:
    """Patches every class that takes part."""
    flag.path = path
    fixed_client.install(by_flag_alone, say=False)
    fixed_runner.install(fail_attempt)
    fixed_strategy.install()
    LightningStoreServer.__init__ = init
    uvicorn.Server.startup = startup
    uvicorn.Server.shutdown = shutdown

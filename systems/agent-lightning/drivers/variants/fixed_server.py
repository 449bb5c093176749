"""The server of the fix: a graceful stop that says so, bounds itself, and leaves nobody without an answer."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import uvicorn
from agentlightning.store.client_server import LightningStoreServer
from fastapi import Request
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import JSONResponse

from drivers.variants import flag
from drivers.variants.judgement import DRAINING, MARKER

logger = logging.getLogger("agentlightning.store.server")

#: How long requests in flight may take after a stop, in seconds.
drain = 8.0

#: How long last answers may take after that.
LAST_ANSWERS = 0.5

#: How often a server that is stopping looks for connections that carry no request.
LOOK = 0.1


class Life:
    """Where a server is on its way to its end."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.refusing = asyncio.Event()
        self.closed = asyncio.Event()


class Draining:
    """An ASGI middleware, around everything else: refuses what comes during a stop, and ends what waits for no event of its own."""

    def __init__(self, app: Any, life: Life) -> None:
        self._app, self._life = app, life

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if self._life.stopping.is_set():
            return await refuse(send)
        await Exchange(self._life, scope, receive, send).run(self._app)


class Exchange:
    """One request, and what may end it early."""

    def __init__(self, life: Life, scope: Any, receive: Any, send: Any) -> None:
        self._life, self._scope, self._receive, self._send = life, scope, receive, send
        self._whole = asyncio.Event()
        self._started = False

    async def run(self, app: Any) -> None:
        answer = asyncio.create_task(app(self._scope, self.receive, self.send))
        ends = {"refused": asyncio.create_task(self._life.refusing.wait())}
        if self._scope["path"] == "/v1/agl/waits/rollouts":
            ends["early"] = asyncio.create_task(self._life.stopping.wait())
            ends["gone"] = asyncio.create_task(self._disconnected())
        try:
            await asyncio.wait({answer, *ends.values()}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() and self._started:
                ends["closed"] = asyncio.create_task(self._life.closed.wait())
                await asyncio.wait({answer, ends["closed"]}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return await answer
            await cancelled(answer)
            if self._started:
                return
            if "gone" in ends and ends["gone"].done():
                logger.debug("client went away")
                return
            if "early" in ends and ends["early"].done():
                logger.debug("long poll answered early")
            else:
                await self._rest_of_the_body()
            await refuse(self._send)
        finally:
            for task in (answer, *ends.values()):
                task.cancel()

    async def receive(self) -> Any:
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            self._whole.set()
        return message

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            if self._life.stopping.is_set():
                message["headers"] = [*message.get("headers", ()), (MARKER.encode(), DRAINING.encode())]
        await self._send(message)

    async def _disconnected(self) -> None:
        await self._whole.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _rest_of_the_body(self) -> None:
        """A connection that is closed with unread data is reset, and the answer with it."""

        async def read() -> None:
            while not self._whole.is_set():
                await self.receive()

        try:
            await asyncio.wait_for(read(), LAST_ANSWERS)
        except asyncio.TimeoutError:
            pass


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancels it, and waits until it has ended."""
    task.cancel()
    await asyncio.wait({task})


async def refuse(send: Any) -> None:
    """503 with the draining marker: nothing was done."""
    body = json.dumps({"detail": "the server is shutting down"}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers.append((MARKER.encode(), DRAINING.encode()))
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def not_found(request: Request, error: Exception) -> JSONResponse:
    """What does not exist is an answer, not a failure of the server."""
    return JSONResponse(status_code=404, content={"detail": " ".join(str(error).split())})


_init, _startup, _shutdown = LightningStoreServer.__init__, uvicorn.Server.startup, uvicorn.Server.shutdown


def init(self: Any, *args: Any, **kwargs: Any) -> None:
    """In place of `LightningStoreServer.__init__`."""
    _init(self, *args, **kwargs)
    self.app.state.life = Life()
    self.app.add_exception_handler(ValueError, not_found)
    self.app.add_exception_handler(ResponseValidationError, not_found)
    self.app.add_middleware(Draining, life=self.app.state.life)


async def startup(self: uvicorn.Server, sockets: Any = None) -> None:
    """In place of `uvicorn.Server.startup`: online only when it listens."""
    await _startup(self, sockets=sockets)
    if self.started:
        flag.say(flag.ONLINE)


async def shutdown(self: uvicorn.Server, sockets: Any = None) -> None:
    """In place of `uvicorn.Server.shutdown`: the flag first, then everything else."""
    flag.say(flag.STOPPING)
    life: Life = self.config.app.state.life
    life.stopping.set()
    helpers = [asyncio.create_task(_bound(self, life)), asyncio.create_task(close_idle(self))]
    await _shutdown(self, sockets=sockets)
    for helper in helpers:
        helper.cancel()
    flag.say(flag.STOPPED)


async def _bound(server: uvicorn.Server, life: Life) -> None:
    await asyncio.sleep(drain)
    logger.debug("drain time is over")
    life.refusing.set()
    await asyncio.sleep(LAST_ANSWERS)
    await abort(server, life)


async def close_idle(server: uvicorn.Server) -> None:
    """Closes connections that carry no request, again and again: uvicorn looks once, and one that the loop has accepted but not
    yet made known comes after that. Nobody would ever close it, and the stop would wait for it until its drain is over."""
    while True:
        await asyncio.sleep(LOOK)
        for connection in list(server.server_state.connections):
            cycle, transport = connection.cycle, connection.transport
            if (cycle is None or cycle.response_complete) and not transport.is_closing():
                connection.shutdown()


async def abort(server: uvicorn.Server, life: Life) -> None:
    """Ends every connection, whatever it carries; and then what does not end with its connection."""
    while server.server_state.connections:
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
    # Not before: uvicorn answers with 500 where an application ends without an answer and its client is still there.
    life.closed.set()


def install() -> None:
    """Patches the classes."""
    LightningStoreServer.__init__ = init
    uvicorn.Server.startup = startup
    uvicorn.Server.shutdown = shutdown

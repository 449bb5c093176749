"""The real `LightningStoreServer` over the real `InMemoryLightningStore`, as `agl store` runs it, with plain logging."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from typing import Any, Awaitable, Callable

from agentlightning.store.client_server import LightningStoreServer
from agentlightning.store.memory import InMemoryLightningStore
from agentlightning.types import PromptTemplate

from drivers import logs, variants

logger = logging.getLogger("quietdown.driver.server")

#: A runner refuses to work when there are no resources.
RESOURCES = {"prompt": PromptTemplate(template="{task}", engine="f-string")}


def run(args: argparse.Namespace) -> int:
    """Serves until it is told to stop."""
    logs.configure(args.log)
    variants.starting()
    if args.boot_on_signal:
        # Blocked before it is announced, so that it cannot come too early.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
        logger.debug("starting")
        signal.sigwait({signal.SIGUSR1})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    variants.drain(args.drain)
    asyncio.run(serve(args.port))
    return 0


async def serve(port: int) -> None:
    """What `agl store` does, with one resource in the store."""
    store = InMemoryLightningStore(thread_safe=True)
    await store.add_resources(RESOURCES)
    server = LightningStoreServer(store, host="127.0.0.1", port=port, launch_mode="asyncio")
    watch(server)
    await server.run_forever()


def watch(server: LightningStoreServer) -> None:
    """Says at DEBUG what scenarios wait for. It changes nothing that the server does."""
    assert server.app is not None
    server.app.add_middleware(Watch)

    def in_flight() -> dict[str, Any]:
        uvicorn = server.server_launcher._uvicorn_server
        connections = uvicorn.server_state.connections if uvicorn else ()
        return {"requests": str(sum(is_busy(connection) for connection in connections))}

    logs.add_fields("uvicorn.error", "Shutting down", in_flight)


def is_busy(connection: Any) -> bool:
    """Whether an answer is owed, or not yet all of it is in the kernel's hands."""
    cycle, transport = connection.cycle, connection.transport
    owed = cycle is not None and not cycle.response_complete
    return owed or (transport is not None and transport.get_write_buffer_size() > 0)


OPERATIONS = {
    ("POST", "/queues/rollouts/enqueue"): "enqueue_rollout",
    ("POST", "/queues/rollouts/dequeue"): "dequeue_rollout",
    ("POST", "/waits/rollouts"): "wait_for_rollouts",
    ("POST", "/rollouts/search"): "query_rollouts",
    ("POST", "/rollouts/*/attempts/*"): "update_attempt",
    ("POST", "/rollouts/*"): "update_rollout",
    ("GET", "/rollouts/*"): "get_rollout",
    ("POST", "/workers/*"): "update_worker",
}


def operation(method: str, path: str) -> str:
    """The name of the operation of a request, or its path."""
    parts = path.removeprefix("/v1/agl").split("/")
    for (verb, pattern), name in OPERATIONS.items():
        shape = pattern.split("/")
        if verb == method and len(shape) == len(parts) and all(a in ("*", b) for a, b in zip(shape, parts)):
            return name
    return path


class Watch:
    """An ASGI middleware that logs when a request has begun, and when a long poll is in the server's hands."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/agl/"):
            return await self._app(scope, receive, send)
        op = operation(scope["method"], scope["path"])
        logger.debug("request begun", extra={"fields": {"op": op}})

        async def watched() -> Any:
            message = await receive()
            if op == "wait_for_rollouts" and message["type"] == "http.request" and not message.get("more_body"):
                logger.debug("long poll waiting")
            return message

        await self._app(scope, watched, send)

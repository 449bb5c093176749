"""The strategy of the fix: the runners are told, and have ended, before the server is stopped."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from agentlightning.execution.client_server import ClientServerExecutionStrategy

logger = logging.getLogger("agentlightning.execution.client_server")

_spawn, _execute = ClientServerExecutionStrategy._spawn_runners, ClientServerExecutionStrategy._execute_algorithm


def spawn_runners(self: Any, *args: Any, **kwargs: Any) -> Any:
    """In place of `_spawn_runners`: the algorithm's side must know whom to wait for."""
    self._runners = _spawn(self, *args, **kwargs)
    return self._runners


async def execute_algorithm(self: Any, algorithm: Any, store: Any, stop_evt: Any) -> None:
    """In place of `_execute_algorithm`, which stops the server as soon as the algorithm has ended, however it ended."""

    async def and_the_runners(wrapped: Any, event: Any) -> None:
        try:
            await algorithm(wrapped, event)
        finally:
            runners = getattr(self, "_runners", [])
            stop_evt.set()
            logger.info("runners told to stop")
            await asyncio.to_thread(self._shutdown_processes, runners, stop_evt)
            logger.info("all runners stopped")

    await _execute(self, and_the_runners, store, stop_evt)


def install() -> None:
    """Patches the class."""
    strategy: Any = ClientServerExecutionStrategy
    strategy._spawn_runners = spawn_runners
    strategy._execute_algorithm = execute_algorithm

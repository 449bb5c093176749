"""The runner of the fix: honest about interrupted work, and simple about failures, which the client has reported."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from agentlightning.runner.agent import LitAgentRunner
from agentlightning.utils.system_snapshot import system_snapshot

from drivers.results import StoreError, StoreShutdown
from drivers.variants import flag

logger = logging.getLogger("agentlightning.runner.agent")

#: How often the stop event of the strategy, which nothing can wait for, is looked at.
LOOK = 0.05


async def iterate(self: Any, *, event: Any = None) -> None:
    """In place of `LitAgentRunner.iter`."""
    store = self.get_store()
    store._once_per_outage = True
    while (seen := flag.read()) is not None and seen.state == flag.STARTING:
        await asyncio.sleep(LOOK)
    logger.info("%s Started async rollouts.", self._log_prefix())
    heartbeat = asyncio.create_task(_heartbeats(self, store))
    told = asyncio.create_task(_told(event))
    try:
        while not told.done():
            rollout = await _next(self, store, told)
            if rollout is not None:
                await step(self, rollout, told)
    except StoreShutdown:
        logger.debug("%s The server is shutting down; no more work.", self._log_prefix())
    finally:
        heartbeat.cancel()
        told.cancel()
        await asyncio.gather(heartbeat, told, return_exceptions=True)
    logger.info("%s Finished async rollouts.", self._log_prefix())


async def _told(event: Any) -> None:
    while event is None or not event.is_set():
        await asyncio.sleep(LOOK)


async def _next(self: Any, store: Any, told: asyncio.Task[None]) -> Any:
    try:
        rollout = await store.dequeue_rollout(worker_id=self.get_worker_id())
    except StoreShutdown:
        raise
    except StoreError:
        rollout = None
    if rollout is None:
        await asyncio.wait({told}, timeout=self._poll_interval)
    return rollout


async def step(self: Any, rollout: Any, told: asyncio.Task[None]) -> None:
    """One rollout: succeeded, failed, or given back."""
    store, agent, began = self.get_store(), self.get_agent(), time.monotonic()
    rollout_id, attempt_id = rollout.rollout_id, rollout.attempt.attempt_id
    work = asyncio.create_task(_work(self, store, agent, rollout))
    try:
        await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
        interrupted = not work.done()
    except asyncio.CancelledError:
        await _stopped(work)
        await give_back(self, store, rollout)
        raise
    if interrupted:
        await _stopped(work)
        await give_back(self, store, rollout)
        return
    error = work.exception()
    if isinstance(error, StoreShutdown):
        raise error
    if error is not None and not isinstance(error, StoreError):
        logger.error("%s The rollout failed: %r", self._log_prefix(rollout_id), error)
    if error is None:
        logger.info("%s Completed in %.2fs.", self._log_prefix(rollout_id), time.monotonic() - began)
    try:
        await store.update_attempt(rollout_id, attempt_id, status="failed" if error else "succeeded")
    except StoreError:
        logger.debug("%s rollout left for the watchdog", self._log_prefix(rollout_id))


async def _work(self: Any, store: Any, agent: Any, rollout: Any) -> None:
    known = rollout.resources_id
    update = await (store.get_resources_by_id(known) if known else store.get_latest_resources())
    async with self._tracer.trace_context(
        name=rollout.rollout_id, rollout_id=rollout.rollout_id, attempt_id=rollout.attempt.attempt_id
    ):
        method = agent.training_rollout_async if rollout.mode == "train" else agent.validation_rollout_async
        result = await method(rollout.input, resources=update.resources if update else {}, rollout=rollout)
    await self._post_process_rollout_result(rollout, result)


async def _stopped(work: asyncio.Task[None]) -> None:
    work.cancel()
    await asyncio.wait({work})


async def requeue(self: Any, store: Any, rollout: Any) -> None:
    """Nobody has finished it, so somebody else may have it."""
    try:
        await store.update_rollout(rollout.rollout_id, status="requeuing")
        logger.debug("rollout given back")
    except StoreError:
        logger.debug("rollout left for the watchdog")


async def _heartbeats(self: Any, store: Any) -> None:
    while self._heartbeat_interval > 0:
        try:
            await store.update_worker(self.get_worker_id(), system_snapshot(False))
            logger.debug("heartbeat")
        except StoreError:
            pass
        await asyncio.sleep(self._heartbeat_interval)


#: What becomes of a rollout whose work was interrupted.
give_back = requeue


def install(interrupted: Any = requeue) -> None:
    """Patches the class."""
    global give_back
    give_back = interrupted
    runner: Any = LitAgentRunner
    runner.iter = iterate

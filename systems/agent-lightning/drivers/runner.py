"""The real `LitAgentRunner` with a trivial agent, until SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator

from agentlightning.litagent import LitAgent
from agentlightning.runner.agent import LitAgentRunner
from agentlightning.store.base import LightningStore
from agentlightning.tracer.dummy import DummyTracer

from drivers import logs
from drivers.client import make_client

logger = logging.getLogger("quietdown.driver.runner")

#: The runner bounds a heartbeat's request by the interval. Below this a busy machine alone makes it fail.
SHORTEST_HEARTBEAT = 1.0


class Tracer(DummyTracer):
    """`DummyTracer` with what `LitAgentRunner` needs of a tracer."""

    @asynccontextmanager
    async def trace_context(self, name: Any = None, **kwargs: Any) -> AsyncIterator[None]:
        yield

    def get_last_trace(self) -> list[Any]:
        return []


class Agent(LitAgent[Any]):
    """Works for a given time, and has nothing to show for it."""

    def __init__(self, work: float) -> None:
        super().__init__()
        self._work = work

    async def rollout_async(self, task: Any, resources: Any, rollout: Any) -> None:
        logger.debug("rollout begun", extra={"fields": {"rollout": rollout.rollout_id}})
        await asyncio.sleep(self._work)
        logger.debug("work done", extra={"fields": {"rollout": rollout.rollout_id}})


def make_runner(args: argparse.Namespace) -> LitAgentRunner[Any]:
    """The runner that the options describe."""
    return LitAgentRunner(
        tracer=Tracer(),
        poll_interval=args.poll,
        heartbeat_interval=max(args.heartbeat, SHORTEST_HEARTBEAT),
        interval_jitter=0.0,
    )


async def work(args: argparse.Namespace, store: LightningStore, worker: int, event: Any = None) -> None:
    """As `Trainer` runs a runner."""
    runner = make_runner(args)
    runner.init(Agent(args.work))
    runner.init_worker(worker, store)
    try:
        await runner.iter(event=event)
    finally:
        runner.teardown_worker(worker)
        runner.teardown()


def run(args: argparse.Namespace) -> int:
    """Works until it is interrupted."""
    logs.configure(args.log)
    try:
        asyncio.run(_run(args))
    except KeyboardInterrupt:
        # As the execution strategy ends a runner that was interrupted.
        logger.info("runner stopped")
    return 0


async def _run(args: argparse.Namespace) -> None:
    store = make_client(args)
    try:
        await work(args, store, 0)
    finally:
        await store.close()

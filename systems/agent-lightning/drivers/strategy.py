"""The real `ClientServerExecutionStrategy`: algorithm, server and runners from one command, until standard input ends."""

from __future__ import annotations

import argparse
import copy
import functools
import logging
import sys
from typing import Any
from urllib.parse import urlsplit

import asyncio

from agentlightning.execution.client_server import ClientServerExecutionStrategy
from agentlightning.store.base import LightningStore
from agentlightning.store.memory import InMemoryLightningStore

from drivers import logs, variants
from drivers.runner import work
from drivers.server import RESOURCES

logger = logging.getLogger("quietdown.driver.strategy")

#: How patient the strategy is with its runners before it escalates, in seconds. Its own default of 10 only takes longer.
GRACE, TERMINATE = 3.0, 2.0


class Strategy(ClientServerExecutionStrategy):
    """The strategy, whose runners are told another address than the one its server binds: that of the harness's link."""

    def __init__(self, *, runner_url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._runner_url = urlsplit(runner_url)

    async def _execute_runner(self, runner: Any, worker_id: int, store: LightningStore, stop_evt: Any) -> None:
        told = copy.copy(self)
        told.server_host = self._runner_url.hostname or "127.0.0.1"
        told.server_port = self._runner_url.port or 80
        await ClientServerExecutionStrategy._execute_runner(told, runner, worker_id, store, stop_evt)


def run(args: argparse.Namespace) -> int:
    """Runs the whole system."""
    logs.configure(args.log, parts=True)
    variants.starting()
    variants.drain(args.drain)
    strategy = Strategy(
        runner_url=args.runner_url,
        role="both",
        main_process="algorithm",
        server_host="127.0.0.1",
        server_port=args.port,
        n_runners=args.runners,
        graceful_timeout=GRACE,
        terminate_timeout=TERMINATE,
    )
    store = InMemoryLightningStore(thread_safe=True)
    strategy.execute(functools.partial(algorithm, args), functools.partial(runner, args), store)
    return 0


async def algorithm(args: argparse.Namespace, store: LightningStore, stop: Any) -> None:
    """Queues its tasks, and finishes when it is told to."""
    await store.add_resources(RESOURCES)
    for task in range(1, args.tasks + 1):
        await store.enqueue_rollout(input={"task": task})
    logger.debug("rollouts enqueued")
    await asyncio.to_thread(sys.stdin.read)
    logger.info("algorithm finished")


async def runner(args: argparse.Namespace, store: LightningStore, worker: int, stop: Any) -> None:
    """One runner."""
    await work(args, store, worker, stop)

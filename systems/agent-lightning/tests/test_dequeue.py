"""A dequeue that fails says so. The original warned of the first failure after a success, and never again."""

import asyncio
import logging

import pytest
from conftest import Peer, answer, client_of

from drivers.results import StoreShutdown, StoreUnreachable
from drivers.variants import flag

UNREACHABLE = ("ERROR", "server is unreachable")


@pytest.fixture(autouse=True)
def online():
    flag.create()
    flag.say(flag.ONLINE)


def test_a_dequeue_that_fails_raises_and_is_no_empty_queue(said):
    async def run():
        peer = Peer(["close"])
        async with client_of(peer) as client:
            with pytest.raises(StoreUnreachable):
                await client.dequeue_rollout(worker_id="w")
        assert peer.asked == 1, "a dequeue is not repeated without a key"

    asyncio.run(run())
    assert said(logging.INFO) == [UNREACHABLE]


@pytest.mark.parametrize("successful", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_the_flags_of_the_original_have_no_say_any_more(successful, first, said):
    async def run():
        async with client_of(Peer(["close"])) as client:
            client._dequeue_was_successful, client._dequeue_first_unsuccessful = successful, first
            for _ in range(2):
                with pytest.raises(StoreUnreachable):
                    await client.dequeue_rollout(worker_id="w")
            assert (client._dequeue_was_successful, client._dequeue_first_unsuccessful) == (successful, first)

    asyncio.run(run())
    assert said(logging.INFO) == [UNREACHABLE] * 2


def test_a_caller_that_asks_by_itself_reports_each_outage_once(said):
    async def run():
        script = ["close", "close", answer(), "close", "close", answer()]
        async with client_of(Peer(script)) as client:
            client._once_per_outage = True
            for outage in range(2):
                for _ in range(2):
                    with pytest.raises(StoreUnreachable):
                        await client.dequeue_rollout(worker_id="w")
                assert await client.dequeue_rollout(worker_id="w") is None
                assert said(logging.INFO) == [UNREACHABLE] * (outage + 1)

    asyncio.run(run())


def test_a_dequeue_during_a_planned_stop_is_a_shutdown(said):
    async def run():
        async with client_of(Peer(["close"])) as client:
            flag.say(flag.STOPPING)
            with pytest.raises(StoreShutdown):
                await client.dequeue_rollout(worker_id="w")

    asyncio.run(run())
    assert said() == [("DEBUG", "server is shutting down")]

"""A caller that cancels: nothing is said, nothing is tried again, and the server can tell."""

import asyncio
import logging

import pytest
from conftest import Peer, client_of

from drivers.variants import flag


async def cancelled(client, peer):
    call = asyncio.create_task(client.get_rollout_by_id("ro-1"))
    await peer.arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.mark.parametrize("state", [None, flag.ONLINE, flag.STOPPING])
def test_a_call_that_is_cancelled_is_no_failure_and_its_connection_is_closed(state, said):
    if state is not None:
        flag.create()
        flag.say(state)

    async def run():
        peer = Peer(["silence"])
        async with client_of(peer) as client:
            await cancelled(client, peer)
            await asyncio.wait_for(peer.gone.wait(), 5)
        assert (peer.asked, peer.probes) == (1, 0)

    asyncio.run(run())
    assert said() == []


def test_a_call_that_is_cancelled_while_it_waits_for_its_next_attempt_is_not_sent_again(said):
    flag.create()
    flag.say(flag.ONLINE)

    async def run():
        peer = Peer(["close"])
        async with client_of(peer, retry_delays=(3600.0,)) as client:
            call = asyncio.create_task(client.get_rollout_by_id("ro-1"))
            while not said():
                await asyncio.sleep(0.005)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert peer.asked == 1

    asyncio.run(run())
    assert said(logging.INFO) == []

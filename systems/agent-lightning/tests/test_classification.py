"""The client of the fix, row by row of docs/store.md, "What the client makes of a failure", with bytes on real sockets."""

import asyncio
import logging

import pytest
from conftest import Peer, answer, client_of

from drivers.results import StoreRejected, StoreShutdown, StoreTransport, StoreUnreachable
from drivers.variants import flag

LOUD = logging.INFO
NOTICE = ("DEBUG", "server is shutting down")
UNREACHABLE = ("ERROR", "server is unreachable")
TRANSPORT = ("ERROR", "transport failed")
GARBAGE = b"\xb7TTP/1.1 200 OK\r\n\r\n"
ONLINE, DRAINING, GONE = (answer(body='{"status":"ok"}'),), (answer(503, "{}", draining=True),), ("close",)


def online():
    flag.create()
    flag.say(flag.ONLINE)


def state(number):
    """A flag of this state. The states of a stop begin as online."""

    def set_it():
        flag.create()
        flag.say(number)

    return set_it


def no_flag():
    pass


def unreadable():
    with open(flag.path, "wb") as file:
        file.write(b"nothing of this sort")


def then(does, what):
    """What the peer does, after something has happened to the flag."""

    def act():
        what()
        return does

    return act


async def fails(peer):
    async with client_of(peer) as client:
        with pytest.raises(Exception) as raised:
            await client.get_rollout_by_id("ro-1")
        return raised.value


ALL_FLAGS = [no_flag, unreadable, state(flag.STARTING), online, state(flag.STOPPING), state(flag.STOPPED)]


@pytest.mark.parametrize("begin", ALL_FLAGS)
def test_row_2_an_answer_with_the_marker_is_a_shutdown_whatever_the_flag_says(begin, said):
    begin()
    peer = Peer([answer(503, "{}", draining=True)])
    assert isinstance(asyncio.run(fails(peer)), StoreShutdown)
    assert (said(), peer.asked) == ([NOTICE], 1)


@pytest.mark.parametrize("begin", ALL_FLAGS)
@pytest.mark.parametrize(
    "status, draining, level",
    [(404, False, "WARNING"), (404, True, "WARNING"), (503, False, "ERROR"), (500, False, "ERROR"), (500, True, "ERROR")],
)
def test_row_3_any_other_error_is_a_rejection_also_while_stopping(begin, status, draining, level, said):
    begin()
    peer = Peer([answer(status, '{"detail":"there is none"}', draining=draining)])
    error = asyncio.run(fails(peer))
    assert isinstance(error, StoreRejected) and "there is none" in str(error)
    assert (said(), peer.asked) == ([(level, "request rejected")], 1)


@pytest.mark.parametrize("begin", ALL_FLAGS)
@pytest.mark.parametrize("bytes_", [GARBAGE, answer(200, "{not JSON")])
def test_row_4_what_is_malformed_is_never_a_shutdown(begin, bytes_, said):
    begin()
    peer = Peer([bytes_])
    assert isinstance(asyncio.run(fails(peer)), StoreTransport)
    assert (said(), peer.asked) == ([TRANSPORT], 1)


@pytest.mark.parametrize("broken", ["close", (answer(200, '{"rollout_id"')[:-4],)])
@pytest.mark.parametrize("later", [flag.STARTING, flag.ONLINE])
def test_row_5_another_server_is_asked_with_a_new_budget(later, broken, said):
    online()
    # Three failures use up the budget of two retries; the new server has one of its own.
    script = ["close", "close", then(broken, state(later)), "close", "close", answer(200, "null")]

    async def ask(peer):
        async with client_of(peer) as client:
            return await client.get_rollout_by_id("ro-1")

    peer = Peer(script)
    assert asyncio.run(ask(peer)) is None
    assert (said(LOUD), peer.asked) == ([], 6)


@pytest.mark.parametrize("number", [flag.STOPPING, flag.STOPPED])
def test_row_6_a_disconnect_during_a_planned_stop_is_a_shutdown(number, said):
    online()
    peer = Peer([then("close", lambda: flag.say(number))])
    assert isinstance(asyncio.run(fails(peer)), StoreShutdown)
    assert (said(), peer.asked) == ([NOTICE], 1)


def test_row_6_so_is_a_timeout(said):
    online()

    async def ask(peer):
        async with client_of(peer, request_timeout=0.1) as client:
            with pytest.raises(StoreShutdown):
                await client.get_rollout_by_id("ro-1")

    asyncio.run(ask(Peer([then("silence", lambda: flag.say(flag.STOPPING))])))
    assert said() == [NOTICE]


@pytest.mark.parametrize("number", [flag.STARTING, flag.ONLINE])
def test_rows_7_and_8_a_server_that_should_be_there_is_asked_again_and_then_unreachable(number, said):
    state(number)()
    peer = Peer(["close"])
    assert isinstance(asyncio.run(fails(peer)), StoreUnreachable)
    assert (said(LOUD), peer.asked, peer.probes) == ([UNREACHABLE], 3, 0)
    assert said.tracebacks() == []


@pytest.mark.parametrize("begin", [no_flag, unreadable])
def test_row_9_without_a_flag_an_announcement_or_a_draining_health_is_a_shutdown(begin, said):
    begin()
    peer = Peer(["close"], health=DRAINING)
    assert isinstance(asyncio.run(fails(peer)), StoreShutdown)
    assert (said(LOUD), peer.asked) == ([], 1)

    async def announced(peer):
        async with client_of(peer) as client:
            await client.get_rollout_by_id("ro-1")
            with pytest.raises(StoreShutdown):
                await client.get_rollout_by_id("ro-1")

    peer = Peer([answer(200, "null", draining=True), "close"], health=ONLINE)
    asyncio.run(announced(peer))
    assert (said(LOUD), peer.probes) == ([], 0)


def test_row_9_a_later_answer_takes_an_announcement_back(said):
    async def ask(peer):
        async with client_of(peer) as client:
            await client.get_rollout_by_id("ro-1")
            await client.get_rollout_by_id("ro-1")
            with pytest.raises(StoreUnreachable):
                await client.get_rollout_by_id("ro-1")

    asyncio.run(ask(Peer([answer(200, "null", draining=True), answer(200, "null"), "close"], health=GONE)))
    assert said(LOUD) == [("WARNING", "server is unreachable")]


@pytest.mark.parametrize("begin", [no_flag, unreadable])
def test_row_10_without_a_flag_a_health_that_is_gone_is_one_warning(begin, said):
    begin()
    peer = Peer(["close"], health=GONE)
    assert isinstance(asyncio.run(fails(peer)), StoreUnreachable)
    # aiohttp itself asks once more where a connection that it had kept was closed: at least the whole schedule.
    assert said(LOUD) == [("WARNING", "server is unreachable")] and peer.asked == 1 and peer.probes >= 2


@pytest.mark.parametrize("begin", [no_flag, unreadable])
def test_row_11_without_a_flag_a_health_that_answers_means_again_and_then_a_broken_transport(begin, said):
    begin()
    peer = Peer(["close"], health=ONLINE)
    assert isinstance(asyncio.run(fails(peer)), StoreTransport)
    assert (said(LOUD), peer.asked) == ([TRANSPORT], 3)


def test_a_connection_that_is_refused_is_a_disconnect(said):
    async def ask():
        closed = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = closed.sockets[0].getsockname()[1]
        closed.close()
        await closed.wait_closed()
        async with client_of(Peer([])) as client:
            client.server_address = f"http://127.0.0.1:{port}/v1/agl"
            with pytest.raises(StoreUnreachable):
                await client.get_rollout_by_id("ro-1")

    online()
    asyncio.run(ask())
    assert said(LOUD) == [UNREACHABLE]

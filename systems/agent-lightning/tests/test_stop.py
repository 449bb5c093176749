"""The servers of both fixes when they are told to stop, with connections on real sockets."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn
from agentlightning.store.client_server import LightningStoreServer
from agentlightning.store.memory import InMemoryLightningStore

from drivers.variants import close_after_drain, fixed_server, flag

FIXES = pytest.mark.parametrize("fix", [fixed_server, close_after_drain], ids=["good-fix", "close-after-drain"])
POLL = (
    b"POST /v1/agl/waits/rollouts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%s"
)
HEALTH = b"GET /v1/agl/health HTTP/1.1\r\nhost: x\r\n\r\n"
#: What no stop may take here. A watchdog.
BOUND = 20


@asynccontextmanager
async def server_of(fix, monkeypatch, drain):
    monkeypatch.setattr(fixed_server, "drain", drain)
    monkeypatch.setattr(LightningStoreServer, "__init__", fix.init)
    monkeypatch.setattr(uvicorn.Server, "startup", fix.startup)
    monkeypatch.setattr(uvicorn.Server, "shutdown", fix.shutdown)
    flag.create()
    store = InMemoryLightningStore(thread_safe=True)
    app = LightningStoreServer(store, host="127.0.0.1", port=1).app
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    server.store = store
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    assert flag.read().state == flag.ONLINE
    yield server
    # The store waits for a rollout in a thread, and would go on for ten seconds.
    for rollout in (await store.query_rollouts()).items:
        await store.update_rollout(rollout_id=rollout.rollout_id, status="cancelled")


async def connect(server):
    return await asyncio.open_connection(*server.servers[0].sockets[0].getsockname())


def protocol(server):
    """The server's side of a connection, as uvicorn makes it for one that it has accepted."""
    return server.config.http_protocol_class(
        config=server.config, server_state=server.server_state, app_state=server.lifespan.state
    )


@FIXES
@pytest.mark.parametrize("sent", [b"", b"P", HEALTH[:-2]])
def test_a_connection_that_is_made_known_after_the_stop_began_does_not_hold_it_up(fix, sent, monkeypatch):
    async def run():
        async with server_of(fix, monkeypatch, drain=3600) as server:
            monkeypatch.setattr(close_after_drain, "LONGEST_DRAIN", 3600)
            stop = asyncio.create_task(server.shutdown())
            while flag.read().state != flag.STOPPING:
                await asyncio.sleep(0)
            ours, theirs = socket.socketpair()
            ours.sendall(sent)
            theirs.setblocking(False)
            await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol(server), theirs)
            await asyncio.wait_for(stop, BOUND)
            ours.close()
            assert flag.read().state == flag.STOPPED

    asyncio.run(run())


@FIXES
def test_an_idle_connection_is_closed_at_once(fix, monkeypatch):
    async def run():
        async with server_of(fix, monkeypatch, drain=3600) as server:
            monkeypatch.setattr(close_after_drain, "LONGEST_DRAIN", 3600)
            reader, writer = await connect(server)
            writer.write(HEALTH)
            assert b"200" in await reader.readline()
            await asyncio.wait_for(server.shutdown(), BOUND)
            writer.close()

    asyncio.run(run())


async def polled(server):
    reader, writer = await connect(server)
    rollout = await server.store.enqueue_rollout(input={})
    body = json.dumps({"rollout_ids": [rollout.rollout_id]}).encode()
    writer.write(POLL % (len(body), body))
    while not any(each.cycle is not None for each in server.server_state.connections):
        await asyncio.sleep(0.005)
    return reader, writer


def test_the_good_fix_answers_a_poll_early_with_the_marker(monkeypatch, said):
    async def run():
        async with server_of(fixed_server, monkeypatch, drain=3600) as server:
            reader, writer = await polled(server)
            await asyncio.wait_for(server.shutdown(), BOUND)
            head = (await reader.read()).split(b"\r\n\r\n")[0].lower()
            assert b" 503 " in head and b"x-store-state: draining" in head
            writer.close()

    asyncio.run(run())
    assert ("DEBUG", "long poll answered early") in said()


def test_the_good_fix_notices_that_a_client_is_gone(monkeypatch, said):
    async def run():
        async with server_of(fixed_server, monkeypatch, drain=3600) as server:
            _, writer = await polled(server)
            writer.close()
            while ("DEBUG", "client went away") not in said():
                await asyncio.sleep(0.005)
            await asyncio.wait_for(server.shutdown(), BOUND)

    asyncio.run(run())


def test_the_other_fix_closes_a_poll_without_a_word_when_its_drain_is_over(monkeypatch, caplog):
    async def run():
        async with server_of(close_after_drain, monkeypatch, drain=0.1) as server:
            reader, writer = await polled(server)
            await asyncio.wait_for(server.shutdown(), BOUND)
            try:
                assert await reader.read() == b""
            except ConnectionResetError:
                pass
            writer.close()
            assert not server.force_exit and not server.server_state.tasks

    asyncio.run(run())
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []

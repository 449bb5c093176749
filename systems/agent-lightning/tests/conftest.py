"""What the tests share: a peer that does as it is told, the log, and a flag file of the test's own."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
from agentlightning.store.client_server import LightningStoreClient

# Both are imported before any is installed: each keeps what was there before.
from drivers.variants import close_after_drain, fixed_client, flag, good_fix  # noqa: F401
from drivers.variants.judgement import by_flag_or_health

ANSWER = "HTTP/1.1 {} X\r\ncontent-type: application/json\r\n{}content-length: {}\r\n\r\n{}"


def answer(status=200, body="[]", draining=False):
    """The bytes of an answer."""
    marker = "x-store-state: draining\r\n" if draining else ""
    return ANSWER.format(status, marker, len(body), body).encode()


class Peer:
    """A server of raw bytes. `script` has what becomes of each request in turn, the last one for all that follow: bytes to
    send, in a tuple with the end of the connection after them, `close`, `silence`, or a function that is called first. `health` is the same for questions about the health."""

    def __init__(self, script, health=("close",)):
        self.script, self.health = list(script), list(health)
        self.asked, self.probes, self.gone = 0, 0, asyncio.Event()
        self.arrived = asyncio.Event()

    async def serve(self, reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                if length:
                    await reader.readexactly(int(length[0].split(b":")[1]))
                if b"/health" in head.split(b"\r\n")[0]:
                    self.probes += 1
                    does = self.health[min(self.probes, len(self.health)) - 1]
                else:
                    self.asked += 1
                    does = self.script[min(self.asked, len(self.script)) - 1]
                    self.arrived.set()
                if callable(does):
                    does = does()
                if does == "close":
                    return
                if isinstance(does, tuple):
                    writer.write(*does)
                    return
                if does == "silence":
                    await reader.read()
                    self.gone.set()
                    return
                writer.write(does)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def client_of(peer, **options):
    """The fixed client of a peer."""
    options = {"retry_delays": (0.0, 0.0), "health_retry_delays": (0.0,), "request_timeout": 5.0} | options
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = LightningStoreClient(f"http://127.0.0.1:{port}", **options)
    try:
        yield client
    finally:
        await client.close()
        server.close()


@pytest.fixture(autouse=True)
def the_good_fix(tmp_path):
    """Each test begins with it, and with a flag file that is not there yet."""
    good_fix.install(by_flag_or_health, str(tmp_path / "online"))
    yield
    flag.path = None


@pytest.fixture
def said(caplog):
    """What was said, as pairs of level and the message's beginning."""
    caplog.set_level(logging.DEBUG, logger="agentlightning")

    def records(least=logging.DEBUG):
        return [
            (each.levelname, each.getMessage().split(":")[0])
            for each in caplog.records
            if each.levelno >= least and each.name.startswith("agentlightning")
        ]

    records.tracebacks = lambda: [each for each in caplog.records if each.exc_info]
    return records

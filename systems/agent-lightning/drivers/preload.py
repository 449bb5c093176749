"""Everything that is slow to import, and starts no thread: what a zygote imports once."""

import agentlightning  # noqa: F401
import agentlightning.execution.client_server  # noqa: F401
import agentlightning.runner.agent  # noqa: F401
import agentlightning.store.client_server  # noqa: F401
import agentlightning.store.memory  # noqa: F401
import agentlightning.tracer.dummy  # noqa: F401
import uvicorn  # noqa: F401
import uvicorn.lifespan.on  # noqa: F401
import uvicorn.protocols.http.auto  # noqa: F401
import uvicorn.protocols.http.h11_impl  # noqa: F401
import uvicorn.protocols.websockets.auto  # noqa: F401

from drivers import client, command, runner, server, strategy  # noqa: F401
from drivers.variants import close_after_drain, good_fix  # noqa: F401

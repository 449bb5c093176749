"""The same few records in the format that the word on the command line names."""

import logging
import sys

way = sys.argv[1]
log = logging.getLogger("agl.store")
if way == "default":
    logging.basicConfig(level=logging.DEBUG)
elif way == "timed":
    logging.basicConfig(level=logging.DEBUG, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
elif way == "process":
    logging.basicConfig(level=logging.DEBUG, format="%(asctime)s [%(levelname)s] (Process-%(process)d %(name)s)   %(message)s")
elif way == "rich":
    from rich.logging import RichHandler

    logging.basicConfig(level=logging.DEBUG, format="%(message)s", datefmt="[%X]", handlers=[RichHandler(rich_tracebacks=True)])
elif way == "json":
    from pythonjsonlogger.json import JsonFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])
elif way == "structlog":
    import structlog

    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"),
                                    structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])
    log = structlog.get_logger()
elif way == "uvicorn":
    import threading
    import urllib.request

    import uvicorn

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        if scope["path"] == "/fail":
            raise KeyError("no such rollout")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    server = uvicorn.Server(uvicorn.Config(app, port=0, use_colors=True, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    for path in ("/", "/fail"):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").read()
        except OSError:
            pass
    server.should_exit = True
    thread.join()
    sys.exit()

log.debug("request begun")
log.info("listening on http://127.0.0.1:4444")
log.warning("the queue is full")
try:
    {}["rollout"]
except KeyError:
    log.exception("request failed")
log.info("after")

"""A plain ASGI application under uvicorn that knows nothing of quietdown: a list of items, and a wait for the next one."""

import asyncio
import json
import logging
import sys

import uvicorn

logger = logging.getLogger("uvicorn.error")
items: list[dict] = []


async def body_of(receive):
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
    return None


async def next_item(receive):
    """Waits until there is another item, or its client has gone."""
    seen = len(items)
    gone = asyncio.ensure_future(receive())
    while len(items) == seen and not gone.done():
        await asyncio.sleep(0.02)
    gone.cancel()
    return items[seen:]


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    logger.info("begun %s %s", scope["method"], scope["path"])
    body = await body_of(receive)
    if body is None:
        return
    status, value = 200, items
    match scope["method"], scope["path"]:
        case "POST", "/items":
            items.append({"id": len(items) + 1} | json.loads(body))
            status, value = 201, items[-1]
        case "GET", "/items":
            pass
        case "GET", "/next":
            value = await next_item(receive)
        case _:
            status, value = 404, {"error": "there is no such thing"}
    answer = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), timeout_graceful_shutdown=5, lifespan="off")

"""An ordinary FastAPI service that knows nothing of quietdown: a list of items, and a wait for the next one."""

import asyncio
import logging
import sys

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

logger = logging.getLogger("uvicorn.error")
app = FastAPI()
items: list[dict] = []


class Item(BaseModel):
    name: str


class Begun:
    """Says when a request has begun."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            logger.info("begun %s %s", scope["method"], scope["path"])
        await self.app(scope, receive, send)


app.add_middleware(Begun)


@app.post("/items", status_code=201)
async def put(item: Item):
    items.append({"id": len(items) + 1, "name": item.name})
    return items[-1]


@app.get("/items")
async def all_items():
    return items


@app.get("/items/{number}")
async def one_item(number: int):
    if not 1 <= number <= len(items):
        raise HTTPException(404, "there is no such item")
    return items[number - 1]


@app.get("/next")
async def next_item(request: Request):
    """Waits until there is another item, or its client has gone."""
    seen = len(items)
    while len(items) == seen and not await request.is_disconnected():
        await asyncio.sleep(0.02)
    return items[seen:]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), timeout_graceful_shutdown=5)

"""An ordinary Flask application that knows nothing of quietdown: a list of items, and a wait for the next one."""

import logging
import threading

from flask import Flask, jsonify, request

logger = logging.getLogger("gunicorn.error")
app = Flask("items")
items: list[dict] = []
changed = threading.Condition()


@app.before_request
def begun():
    logger.info("begun %s %s", request.method, request.path)


@app.post("/items")
def put():
    item = request.get_json()
    with changed:
        items.append({"id": len(items) + 1} | item)
        changed.notify_all()
        return jsonify(items[-1]), 201


@app.get("/items")
def all_items():
    return jsonify(items)


@app.get("/next")
def next_item():
    """Waits until there is another item."""
    with changed:
        seen = len(items)
        changed.wait_for(lambda: len(items) > seen, timeout=30)
        return jsonify(items[seen:])

"""One way to end badly per word on the command line."""

import asyncio
import ctypes
import faulthandler
import json
import logging
import sys
import threading
import traceback


def fetch(key):
    return {}[key]


def convert(key):
    try:
        return fetch(key)
    except KeyError as why:
        raise ValueError(f"no such rollout: {key}\nasked for twice") from why


def simple():
    fetch("a")


def cause():
    convert("a")


def context():
    try:
        fetch("a")
    except KeyError:
        None.nothing


def three():
    try:
        convert("a")
    except ValueError:
        raise RuntimeError("gave up")


def group():
    members = []
    for key in ("a", "b"):
        try:
            convert(key)
        except ValueError as why:
            members.append(why)
    raise ExceptionGroup("two calls failed", members)


def notes():
    why = TypeError("bad request")
    why.add_note("the request was POST /v1/x")
    raise why


def logged():
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log = logging.getLogger("agl.client")
    log.warning("before")
    try:
        convert("a")
    except ValueError:
        log.exception("request failed")
    log.warning("between")
    try:
        fetch("b")
    except KeyError:
        log.error("the other said: %s", traceback.format_exc())
    log.warning("after")


def several():
    logging.basicConfig(format="%(levelname)s:%(name)s:%(message)s")
    texts = []
    for key in ("a", "b"):
        try:
            fetch(key)
        except KeyError:
            texts.append(traceback.format_exc())
    logging.error("both failed:\n%s", "\n".join(texts))
    logging.error("done")


def body():
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        convert("a")
    except ValueError:
        answer = json.dumps({"detail": {"error": "internal", "traceback": traceback.format_exc()}})
    logging.error("the server answered 500: %s", answer)
    logging.error("the server answered 500: %r", answer.encode())
    logging.error("the gateway answered 502: %s", json.dumps({"upstream": answer}))


def syntax():
    eval("1 +* 2")


def recursion():
    def down(n):
        return down(n + 1)

    down(0)


def thread():
    worker = threading.Thread(target=fetch, args=("a",), name="worker")
    worker.start()
    worker.join()
    print("the main thread goes on", file=sys.stderr)


def unraisable():
    class Handle:
        def __del__(self):
            raise OSError("cannot close")

    handle = Handle()
    del handle
    print("goes on", file=sys.stderr)


def task():
    async def main():
        asyncio.ensure_future(asyncio.to_thread(fetch, "a"))
        await asyncio.sleep(0.2)

    logging.basicConfig()
    asyncio.run(main())


def interrupt():
    raise KeyboardInterrupt


def segfault():
    faulthandler.enable()
    ctypes.string_at(1)


globals()[sys.argv[1]]()

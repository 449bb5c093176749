"""What a call came to, in the harness's words."""

from __future__ import annotations

import asyncio

import aiohttp


class StoreError(Exception):
    """A failure that a variant of the client has classified and reported already."""

    result = "transport"


class StoreShutdown(StoreError):
    """The server is ending, as planned."""

    result = "shutdown"


class StoreRejected(StoreError):
    """The server answered with an error."""

    result = "rejected"


class StoreUnreachable(StoreError):
    """The server could not be reached for longer than the client's patience."""

    result = "unreachable"


class StoreTransport(StoreError):
    """What came back was not the protocol, or the exchange failed although the server is there."""

    result = "transport"


#: Failures of the connection: refused, reset, closed before or within the answer, timed out.
DISCONNECTS = (
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientConnectorError,
    aiohttp.ClientOSError,
    aiohttp.ClientPayloadError,
    asyncio.TimeoutError,
)


def malformed(error: BaseException) -> bool:
    """Whether what came back was no HTTP, or no JSON. aiohttp tells of malformed HTTP as of an answer with status 400."""
    if isinstance(error, aiohttp.ContentTypeError):
        return True
    if isinstance(error, aiohttp.ClientResponseError):
        return isinstance(error.__cause__, aiohttp.http.HttpProcessingError)
    return isinstance(error, ValueError)


def result_of(error: BaseException) -> str:
    """The result of a call that ended with `error`."""
    if isinstance(error, StoreError):
        return error.result
    if malformed(error):
        return "transport"
    if isinstance(error, aiohttp.ClientResponseError):
        return "rejected"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "transport"
    return "unreachable" if isinstance(error, DISCONNECTS) else "transport"


def text_of(error: BaseException) -> str:
    """One line about `error`."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__

"""The client of the fix: it classifies a failed request in one place, and reports it there, once.

The rows are those of `docs/store.md` ("What the client makes of a failure"). Idempotency keys are not part of this fix.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Optional

import aiohttp
from agentlightning.store.client_server import LightningStoreClient
from agentlightning.types import Attempt, AttemptedRollout, ResourcesUpdate, Rollout

from drivers.results import DISCONNECTS, StoreRejected, StoreShutdown, StoreTransport, StoreUnreachable, malformed, text_of
from drivers.variants import flag
from drivers.variants.judgement import DRAINING, MARKER, Judge, Outcome, by_flag_or_health

logger = logging.getLogger("agentlightning.store.client")

judge: Judge = by_flag_or_health

#: Whether a planned end is worth a line.
notice = True


async def request_json(
    self: Any, method: str, path: str, *, json: Any = None, params: Any = None, retries: bool = True
) -> Any:
    """In place of `LightningStoreClient._request_json`."""
    session = await self._get_session()
    url = f"{self.server_address}/{path.lstrip('/')}"
    began = flag.read()
    pauses = list(self._retry_delays) if retries else []
    while True:
        try:
            async with session.request(method, url, json=json, params=params) as answer:
                value = await _read(self, answer)
            self._in_outage = False
            return value
        except DISCONNECTS as error:
            failure: Exception = error
        except (aiohttp.ClientError, ValueError) as error:
            what = "what came back is malformed" if malformed(error) else "the exchange failed"
            _report(self, logging.ERROR, f"transport failed: {what}: {text_of(error)}")
            raise StoreTransport(text_of(error)) from error
        outcome = await judge(self, session, began)
        if outcome is Outcome.SHUTDOWN:
            _shutdown(failure)
        if outcome is Outcome.GONE:
            _report(self, logging.WARNING, f"server is unreachable: {text_of(failure)}")
            raise StoreUnreachable(text_of(failure)) from failure
        if outcome is Outcome.AFRESH:
            began, pauses = flag.read(), list(self._retry_delays) if retries else []
        elif not pauses:
            if outcome is Outcome.RETRY_OR_TRANSPORT:
                _report(self, logging.ERROR, f"transport failed: {text_of(failure)}")
                raise StoreTransport(text_of(failure)) from failure
            _report(self, logging.ERROR, f"server is unreachable: {text_of(failure)}")
            raise StoreUnreachable(text_of(failure)) from failure
        logger.debug("will retry the request %s %s: %s", method, path, text_of(failure))
        await asyncio.sleep(pauses.pop(0) if pauses and outcome is not Outcome.AFRESH else 0)


async def _read(self: Any, answer: aiohttp.ClientResponse) -> Any:
    self._announced = answer.headers.get(MARKER) == DRAINING
    if answer.status < 400:
        return await answer.json()
    if answer.status == 503 and self._announced:
        _shutdown(None)
    try:
        detail = (await answer.json())["detail"]
    except (ValueError, KeyError, TypeError, aiohttp.ContentTypeError):
        detail = answer.reason
    level = logging.WARNING if answer.status < 500 else logging.ERROR
    _report(self, level, f"request rejected: {answer.status} {detail}")
    raise StoreRejected(f"{answer.status} {detail}")


def _shutdown(cause: Exception | None) -> None:
    if notice:
        logger.debug("server is shutting down")
    raise StoreShutdown("the server is shutting down") from cause


def _report(self: Any, level: int, message: str) -> None:
    """Once per call; once per outage for a caller that calls again by itself."""
    told, self._in_outage = self._in_outage, True
    logger.log(logging.DEBUG if told and self._once_per_outage else level, message)


async def dequeue_batch(self: Any, *, limit: int, worker_id: Optional[str]) -> list[AttemptedRollout]:
    """In place of `_dequeue_batch`, which takes every failure for an empty queue."""
    if limit <= 0:
        return []
    payload = {"limit": limit} | ({} if worker_id is None else {"worker_id": worker_id})
    data = await self._request_json("post", "/queues/rollouts/dequeue", json=payload, retries=False)
    return [AttemptedRollout.model_validate(item) for item in data]


async def get_latest_attempt(self: Any, rollout_id: str) -> Optional[Attempt]:
    """In place of one that logs a traceback and answers None, whatever has failed. So are those that follow."""
    data = await self._request_json("get", f"/rollouts/{rollout_id}/attempts/latest")
    return Attempt.model_validate(data) if data else None


async def get_rollout_by_id(self: Any, rollout_id: str) -> Optional[Rollout]:
    data = await self._request_json("get", f"/rollouts/{rollout_id}")
    if data is None:
        return None
    return (AttemptedRollout if "attempt" in data else Rollout).model_validate(data)


async def get_resources_by_id(self: Any, resources_id: str) -> Optional[ResourcesUpdate]:
    data = await self._request_json("get", f"/resources/{resources_id}")
    return ResourcesUpdate.model_validate(data) if data else None


async def get_latest_resources(self: Any) -> Optional[ResourcesUpdate]:
    data = await self._request_json("get", "/resources/latest")
    return ResourcesUpdate.model_validate(data) if data else None


def install(chosen: Judge, say: bool = True) -> None:
    """Patches the class."""
    global judge, notice
    judge, notice = chosen, say
    client: Any = LightningStoreClient
    client._announced = client._in_outage = client._once_per_outage = False
    client._request_json = request_json
    client._dequeue_batch = dequeue_batch
    for method in (get_latest_attempt, get_rollout_by_id, get_resources_by_id, get_latest_resources):
        setattr(client, method.__name__, method)

"""Operations by the names that scenarios use, made with the real client."""

from __future__ import annotations

from typing import Any, Awaitable, Callable

from agentlightning.store.client_server import LightningStoreClient
from agentlightning.types import EnqueueRolloutRequest, NamedResources, RolloutConfig, Span
from pydantic import BaseModel, TypeAdapter

Arguments = dict[str, Any]
Operation = Callable[[LightningStoreClient, Arguments], Awaitable[Any]]


async def health(client: LightningStoreClient, args: Arguments) -> Any:
    """The client has no operation for it; this is how it probes."""
    return await client._request_json("get", "/health", **args)


async def enqueue_many_rollouts(client: LightningStoreClient, args: Arguments) -> Any:
    requests = [EnqueueRolloutRequest.model_validate(each) for each in args["rollouts"]]
    return await client.enqueue_many_rollouts(requests)


async def add_span(client: LightningStoreClient, args: Arguments) -> Any:
    return await client.add_span(Span.model_validate(args))


def resources(args: Arguments) -> NamedResources:
    return TypeAdapter(NamedResources).validate_python(args["resources"])


async def add_resources(client: LightningStoreClient, args: Arguments) -> Any:
    return await client.add_resources(resources(args))


async def update_resources(client: LightningStoreClient, args: Arguments) -> Any:
    return await client.update_resources(args["resources_id"], resources(args))


SPECIAL: dict[str, Operation] = {
    "health": health,
    "enqueue_many_rollouts": enqueue_many_rollouts,
    "add_span": add_span,
    "add_resources": add_resources,
    "update_resources": update_resources,
}

#: Operations of scenarios, with the client's method where that has another name.
METHODS = {
    name: name
    for name in (
        "enqueue_rollout",
        "start_rollout",
        "dequeue_rollout",
        "wait_for_rollouts",
        "start_attempt",
        "update_attempt",
        "update_rollout",
        "update_worker",
        "query_rollouts",
        "query_attempts",
        "query_spans",
        "query_workers",
        "query_resources",
        "get_latest_attempt",
        "get_latest_resources",
        "get_next_span_sequence_id",
    )
} | {
    "get_rollout": "get_rollout_by_id",
    "get_worker": "get_worker_by_id",
    "get_resources": "get_resources_by_id",
    "get_statistics": "statistics",
}


async def perform(client: LightningStoreClient, name: str, args: Arguments) -> Any:
    """Does it, and gives the answer as JSON can have it."""
    if name in SPECIAL:
        return plain(await SPECIAL[name](client, args))
    if name not in METHODS:
        raise LookupError(f"no operation `{name}`")
    if isinstance(args.get("config"), dict):
        args = args | {"config": RolloutConfig.model_validate(args["config"])}
    return plain(await getattr(client, METHODS[name])(**args))


def plain(value: Any) -> Any:
    """Models as dictionaries, pages as the server has them."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if hasattr(value, "items") and hasattr(value, "total"):
        page = {key: getattr(value, key) for key in ("limit", "offset", "total")}
        return page | {"items": [plain(item) for item in value.items]}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value

"""A demonstration of a fix: a shared flag that the client reads, failures classified in the client, runners told first."""

from __future__ import annotations

from drivers.variants import fixed_client, fixed_runner, fixed_server, fixed_strategy, flag
from drivers.variants.judgement import Judge


def install(judge: Judge, path: str | None) -> None:
    """Patches every class that takes part."""
    flag.path = path
    fixed_client.install(judge)
    fixed_server.install()
    fixed_runner.install()
    fixed_strategy.install()

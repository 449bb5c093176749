"""What is patched in agent-lightning before it runs: nothing, one of two good fixes, or one of two bad ones.

The bad fixes are the first good one with another judgement of disconnects. So what they get wrong is what the judgement is for.
"""

from __future__ import annotations

import os

UNPATCHED = "unpatched"
NAMES = (UNPATCHED, "good-fix", "close-after-drain", "swallow-disconnects", "probe-gone-is-shutdown")

#: The environment variable that names the variant, where the command line names none.
VARIABLE = "QUIETDOWN_VARIANT"

_installed = UNPATCHED


def chosen() -> str:
    """The variant that the environment names. It is that of a zygote's child, and so not looked at when this is imported."""
    return os.environ.get(VARIABLE) or UNPATCHED


def install(name: str, flag: str | None) -> None:
    """Patches this process."""
    global _installed
    if name not in NAMES:
        raise SystemExit(f"unknown variant `{name}`; there are {', '.join(NAMES)}")
    _installed = name
    if name == UNPATCHED:
        return
    if name == "close-after-drain":
        from drivers.variants import close_after_drain

        return close_after_drain.install(flag)
    from drivers.variants import good_fix, judgement

    judge = {
        "good-fix": judgement.by_flag_or_health,
        "swallow-disconnects": judgement.swallow,
        "probe-gone-is-shutdown": judgement.by_probe_alone,
    }
    good_fix.install(judge[name], flag)


def starting() -> None:
    """This process is a server that is starting."""
    if _installed != UNPATCHED:
        from drivers.variants import flag

        flag.create()


def drain(seconds: float) -> None:
    """How long requests in flight may take after a stop. Without a patch there is no bound."""
    if _installed != UNPATCHED:
        from drivers.variants import fixed_server

        fixed_server.drain = seconds

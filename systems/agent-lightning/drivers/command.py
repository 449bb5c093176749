"""The command line of the driver."""

from __future__ import annotations

import argparse
from typing import Sequence

from drivers import variants
from drivers.options import schedule, seconds

#: What the strategy and the client are patient for, if a scenario does not say.
RETRY, PROBE = "100ms,200ms,500ms", "50ms,100ms,200ms"


def main(argv: Sequence[str]) -> int:
    """Runs a role until it ends; gives the exit status."""
    args = parser().parse_args(argv)
    variants.install(args.variant, flag=args.online_flag)
    if args.role == "server":
        from drivers import server

        return server.run(args)
    if args.role == "client":
        from drivers import client

        return client.run(args)
    if args.role == "runner":
        from drivers import runner

        return runner.run(args)
    from drivers import strategy

    return strategy.run(args)


def parser() -> argparse.ArgumentParser:
    """Roles, and what each can be told."""
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--log", default="debug", help="the level of its log")
    every.add_argument("--online-flag", help="the shared flag; read and written by a variant that knows it")
    every.add_argument("--variant", default=variants.chosen(), choices=variants.NAMES, help="what is patched")

    calling = argparse.ArgumentParser(add_help=False)
    calling.add_argument("--url", required=True, help="where the server is")
    calling.add_argument("--request-timeout", type=seconds, default=30.0)
    calling.add_argument("--connect-timeout", type=seconds, default=5.0)
    calling.add_argument("--retry", type=schedule, default=schedule(RETRY), help="pauses before each retry")
    calling.add_argument("--probe", type=schedule, default=schedule(PROBE), help="pauses before each health probe")

    working = argparse.ArgumentParser(add_help=False)
    working.add_argument("--work", type=seconds, default=0.05, help="how long the work on one rollout takes")
    working.add_argument("--heartbeat", type=seconds, default=10.0, help="the time between two heartbeats")
    working.add_argument("--poll", type=seconds, default=0.1, help="the pause after an empty queue")

    top = argparse.ArgumentParser(prog="driver.py")
    roles = top.add_subparsers(dest="role", required=True)
    server = roles.add_parser("server", parents=[every])
    server.add_argument("--port", type=int, required=True)
    server.add_argument("--drain", type=seconds, default=8.0, help="known to a variant only")
    server.add_argument("--boot-on-signal", action="store_true", help="waits for SIGUSR1 before it listens")
    roles.add_parser("client", parents=[every, calling])
    roles.add_parser("runner", parents=[every, calling, working]).add_argument("--worker-id", default="runner")
    strategy = roles.add_parser("strategy", parents=[every, working])
    strategy.add_argument("--port", type=int, required=True)
    strategy.add_argument("--runner-url", required=True, help="where its runners find the server")
    strategy.add_argument("--runners", type=int, default=1)
    strategy.add_argument("--tasks", type=int, default=1)
    strategy.add_argument("--drain", type=seconds, default=8.0, help="known to a variant only")
    return top

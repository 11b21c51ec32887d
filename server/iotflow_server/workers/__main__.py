"""Runs one worker. Its parent alone starts it: python -m iotflow_server.workers NUMBER PORT LIFELINE."""

import iotflow.safe_path  # noqa: F401

# isort: split

import asyncio
import functools
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from iotflow_server.app import running_server
from iotflow_server.process import started
from iotflow_server.runtime_tuning import tune_runtime
from iotflow_server.settings import Settings
from iotflow_server.stopping import asked_to_stop
from iotflow_server.workers.lifeline import Lifeline
from iotflow_server.workers.member import Member


async def work(number: int, port: int, lifeline: int, settings: Settings) -> int:
    """Serve until told to stop, or until the parent is gone: 0."""
    asked = asked_to_stop()
    parent = await Lifeline.of(socket.socket(fileno=lifeline))
    own = settings.model_copy(update={"grpc_port": port})
    async with _set_when_gone(parent, asked), running_server(own, Member(number, settings.workers)):
        tune_runtime()
        parent.say_serving()
        await asked.wait()
    return 0


@asynccontextmanager
async def _set_when_gone(parent: Lifeline, asked: asyncio.Event) -> AsyncIterator[None]:
    async def watch() -> None:
        await parent.gone()
        asked.set()

    watching = asyncio.create_task(watch(), name="parent watch")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        parent.close()


def main() -> int:
    """The exit code: 0 after a stop asked for, 1 where the worker cannot run."""
    number, port, lifeline = map(int, sys.argv[1:])
    return started(functools.partial(work, number, port, lifeline), worker=number)


if __name__ == "__main__":
    sys.exit(main())

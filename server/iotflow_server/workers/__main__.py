"""Runs one worker: python -m iotflow_server.workers NUMBER PORT. Only the parent of the group uses this command."""

import iotflow.safe_path  # noqa: F401

# isort: split

import functools
import sys

from iotflow_server.runtime_tuning import tune_runtime, without_collections

with without_collections():
    from iotflow_server.app import running_server
from iotflow_server.process import run_process
from iotflow_server.settings import Settings
from iotflow_server.supervision.stop_signals import stop_requested
from iotflow_server.workers.member import Member, ready_file


async def work(number: int, port: int, settings: Settings) -> int:
    """Serve until a stop signal, which also comes when the parent ends; the exit code."""
    stop = stop_requested()
    own = settings.model_copy(update={"grpc_port": port})
    async with running_server(own, Member(number, settings.workers)):
        tune_runtime()
        ready_file(settings.data_dir, number).touch()
        await stop.wait()
    return 0


def main() -> int:
    """The exit code: 0 after a stop signal, 1 where the worker cannot run."""
    number, port = map(int, sys.argv[1:])
    return run_process(functools.partial(work, number, port), worker=number)


if __name__ == "__main__":
    sys.exit(main())

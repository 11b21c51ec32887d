"""Runs the server until SIGTERM, SIGINT or SIGHUP: one process, or the parent of several workers."""

import sys

import iotflow.safe_path  # noqa: F401

# isort: split

from iotflow_server.process import run_process, tune_runtime
from iotflow_server.settings import Settings
from iotflow_server.supervision.stop_signals import stop_requested
from iotflow_server.workers.group import run_group


async def run(settings: Settings) -> int:
    """The exit code: 0 after a stop signal."""
    if settings.workers > 1:
        return await run_group(settings)
    # Not at the top: the parent of a group must not import gRPC, which starts threads.
    from iotflow_server.app import running_server

    stop = stop_requested()
    async with running_server(settings):
        tune_runtime()
        await stop.wait()
    return 0


def main() -> int:
    """The exit code: 0 after a stop signal, 1 where the server cannot run."""
    return run_process(run)


if __name__ == "__main__":
    sys.exit(main())

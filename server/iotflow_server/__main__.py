"""Runs the server until SIGTERM, SIGINT or SIGHUP: one process, or the parent of several."""

import sys

import iotflow.safe_path  # noqa: F401

# isort: split

from iotflow_server.process import started
from iotflow_server.runtime_tuning import tune_runtime
from iotflow_server.settings import Settings
from iotflow_server.stopping import asked_to_stop
from iotflow_server.workers.group import Group


async def run(settings: Settings) -> int:
    """The exit code: 0 after a stop asked for."""
    if settings.workers > 1:
        return await Group(settings).run()
    # Not above: the parent of a group needs nothing of it, above all not gRPC's threads.
    from iotflow_server.app import running_server

    asked = asked_to_stop()
    async with running_server(settings):
        tune_runtime()
        await asked.wait()
    return 0


def main() -> int:
    """The exit code: 0 after a stop asked for, 1 where the server cannot run."""
    return started(run)


if __name__ == "__main__":
    sys.exit(main())

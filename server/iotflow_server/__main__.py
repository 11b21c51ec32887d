"""Runs the server until SIGTERM, SIGINT or SIGHUP: one process, or the parent of several workers."""

import sys

import iotflow.safe_path  # noqa: F401

# isort: split

from iotflow_server.data_folder import SERVER_LOCK, FolderInUse, reserved
from iotflow_server.process import CannotStart, run_process
from iotflow_server.runtime_tuning import tune_runtime, without_collections
from iotflow_server.settings import Settings
from iotflow_server.supervision.stop_signals import stop_requested
from iotflow_server.workers.group import run_group


async def run(settings: Settings) -> int:
    """The exit code: 0 after a stop signal."""
    try:
        with reserved(settings.data_dir, SERVER_LOCK):
            return await (run_group(settings) if settings.workers > 1 else _run_alone(settings))
    except FolderInUse as error:
        raise CannotStart(
            f"The data folder {settings.data_dir} is in use by another server (process {error.owner}). "
            "Stop that server, or set IOTFLOW_DATA_DIR to another folder."
        ) from None


async def _run_alone(settings: Settings) -> int:
    # Not at the top: the parent of a group must not import gRPC, which starts threads.
    with without_collections():
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

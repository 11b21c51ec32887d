"""The locks of a data folder: one backup or restore at a time, and no restore beside a running service."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_server.data_folder import SAFEKEEPING_LOCK, SERVER_LOCK, UP_LOCK, FolderInUse, reserved


@contextmanager
def safekeeping(data_dir: Path) -> Iterator[None]:
    """Keep other backups and restores out. Raises CommandError."""
    with ExitStack() as stack:
        try:
            stack.enter_context(reserved(data_dir, SAFEKEEPING_LOCK))
        except FolderInUse as error:
            raise CommandError(
                f"Another backup, restore or reset of {data_dir} is running (process {error.owner}).",
                ExitCode.CONFLICT,
                reason="SAFEKEEPING_RUNS",
            ) from None
        yield


@contextmanager
def stopped_service(data_dir: Path) -> Iterator[None]:
    """Keep the service out as well. Raises CommandError if it runs."""
    with safekeeping(data_dir), ExitStack() as stack:
        try:
            for lock in (UP_LOCK, SERVER_LOCK):
                stack.enter_context(reserved(data_dir, lock))
        except FolderInUse as error:
            raise CommandError(
                f"The service runs on {data_dir} (process {error.owner}). Stop it first, with `iotflow down`.",
                ExitCode.CONFLICT,
                reason="SERVICE_RUNS",
            ) from None
        yield

"""The folder where everything of one installation is kept."""

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from pathlib import Path

from iotflow_cli.console import UsageError

# Where the server reads which parts do not run.
PARTS_DOWN = "parts-down"


def write_down(file: Path, troubles: Sequence[str]) -> None:
    """Replace the file's lines by these; a disk that is full must not end the run."""
    draft = file.with_suffix(".draft")
    with contextlib.suppress(OSError):
        draft.write_text("".join(f"{trouble}\n" for trouble in troubles))
        draft.replace(file)


@contextlib.contextmanager
def taken(folder: Path) -> Iterator[None]:
    """Make the folder where needed, for its owner only, and keep it for one run at a time."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "up.lock").open("a")
    except FileExistsError:
        raise UsageError(f"The data folder {folder} is a file; choose another: --data-dir.") from None
    except OSError as error:
        raise UsageError(f"The data folder {folder} cannot be used: {error.strerror}.") from None
    # The kernel lets go of the lock when the process ends, however it ends.
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"IoTFlow runs on the data folder {folder} already. Stop it, or choose another folder: --data-dir."
            ) from None
        yield

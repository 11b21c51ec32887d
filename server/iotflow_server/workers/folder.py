"""The group's folder in the data folder: one group at a time, and sockets that can be had."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iotflow_server.process import CannotStart
from iotflow_server.workers.member import folder_in, socket_in

# The kernel has a fixed room for a socket's path: 108 bytes on Linux, 104 elsewhere.
LONGEST_SOCKET_PATH = 100


@contextmanager
def taken(data_dir: Path, workers: int) -> Iterator[None]:
    """Make the folder, for its owner only, and keep other groups out. Raises CannotStart, OSError."""
    longest = socket_in(data_dir, workers)
    if len(os.fsencode(longest)) > LONGEST_SOCKET_PATH:
        raise CannotStart(f"{longest} is too long a path for a socket; choose another folder: IOTFLOW_DATA_DIR")
    folder = folder_in(data_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The kernel lets go of the lock when the process ends, however it ends.
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(f"other workers run on {data_dir}; stop them, or set IOTFLOW_DATA_DIR") from None
        yield

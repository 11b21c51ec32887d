"""The data folder, reserved for one process at a time."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from iotflow_server import content_exchange

# The lock files of `iotflow up`, of the server, and of backups and restores.
UP_LOCK, SERVER_LOCK, SAFEKEEPING_LOCK = "up.lock", "server.lock", content_exchange.LOCK


class FolderInUse(Exception):
    """owner: process id and host of the process that has the folder."""

    def __init__(self, folder: Path, owner: str) -> None:
        super().__init__(f"The folder {folder} is in use by process {owner}.")
        self.owner = owner


@contextmanager
def reserved(folder: Path, lock_name: str) -> Iterator[None]:
    """Make the folder, for its owner only, and hold a lock on this file in it. Raises FolderInUse, OSError.

    An interrupted exchange of the content is finished first.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The kernel releases the lock when the process ends, also after SIGKILL.
    with (folder / lock_name).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise FolderInUse(folder, lock.read(200).strip() or "unknown") from None
        lock.truncate(0)
        # The host too: containers that share a folder have process ids of their own.
        lock.write(f"{os.getpid()} on {socket.gethostname()}\n")
        lock.flush()
        if lock_name == SAFEKEEPING_LOCK:
            content_exchange.finish(folder)
        else:
            content_exchange.finish_interrupted(folder)
        yield

"""A folder for each process's journal, held by a lock that ends with the process."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from iotflow_server.telemetry.journal.coordination import file_locks
from iotflow_server.telemetry.journal.coordination.file_locks import sync_folder
from iotflow_server.telemetry.journal.coordination.in_flight import OldestCall, forget, oldest_in
from iotflow_server.telemetry.journal.disk.segments import SUFFIX

_LOCK = "lock"


class Folder:
    """A journal's folder that this process has locked."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def segments(self) -> list[Path]:
        """The segment files, oldest first."""
        return segments_in(self.path)

    def release(self) -> None:
        """Let others have it; the folder goes when there are no segments in it. For whoever holds the root's lock."""
        if not self.segments():
            for path in self.path.iterdir():
                path.unlink()
            self.path.rmdir()
            sync_folder(self.path.parent)
        self.let_go()

    def let_go(self) -> None:
        """Let others have it as it is."""
        os.close(self._lock)


@dataclass(frozen=True, slots=True)
class Others:
    """gone: folders whose processes are, now locked by this one. there: those of processes that run, and what is under way
    in each."""

    gone: list[Folder]
    there: dict[Path, OldestCall]


def create(root: Path) -> Folder:
    """A new folder under root. For whoever holds the root's lock."""
    path = root / secrets.token_hex(8)
    path.mkdir(mode=0o700)
    lock = file_locks.opened(path / _LOCK)
    file_locks.take(lock)
    sync_folder(root)
    return Folder(path, lock)


def others(root: Path, own: set[Path]) -> Others:
    """All folders but those of one's own. For whoever holds the root's lock."""
    found = Others([], {})
    try:
        for path in every(root):
            if path not in own:
                _look(path, found)
    except OSError:
        for folder in found.gone:
            folder.let_go()
        raise
    return found


def there(root: Path, own: set[Path]) -> dict[Path, OldestCall]:
    """The same for who does not hold the root's lock: nobody counts as gone."""
    return {path: oldest_in(path) for path in every(root) if path not in own}


def every(root: Path) -> list[Path]:
    """The folders of all journals, whoever has them."""
    return sorted(path for path in root.iterdir() if path.is_dir())


def segments_in(folder: Path) -> list[Path]:
    """The segment files of any folder, oldest first."""
    return sorted(folder.glob("*" + SUFFIX))


@contextmanager
def locked_root(root: Path, patience: float = 10.0) -> Iterator[None]:
    """Nobody makes, adopts or removes folders meanwhile. Raises locks.Busy."""
    with file_locks.held(root / _LOCK, patience):
        yield


def _look(path: Path, found: Others) -> None:
    lock = file_locks.opened(path / _LOCK)
    if file_locks.take(lock):
        forget(path)
        found.gone.append(Folder(path, lock))
    else:
        os.close(lock)
        found.there[path] = oldest_in(path)

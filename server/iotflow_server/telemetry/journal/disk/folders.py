"""The journal folders, one per process, each locked until its process ends."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from iotflow_server.telemetry.journal.coordination import shared_files
from iotflow_server.telemetry.journal.coordination.in_flight import OldestCall, forget, oldest_in
from iotflow_server.telemetry.journal.coordination.shared_files import sync_folder
from iotflow_server.telemetry.journal.disk.segments import SUFFIX

_LOCK = "lock"


class JournalFolder:
    """A journal folder locked by this process."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def segments(self) -> list[Path]:
        """The segment files, oldest first."""
        return segments_in(self.path)

    def release(self) -> None:
        """Unlock the folder, and remove it if it has no segments. The caller holds the root lock."""
        if not self.segments():
            for path in self.path.iterdir():
                path.unlink()
            self.path.rmdir()
            sync_folder(self.path.parent)
        self.unlock()

    def unlock(self) -> None:
        """Unlock the folder and keep it."""
        os.close(self._lock)


@dataclass(frozen=True, slots=True)
class OtherFolders:
    """abandoned: folders of ended processes, now locked by this one. in_use: folders of running processes, with their calls in
    progress."""

    abandoned: list[JournalFolder]
    in_use: dict[Path, OldestCall]


def create(root: Path) -> JournalFolder:
    """Create a folder under root. The caller holds the root lock."""
    path = root / secrets.token_hex(8)
    path.mkdir(mode=0o700)
    lock = shared_files.open_lock_file(path / _LOCK)
    shared_files.try_lock(lock)
    sync_folder(root)
    return JournalFolder(path, lock)


def other_folders(root: Path, own: set[Path]) -> OtherFolders:
    """All folders except own. The caller holds the root lock."""
    found = OtherFolders([], {})
    try:
        for path in all_folders(root):
            if path not in own:
                _inspect(path, found)
    except OSError:
        for folder in found.abandoned:
            folder.unlock()
        raise
    return found


def in_use(root: Path, own: set[Path]) -> dict[Path, OldestCall]:
    """All folders except own, as in use, for a caller without the root lock."""
    return {path: oldest_in(path) for path in all_folders(root) if path not in own}


def all_folders(root: Path) -> list[Path]:
    """The folders of all journals."""
    return sorted(path for path in root.iterdir() if path.is_dir())


def segments_in(folder: Path) -> list[Path]:
    """The segment files of any folder, oldest first."""
    return sorted(folder.glob("*" + SUFFIX))


@contextmanager
def locked_root(root: Path, patience: float = 10.0) -> Iterator[None]:
    """Hold the root lock: no other process creates, adopts or removes folders. Raises LockTimeout."""
    with shared_files.locked(root / _LOCK, patience):
        yield


def _inspect(path: Path, found: OtherFolders) -> None:
    lock = shared_files.open_lock_file(path / _LOCK)
    if shared_files.try_lock(lock):
        forget(path)
        found.abandoned.append(JournalFolder(path, lock))
    else:
        os.close(lock)
        found.in_use[path] = oldest_in(path)

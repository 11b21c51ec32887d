"""Exchange of the content of a data folder for another one, all or nothing.

The new content is prepared in a folder inside the data folder. One rename decides the exchange. The files are moved after
that; if the process ends meanwhile, the next one that reserves the folder moves the rest.
"""

import fcntl
import os
import shutil
from pathlib import Path

LOCK = "safekeeping.lock"
STAGE = "restore"
# The content: whatever else is in the folder (logs, sockets, an IoTDB for trials) belongs to this machine and stays.
CONTENT = (
    *(f"{database}{suffix}" for database in ("registry.db", "telemetry.db") for suffix in ("", "-wal", "-shm")),
    "journal",
    "admin-token",
    "gateway-token",
    "key-secret",
    "server-id",
    "mosquitto",
)
# The new content, and the state of the exchange: a file that names the folder for the earlier content.
_NEW, _DECIDED, _MOVED = "new", "decided", "moved"


def has_content(folder: Path) -> bool:
    """Whether the folder has content that an exchange would replace."""
    return any((folder / name).exists() for name in CONTENT)


def prepared(folder: Path) -> Path:
    """An empty folder for the new content. The caller holds the lock."""
    finish(folder)
    new = folder / STAGE / _NEW
    new.mkdir(mode=0o700, parents=True)
    return new


def discard(folder: Path) -> None:
    """Remove the new content, unless its exchange is decided. The caller holds the lock."""
    stage = folder / STAGE
    if not (stage / _DECIDED).exists() and not (stage / _MOVED).exists():
        shutil.rmtree(stage, ignore_errors=True)


def exchange(folder: Path, aside: str) -> None:
    """Move the content into the folder `aside` of the data folder, and the new content, whose files are on the disk, into
    its place. The caller holds the lock, and no process uses the content."""
    stage = folder / STAGE
    draft = stage / f"{_DECIDED}.draft"
    with draft.open("w") as file:
        file.write(aside)
        file.flush()
        os.fsync(file.fileno())
    _sync(stage / _NEW)
    _rename(draft, stage / _DECIDED)
    _sync(folder)
    finish(folder)


def finish_interrupted(folder: Path) -> None:
    """As finish, for a caller without the lock. Waits for a process that is at it."""
    if not (folder / STAGE).exists():
        return
    with (folder / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finish(folder)


def finish(folder: Path) -> None:
    """Finish a decided exchange whose process ended, and discard an undecided one. The caller holds the lock."""
    stage = folder / STAGE
    if (stage / _DECIDED).exists():
        _move_aside(folder, folder / (stage / _DECIDED).read_text())
        # From here on the content of the folder is the new one.
        _rename(stage / _DECIDED, stage / _MOVED)
    if (stage / _MOVED).exists():
        _move_in(stage / _NEW, folder)
        # Only the marks are left; the first one to be removed is the state.
        (stage / _MOVED).unlink()
    shutil.rmtree(stage, ignore_errors=True)


def _move_aside(folder: Path, aside: Path) -> None:
    for name in CONTENT:
        if (folder / name).exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            (folder / name).replace(aside / name)
    if aside.exists():
        _sync(aside)
    _sync(folder)


def _move_in(new: Path, folder: Path) -> None:
    for path in sorted(new.iterdir()) if new.exists() else ():
        path.replace(folder / path.name)
    _sync(folder)


def _rename(path: Path, target: Path) -> None:
    path.replace(target)
    _sync(target.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

"""Files and folders that only their owner can read."""

import errno
import os
from pathlib import Path

# Some file systems cannot synchronize a folder.
_UNSUPPORTED = frozenset({errno.EINVAL, errno.EOPNOTSUPP})


def make_private_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, each with mode 0700. Raises OSError."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file, which is made with mode 0600 where it is missing, and not through a symbolic link. Raises OSError.

    flags: of os.open().
    """
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Replace a file, with mode 0600. A crash leaves the old or the new content. Raises OSError."""
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(open_private(draft, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

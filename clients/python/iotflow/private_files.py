"""Files and folders that only their owner can read."""

import os
from pathlib import Path


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


def write_private(path: Path, text: str) -> None:
    """Replace a file, with mode 0600. A crash leaves the old or the new content. Raises OSError."""
    make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with open(open_private(draft, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

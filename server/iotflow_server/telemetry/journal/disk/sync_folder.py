"""What makes changes of folders durable."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make what was created in and removed from a folder durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

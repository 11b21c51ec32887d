"""The place of one process in a group of workers."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Member:
    """number: from 1 to `of`, the size of the group; a process that replaces another has the same number."""

    number: int
    of: int

    @property
    def alone(self) -> bool:
        """Whether the group has no other process."""
        return self.of == 1


ALONE = Member(1, 1)


def group_folder(data_dir: Path) -> Path:
    """The folder of the group's files."""
    return data_dir / "workers"


def socket_in(data_dir: Path, number: int) -> Path:
    """The Unix socket of one worker. On the common port the kernel chooses the worker for each connection."""
    return group_folder(data_dir) / f"{number}.sock"


def ready_file(data_dir: Path, number: int) -> Path:
    """The file that a worker makes when it serves."""
    return group_folder(data_dir) / f"{number}.ready"

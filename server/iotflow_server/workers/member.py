"""Which process of a group this is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Member:
    """number: 1 to `of`, the size of the group; a process that is started in a dead one's place has its number."""

    number: int
    of: int

    @property
    def alone(self) -> bool:
        """Whether there are no others."""
        return self.of == 1


ALONE = Member(1, 1)


def folder_in(data_dir: Path) -> Path:
    """Where the group keeps what is its own."""
    return data_dir / "workers"


def socket_in(data_dir: Path, number: int) -> Path:
    """The Unix socket of one process: on the common port the system chooses which of them has a connection."""
    return folder_in(data_dir) / f"{number}.sock"

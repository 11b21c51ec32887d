"""Where the writers of all formats write to."""

import io
from typing import Any

# Small enough for every hop to pass on while more is written, large enough that a message's cost does not count.
PIECE_BYTES = 256 * 1024


class Pieces(io.RawIOBase):
    """A file that gives away what was written to it."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self._waiting += view
        return view.nbytes

    def take(self, *, everything: bool = False) -> list[bytes]:
        """What was written since, in pieces of PIECE_BYTES; the last, shorter one stays unless everything is taken."""
        whole = len(self._waiting) if everything else len(self._waiting) // PIECE_BYTES * PIECE_BYTES
        taken = [bytes(self._waiting[at : at + PIECE_BYTES]) for at in range(0, whole, PIECE_BYTES)]
        del self._waiting[:whole]
        return taken

"""The folded names of a segment, and the search for a part of them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

# Every so many names one is tried, to estimate how many contain a text.
SAMPLE_STEP = 128


class NameColumn:
    """names: less than 2^16, by place.

    Arrow examines name by name and leaves each at its first occurrence, which takes some 50 ns for a name without one. Where most
    names have none, it is several times faster to compare all bytes of all names at once.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = pa.array(names, pa.string())
        _, offsets, text = self._names.buffers()
        self._offsets: NDArray[np.int32] = np.frombuffer(offsets, np.int32)[: len(names) + 1]
        self._text: Bytes = np.frombuffer(text or b"", np.uint8)[: self._offsets[-1]]
        self._frequencies = np.bincount(self._text, minlength=256)
        self._sample = names[::SAMPLE_STEP]

    def to_list(self) -> list[str]:
        """The names by place."""
        return [str(name) for name in self._names.to_pylist()]

    def containing(self, part: str) -> Mask:
        """Which names contain this text, which is not empty."""
        if 2 * sum(part in name for name in self._sample) > len(self._sample):
            return np.asarray(pc.match_substring(self._names, part), np.bool_)
        # Bytes suffice: no character of UTF-8 begins within another one.
        wanted = part.encode()
        found = np.zeros(len(self._names), np.bool_)
        if len(wanted) <= len(self._text):
            starts = self._starts(wanted)
            first, last = self._name_at(starts), self._name_at(starts + len(wanted) - 1)
            found[first[first == last]] = True
        return found

    def _starts(self, wanted: bytes) -> Places:
        """Where the bytes occur in the text of all names, also across the end of a name."""
        # The rarest byte first: it excludes the most.
        order = sorted(range(len(wanted)), key=lambda index: self._frequencies[wanted[index]])
        window, many = len(self._text) - len(wanted) + 1, len(self._names) // 4

        def occurs(index: int) -> Mask:
            equal: Mask = self._text[index : index + window] == wanted[index]
            return equal

        found = occurs(order.pop(0))
        while order and np.count_nonzero(found) > many:
            found &= occurs(order.pop(0))
        starts = np.flatnonzero(found)
        for index in order:
            starts = starts[self._text[starts + index] == wanted[index]]
        return starts

    def _name_at(self, places: Places) -> Places:
        """The place of the name to which each byte belongs."""
        return np.searchsorted(self._offsets, places, "right") - 1

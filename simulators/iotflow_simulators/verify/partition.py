"""The readings of a ledger by devices: in a file for every few devices, so that memory does not grow with the ledger."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from iotflow_simulators.ledger.columns import packed, unpacked
from iotflow_simulators.ledger.entries import ReadingEntry, decoded_readings, encoded_readings
from iotflow_simulators.ledger.reader import Ledger

# Readings of one part, about.
PART = 50_000
MOST_PARTS = 200
_BUFFERED = 200_000


class Numbered(NamedTuple):
    """A reading of a ledger with its number."""

    number: int
    entry: ReadingEntry


class Parts:
    """Files in a folder. The device with the index i is in the part i % count."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.count = max(1, min(MOST_PARTS, ledger.readings // PART + 1))
        self._folder = folder
        self._buffers: list[list[ReadingEntry]] = [[] for _ in range(self.count)]
        self._numbers: list[list[int]] = [[] for _ in range(self.count)]
        # Of each part, the lengths of what is in its file: by turns numbers and readings.
        self._lengths: list[list[int]] = [[] for _ in range(self.count)]
        self._fill(ledger)

    def rows(self, part: int) -> Iterator[Numbered]:
        """The readings of a part, in the order of the ledger."""
        if not self._lengths[part]:
            return
        with self._file(part).open("rb") as file:
            for length, following in zip(self._lengths[part][::2], self._lengths[part][1::2], strict=True):
                (numbers,), _ = unpacked(file.read(length), 1)
                yield from map(Numbered, numbers.tolist(), decoded_readings(file.read(following)))

    def _fill(self, ledger: Ledger) -> None:
        number = buffered = 0
        for group in ledger.rows():
            for entry in group:
                part = entry.device % self.count
                self._buffers[part].append(entry)
                self._numbers[part].append(number)
                number += 1
            buffered += len(group)
            if buffered >= _BUFFERED:
                self._write()
                buffered = 0
        self._write()

    def _write(self) -> None:
        for part, entries in enumerate(self._buffers):
            if entries:
                contents = packed(np.array(self._numbers[part], np.int64)), encoded_readings(entries)
                with self._file(part).open("ab") as file:
                    file.writelines(contents)
                self._lengths[part] += map(len, contents)
                self._buffers[part], self._numbers[part] = [], []

    def _file(self, part: int) -> Path:
        return self._folder / f"part-{part}"

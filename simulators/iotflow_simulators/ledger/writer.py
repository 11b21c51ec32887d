"""Writes a ledger in a thread of its own, in groups."""

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import orjson

from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.entries import (
    ACKNOWLEDGED,
    FIRST_REASON,
    DeviceEntry,
    EventEntry,
    Fates,
    Header,
    ReadingEntry,
    Reason,
    encoded_devices,
    encoded_fates,
    encoded_object,
    encoded_readings,
)
from iotflow_simulators.ledger.frames import MAGIC, Kind, framed

# Fates that are written together. Readings come in groups already.
GROUP = 8_192
_WAITING = 256
_Record = tuple[Kind, Any]


class LedgerWriter:
    """Appends to a new file. All methods except add_readings() are for one thread.

    A reading is in the file before it is due: the file of a killed simulator has everything that was sent. Fates may be missing
    then, and count as unknown.
    """

    def __init__(self, path: Path, header: Header, devices: Sequence[DeviceEntry]) -> None:
        self.path = path
        check_new(path)
        self._number = 0
        self._numbers: list[int] = []
        self._codes: list[int] = []
        self._first = 0
        self._reasons: dict[tuple[str, str], int] = {}
        self._problem: OSError | None = None
        # Bounds the memory where the disk is slower than the readings.
        self._queue: Queue[_Record | None] = Queue(_WAITING)
        self._file = self._begun(encoded_object(header), encoded_devices(devices))
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add_readings(self, entries: Sequence[ReadingEntry]) -> None:
        """Write readings, which are numbered from 0 in the order of the ledger. Waits while the disk is behind."""
        if entries:
            self._queue.put((Kind.READINGS, entries))

    def acknowledge(self, number: int) -> None:
        """A reading was acknowledged."""
        self._add(number, ACKNOWLEDGED)

    def refuse(self, number: int, reason: str, measurement: str = "", message: str = "") -> None:
        """A reading, or one value of it, was refused."""
        code = self._reasons.get((reason, measurement))
        if code is None:
            code = self._reasons[reason, measurement] = FIRST_REASON + len(self._reasons)
            self._queue.put((Kind.REASON, encoded_object(Reason(reason, measurement, message))))
        self._add(number, code)

    def event(self, name: str, **data: Any) -> None:
        """Something happened now."""
        self.flush()
        self._queue.put((Kind.EVENT, encoded_object(EventEntry(name, _now(), data))))

    def flush(self) -> None:
        """Hand all fates to the thread. Raises SimulationError where the file cannot be written."""
        self._check()
        self._hand_over()

    def _check(self) -> None:
        if self._problem:
            raise SimulationError(f"{self.path} cannot be written: {self._problem.strerror}.")

    def _hand_over(self) -> None:
        if self._numbers:
            numbers, codes = np.array(self._numbers, np.int64), np.array(self._codes, np.int64)
            self._queue.put((Kind.FATES, Fates(numbers, codes, self._first, _now())))
            self._numbers, self._codes = [], []

    def end(self, readings: int, **data: Any) -> None:
        """The run has ended. readings: those that were due; later ones of the file were not sent."""
        self.flush()
        self._queue.put((Kind.END, orjson.dumps({"readings": readings, **data})))

    def close(self) -> None:
        """Write everything. Raises SimulationError where the file cannot be written."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._queue.put(None)
            self._thread.join()
            try:
                self._file.close()
            except OSError as error:
                self._problem = error
        self._check()

    def _begun(self, header: bytes, devices: bytes) -> BinaryIO:
        """The file with its first records."""
        try:
            with ExitStack() as stack:
                file = stack.enter_context(self.path.open("xb"))
                file.write(MAGIC)
                file.write(self._framed(Kind.HEADER, header))
                file.write(self._framed(Kind.DEVICES, devices))
                file.flush()
                stack.pop_all()
        except OSError as error:
            self._problem = error
            self._check()
        return file

    def _add(self, number: int, code: int) -> None:
        if not self._numbers:
            self._first = _now()
        self._numbers.append(number)
        self._codes.append(code)
        if len(self._numbers) >= GROUP:
            # flush() reports a problem of the file.
            self._hand_over()

    def _run(self) -> None:
        while record := self._queue.get():
            # Without the file, the records are only taken, so that nothing waits for the disk.
            if not self._problem:
                try:
                    self._file.write(self._framed(record[0], _payload(*record)))
                    self._file.flush()
                except OSError as error:
                    self._problem = error

    def _framed(self, kind: Kind, payload: bytes) -> bytes:
        self._number += 1
        return framed(kind, self._number - 1, payload)


def check_new(path: Path) -> None:
    """Raise SimulationError where the file exists."""
    if path.exists():
        raise SimulationError(f"{path} exists. Name another file, or remove it.")


def _payload(kind: Kind, content: Any) -> bytes:
    if kind is Kind.READINGS:
        return encoded_readings(content)
    if kind is Kind.FATES:
        return encoded_fates(content)
    payload: bytes = content
    return payload


def _now() -> int:
    return time.time_ns() // 1_000_000

"""The baseline: IoTDB's own Python client, with tablets made before the measurement."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from iotdb.Session import Session
from iotdb.utils.IoTDBConstants import TSDataType
from iotdb.utils.NumpyTablet import NumpyTablet

from tests.bench.messages import VARIANTS, times, walks


@contextmanager
def session(port: int) -> Iterator[Any]:
    """An open session."""
    opened = Session.init_from_node_urls([f"127.0.0.1:{port}"], zone_id="UTC")
    opened.open()
    try:
        yield opened
    finally:
        opened.close()


class Tablets:
    """Makes tablets with this number of rows and columns of doubles; see messages.Shapes."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows = rows
        self.values = rows * columns
        self._names = [f"m{number}" for number in range(columns)]
        self._types = [TSDataType.DOUBLE] * columns
        # In the byte order of the wire, which avoids a conversion by the client.
        self._variants = [list(walks(rows, columns, seed).astype(">f8")) for seed in range(VARIANTS)]

    def tablet(self, device: str, block: int) -> Any:
        """A block of rows of a device."""
        values = self._variants[block % VARIANTS]
        return NumpyTablet(device, self._names, self._types, values, times(block, self.rows).astype(">i8"))


def one_by_one(port: int, tablets: Sequence[Sequence[Any]]) -> float:
    """Seconds of insert_aligned_tablet, with a session for each sequence."""
    return _seconds(port, tablets, lambda opened, tablet: opened.insert_aligned_tablet(tablet))


def together(port: int, calls: Iterable[Sequence[Any]]) -> float:
    """Seconds of insert_aligned_tablets, with one session."""
    return _seconds(port, [calls], lambda opened, tablets: opened.insert_aligned_tablets(list(tablets)))


def _seconds(port: int, work: Sequence[Iterable[Any]], insert: Any) -> float:
    def run(part: Iterable[Any]) -> None:
        with session(port) as opened:
            for one in part:
                insert(opened, one)

    with ThreadPoolExecutor(len(work)) as threads:
        began = time.perf_counter()
        list(threads.map(run, work))
        return time.perf_counter() - began

"""Appends to the journal against blobs of the same bytes in SQLite, each synced."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.batch_encoding import encode
from iotflow_server.telemetry.journal.journal import Journal
from tests.bench.table import Figure, Line

COLUMNS = 10
# Rows of a batch, concurrent appends, and appends in total.
CASES = ((5, 1, 4000), (5, 16, 16_000), (100, 16, 8000), (1000, 1, 1000), (1000, 4, 2000), (25_000, 1, 100))


def measure(folder: Path) -> Iterator[Line]:
    """A line for each case."""
    for number, (rows, senders, appends) in enumerate(CASES):
        batch = _batch(rows)
        size = len(b"".join(encode([batch])))
        baseline = appends / _sqlite_seconds(folder / f"{number}.db", batch, appends)
        rate = appends / asyncio.run(_journal_seconds(folder / f"{number}", batch, senders, appends))
        what = f"Journal: {size:,} bytes an append, {senders} at a time"
        yield Line(what, _figure(rate, size), _figure(baseline, size, "SQLite"), rate / baseline, None)


def _figure(rate: float, size: int, name: str = "") -> Figure:
    return Figure(rate, "/s", name, f"{rate * size / 1e6:,.0f} MB/s")


def _batch(rows: int) -> Batch:
    values = np.random.default_rng(1).random((COLUMNS, rows))
    columns = (Column(f"m{number}", ValueType.DOUBLE, column) for number, column in enumerate(values))
    return Batch(1, np.arange(rows), tuple(columns))


def _sqlite_seconds(path: Path, batch: Batch, appends: int) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, batches BLOB)")
        start = time.perf_counter()
        for _ in range(appends):
            connection.execute("INSERT INTO entry (batches) VALUES (?)", (b"".join(encode([batch])),))
        return time.perf_counter() - start


async def _journal_seconds(root: Path, batch: Batch, senders: int, appends: int) -> float:
    journal = Journal(root, limit_bytes=2**40, segment_bytes=64 * 2**20)
    await journal.open()

    async def send() -> None:
        for _ in range(appends // senders):
            await journal.append([batch])

    start = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(senders)))
    seconds = time.perf_counter() - start
    await journal.mark_durable(journal.coordinator.now())
    await journal.close()
    return seconds

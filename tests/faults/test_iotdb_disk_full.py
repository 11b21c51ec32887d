"""The disk of IoTDB is full: it reports a flush that did not happen."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest

from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from tests.contract.readings import contents
from tests.faults.caught_up import caught_up
from tests.faults.disk import fill, small_disk
from tests.faults.progress import PATIENCE
from tests.support.iotdb import SHORT_RUN
from tools.iotdb_server import IotdbServer, iotdb_server

ROWS = 40_000
# Long enough to fill the disk before the journal is emptied.
CHECKPOINT_SECONDS = 3.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The disk of IoTDB."""
    with small_disk(tmp_path / "disk", 300) as folder:
        yield folder


@pytest.fixture
def server(disk: Path) -> Iterator[IotdbServer]:
    with iotdb_server(parent=disk, java=SHORT_RUN) as server:
        yield server


async def test_readings_that_iotdb_could_not_write_stay_in_the_journal(
    disk: Path, server: IotdbServer, random: Random, tmp_path: Path
) -> None:
    address = IotdbAddress([f"127.0.0.1:{server.port}"])
    backend = IotdbStore(address)
    store = JournaledWriter(backend, tmp_path / "journals", checkpoint_seconds=CHECKPOINT_SECONDS)
    await store.start()
    await caught_up(store)
    # Random values, which do not compress.
    values = np.array([random.random() for _ in range(ROWS)])
    await store.write([Batch(1, np.arange(ROWS), (Column("m", ValueType.DOUBLE, values),))])
    await asyncio.to_thread(fill, disk / "ballast")
    async with asyncio.timeout(PATIENCE):
        while not store.buffering:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    (disk / "ballast").unlink()
    await asyncio.to_thread(server.stop, signal.SIGKILL)
    await asyncio.to_thread(server.start)
    await caught_up(store)
    assert await contents(backend, 1, Span()) == {("m", time): value for time, value in enumerate(values.tolist())}
    await store.close()

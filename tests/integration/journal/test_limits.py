"""Full journals and disks: only stored readings are acknowledged, and writing resumes when there is space."""

import asyncio
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "iotflow-test", str(folder)], check=True, timeout=30)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True, timeout=30)


def noise(device_id: int, rows: int) -> Batch:
    """16 bytes a row."""
    return Batch(device_id, np.arange(rows), (Column("m", ValueType.DOUBLE, np.ones(rows)),))


async def refused(store: JournaledWriter, batch: Batch) -> Unavailable:
    with pytest.raises(Unavailable) as refusal:
        await store.write([batch])
    return refusal.value


async def test_a_full_journal_refuses_with_a_retry_time(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root, limit_bytes=100_000)
    await store.start()
    backend.away = True
    acknowledged = 0
    while store.journal.bytes < 100_000:
        assert await store.write([noise(acknowledged, 1000)]) == [()]
        acknowledged += 1
    refusal = await refused(store, noise(acknowledged, 1000))
    assert refusal.reason == "JOURNAL_FULL"
    assert refusal.retry_after
    assert store.journal.bytes < 120_000
    with pytest.raises(Unavailable, match="The journal is full"):
        await store.check()
    backend.away = False
    await caught_up(store)
    assert await store.write([noise(acknowledged, 1000)]) == [()]
    for device_id in range(acknowledged + 1):
        assert await backend.count(device_id, Span()) == 1000
    await store.close()


async def test_a_full_disk_refuses_and_keeps_acknowledged_readings(backend: ForgetfulBackend, small_disk: Path) -> None:
    store = journaled(backend, small_disk / "journals")
    await store.start()
    backend.away = True
    acknowledged = []
    refusals = []
    for device_id in range(20):
        try:
            await store.write([noise(device_id, 20_000)])
            acknowledged.append(device_id)
        except Unavailable as refusal:
            refusals.append(refusal)
    assert {refusal.reason for refusal in refusals} == {"JOURNAL_DISK_FULL"}
    assert acknowledged
    backend.away = False
    await caught_up(store)
    assert await store.write([noise(100, 20_000)]) == [()]
    for device_id in [*acknowledged, 100]:
        assert await backend.count(device_id, Span()) == 20_000
    await store.close()


async def test_the_journal_continues_in_the_same_file_when_there_is_space(
    backend: ForgetfulBackend, small_disk: Path
) -> None:
    store = journaled(backend, small_disk / "journals")
    await store.start()
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    assert (await refused(store, noise(2, 100_000))).reason == "JOURNAL_DISK_FULL"
    ballast.unlink()
    await store.write([doubles(1, {2: 2.0})])
    backend.away = False
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 2): 2.0}
    await store.close()


async def test_a_failed_sync_acknowledges_nothing_and_ends_its_file(
    store: JournaledWriter, backend: ForgetfulBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        assert (await refused(store, doubles(1, {2: 2.0}))).reason == "JOURNAL_FAILED"
    await store.write([doubles(1, {3: 3.0})])
    assert len(await asyncio.to_thread(lambda: list(root.glob("*/*.segment")))) == 2
    backend.away = False
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 3): 3.0}


@pytest.mark.parametrize("away", [False, True])
async def test_a_backend_alone_is_not_enough_to_acknowledge(
    store: JournaledWriter, backend: ForgetfulBackend, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    backend.away = away
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        assert (await refused(store, doubles(1, {1: 1.0}))).reason == "JOURNAL_FAILED"
    backend.away = False
    await caught_up(store)
    assert await store.write([doubles(1, {2: 2.0})]) == [()]
    await backend.restart()
    await store.write([doubles(1, {3: 3.0})])
    await caught_up(store)
    assert {("m", 2): 2.0, ("m", 3): 3.0}.items() <= (await contents(backend, 1)).items()

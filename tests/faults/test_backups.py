"""Backups under load, on SQLite and IoTDB: a copy has what was acknowledged at its stamp."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from tests.faults.progress import Progress
from tests.faults.readings import T0
from tests.faults.server import Server, server_process
from tests.faults.service import LoadedServer, Service
from tests.support.safekeeping import iotflow


@dataclass(frozen=True, slots=True)
class Backup:
    """stamp, end: seconds since 1970 UTC."""

    file: Path
    stamp: float
    end: float


async def backed_up(server: Server, telemetry: str, file: Path) -> Backup:
    """A backup of the running server."""
    options = ("--telemetry", telemetry, "--data-dir", server.folder)
    done = (await asyncio.to_thread(iotflow, "--json", "backup", *options, file)).succeeded()
    return Backup(file, datetime.fromisoformat(json.loads(done.output)["stamp"]).timestamp(), time.time())


async def more_of_all(progress: Progress) -> None:
    """Wait for some more batches of the devices."""
    await progress.more(60)


@pytest.fixture
def sqlite_server(tmp_path: Path, random: Random) -> Iterator[LoadedServer]:
    """A running server without IoTDB."""
    with server_process(tmp_path / "data", "sqlite", {}) as server:
        (tmp_path / "data").mkdir()
        server.start()
        yield LoadedServer(server, random)


async def test_a_copy_has_what_sqlite_had_acknowledged_at_its_stamp(
    sqlite_server: LoadedServer, tmp_path: Path
) -> None:
    backups = []
    async with sqlite_server.sending() as fleet:
        fleet.hurry()
        registering = asyncio.create_task(_register_often(sqlite_server))
        for number in range(2):
            await more_of_all(fleet.progress)
            backups.append(await backed_up(sqlite_server.server, "sqlite", tmp_path / str(number)))
        await more_of_all(fleet.progress)
        registering.cancel()
        await asyncio.gather(registering, return_exceptions=True)
    sqlite_server.server.stop()
    for backup in backups:
        folder = backup.file.with_suffix(".data")
        iotflow("restore", "--data-dir", folder, backup.file).succeeded()
        assert _devices_without_row(folder) == set()
        with server_process(folder, "sqlite", {}) as server:
            await asyncio.to_thread(server.start)
            await sqlite_server.compare_copy(server, backup.stamp, backup.end)


async def _register_often(server: LoadedServer) -> None:
    """Register devices that send once, until cancelled."""
    while True:
        async with server.sending(senders=1, writers=0) as fleet:
            await fleet.progress.more(1)


def _devices_without_row(folder: Path) -> set[int]:
    """The devices that have readings but are not in the registry."""
    with closing(sqlite3.connect(folder / "telemetry.db")) as connection:
        sent = {number for (number,) in connection.execute("SELECT DISTINCT device_id FROM series WHERE device_id > 0")}
    with closing(sqlite3.connect(folder / "registry.db")) as connection:
        known = {number for (number,) in connection.execute("SELECT id FROM devices")}
    assert sent
    return sent - known


async def test_a_copy_has_what_iotdb_and_the_journal_had_acknowledged(service: Service, tmp_path: Path) -> None:
    folder = tmp_path.with_name(f"{tmp_path.name}-copy")
    async with service.sending(senders=2, writers=0) as early:
        await early.progress.more(40)
    # The records of these readings are still in the journal: the copy must not restore them.
    await service.delete(service.devices[0], range(T0, T0 + 60_000))
    async with service.sending() as fleet:
        fleet.hurry()
        await fleet.progress.more(150)
        backup = await backed_up(service.server, service.database.url, folder.with_suffix(".backup"))
        await fleet.progress.more(60)
        # SQLite's file of an earlier setting must not be taken for the readings.
        (service.server.folder / "telemetry.db").touch()
        wrong = await asyncio.to_thread(iotflow, "backup", "--data-dir", service.server.folder, folder)
        assert (wrong.code, "stores its readings in IoTDB" in wrong.errors) == (2, True), wrong.errors
    service.server.stop()
    await service.database.empty()
    done = iotflow("restore", "--data-dir", folder, backup.file).succeeded()
    assert "empty IoTDB" in done.output.decode()
    with server_process(folder, service.database.url, {}) as server:
        await asyncio.to_thread(server.start)
        await service.compare_copy(server, backup.stamp, backup.end)

"""Processes that start at once on an empty folder do not disturb each other."""

import asyncio
import multiprocessing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.auth.secret_files import ADMIN_TOKEN, KEY_SECRET, kept_secret
from iotflow_server.auth.tokens import Tokens
from iotflow_server.db.database import Database
from iotflow_server.telemetry.journal.disk.journal_files import JournalFiles
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import batch, stream
from tests.integration.workers.group import workers
from tests.support.postgres import postgres_server

WORKERS = 4
TIMES = 10
PATIENCE = 20.0
_together: Barrier


def _meet(barrier: Barrier) -> None:
    global _together
    _together = barrier


def _prepare(folder: Path) -> tuple[str, str]:
    """The steps of a server with its folder before it serves, in step with all other processes."""
    _together.wait(PATIENCE)
    token, secret = kept_secret(folder, ADMIN_TOKEN), kept_secret(folder, KEY_SECRET)
    _together.wait(PATIENCE)
    journal = JournalFiles(folder / "journal", 2**20)
    journal.open()
    asyncio.run(_open_databases(folder, KeyHasher(secret.encode()), token))
    journal.close()
    return token, secret


async def _open_databases(folder: Path, hasher: KeyHasher, token: str) -> None:
    database, store = Database(f"sqlite:///{folder}/registry.db"), SqliteStore(folder / "telemetry.db")
    await asyncio.to_thread(_together.wait, PATIENCE)
    await database.start()
    await Tokens(database, hasher).ensure_builtin(token)
    await asyncio.to_thread(_together.wait, PATIENCE)
    await store.start()
    await store.set_retention(None, 1_000)
    await store.close()
    await database.close()


def test_missing_files_are_created_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(WORKERS, _meet, [context.Barrier(WORKERS)]) as processes:
        for time in range(TIMES):
            folder = tmp_path / str(time)
            folder.mkdir()
            secrets = processes.map(_prepare, [folder] * WORKERS, chunksize=1)
            assert len(set(secrets)) == 1
            assert {path.name for path in folder.glob(".*")} == set()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_credentials_of_one_process_are_valid_at_all(tmp_path: Path, redis: str, database: str) -> None:
    if database == "sqlite":
        start_and_register(tmp_path, redis, "")
    else:
        with postgres_server() as server:
            start_and_register(tmp_path, redis, server.url())


def start_and_register(folder: Path, redis: str, database_url: str) -> None:
    with workers(folder, WORKERS, IOTFLOW_REDIS_URL=redis, IOTFLOW_DATABASE_URL=database_url) as group:
        with group.channel_to(1) as channel:
            device = register(DeviceServiceStub(channel), "known to all")
        for number in range(1, WORKERS + 1):
            with group.channel_to(number) as channel:
                assert stream(TelemetryServiceStub(channel), device, [batch(number)])[-1].committed_sequence == number
        assert group.process.terminate() == 0
        assert '"level": "error"' not in group.process.output
        assert len(group.log_lines("worker_ready")) == WORKERS

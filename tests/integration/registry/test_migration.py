"""The database of the older service is recognized at the start, and migrated by `iotflow migrate`."""

import asyncio
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import create_engine, inspect, select, text

from iotflow_cli.console import UsageError
from iotflow_cli.migration import migrate
from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.auth.secret_files import KEY_SECRET, kept_secret
from iotflow_server.db.database import Database
from iotflow_server.db.engines import dialect_url
from iotflow_server.db.legacy_database import OlderDatabase
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, NewDevice
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.devices.registry import Registry
from tests.integration.registry.parts import GRACE
from tests.support import older_service
from tests.support.older_service import MADE, SEEN, key_of
from tests.support.postgres import Postgres
from tests.support.processes import IOTFLOW, running

DEVICES = [
    older_service.device(1),
    older_service.device(2, status="maintenance"),
    older_service.device(3, status="inactive", last_seen=None),
    older_service.device(5, name="ESP32 1"),
    older_service.device(7, name="hall/north+#\u0085"),
    older_service.device(8, name="42"),
    older_service.device(9, status="retired", created_at=None, updated_at=None, last_seen=None),
]
NAMES = ["ESP32 1", "ESP32 2", "ESP32 3", "ESP32 1-5", "hall_north___", "device-42", "ESP32 9"]
STATUSES = ["active", "maintenance", "inactive", "active", "active", "active", "inactive"]


@pytest.fixture
def older(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database of the older service, of the same kind as `empty_url`."""
    if kind == "sqlite":
        older = f"sqlite:///{tmp_path}/older 100%.db"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        older = server.create_database()
    older_service.make(older, DEVICES)
    return older


@pytest.fixture
def to(empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a service whose registry is at `empty_url`."""
    monkeypatch.setenv("IOTFLOW_DATABASE_URL", empty_url)
    return tmp_path / "data"


@dataclass(frozen=True)
class Migrated:
    """The registry after the migration."""

    database: Database
    registry: Registry
    keys: DeviceKeys

    async def devices(self) -> list[Device]:
        return await self.registry.get_many([device["id"] for device in DEVICES])

    async def owner(self, key: str) -> int:
        found = await self.keys.find(key)
        assert found is not None
        return found.id


@asynccontextmanager
async def migrated(url: str, folder: Path) -> AsyncIterator[Migrated]:
    """The opened registry, with the secret of its data folder."""
    hasher = KeyHasher(kept_secret(folder, KEY_SECRET).encode())
    database = Database(url)
    registry = Registry(database, hasher)
    await database.start()
    yield Migrated(database, registry, DeviceKeys(database=database, hasher=hasher, registry=registry, grace=GRACE))
    await database.close()


def content(url: str) -> str:
    """The content of the older database: every row of every table, and the hash of its file."""
    engine = create_engine(dialect_url(url))
    with engine.connect() as connection:
        tables = sorted(inspect(connection).get_table_names())
        rows = [connection.execute(text(f"SELECT * FROM {name} ORDER BY id")).all() for name in tables]
    engine.dispose()
    path = Path(url.removeprefix("sqlite:///"))
    beside = sorted(each.name for each in path.parent.glob(f"{path.name}*")) if path.is_file() else []
    return repr((tables, rows, beside, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""))


async def test_devices_are_migrated(older: str, to: Path, empty_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = content(older)
    assert await asyncio.to_thread(migrate, older, to, dry_run=False) == 0
    printed = capsys.readouterr().out
    assert "7 devices added, 0 already existed" in printed
    assert "2 user accounts are not copied" in printed
    assert "device 9: is inactive here, 'retired' before" in printed
    assert "device 5: is named 'ESP32 1-5' here, 'ESP32 1' before" in printed
    assert f"IOTFLOW_DATABASE_URL={empty_url}" in unquote(printed)
    assert content(older) == before
    async with migrated(empty_url, to) as service:
        devices = await service.devices()
        assert [device.id for device in devices] == [device["id"] for device in DEVICES]
        assert [device.name for device in devices] == NAMES
        assert [device.status for device in devices] == STATUSES
        assert [await service.owner(key_of(device.id)) for device in devices] == [device.id for device in devices]
        first, third = devices[0], devices[2]
        assert (first.device_type, first.location, first.description) == ("esp32", "Lab", "")
        assert (first.created_at, first.updated_at, first.last_seen, third.last_seen) == (MADE, MADE, SEEN, None)
        assert first.configuration == {
            "interval": 60, "offset": -0.5, "debug": True, "limits": {"low": 1}, "label": "hall", "broken": "many",
        }  # fmt: skip
        rows = await service.database.read(lambda connection: repr(connection.execute(select(DeviceRow)).all()))
        assert "olderkey" not in rows, "keys are kept as hashes only"
        new, _ = await service.registry.register(NewDevice("registered afterwards"), actor="token:me")
        assert new.id > DEVICES[-1]["id"]


async def test_a_second_run_adds_what_is_new_and_undoes_nothing(
    older: str, to: Path, empty_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(migrate, older, to, dry_run=False) == 0
    async with migrated(empty_url, to) as service:
        key = await service.keys.find(key_of(1))
        assert key is not None
        successor, _ = await service.keys.rotate(key)
        await service.owner(successor)
    engine = create_engine(dialect_url(older))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO devices (id, name, device_type, api_key, status) "
                "VALUES (20, 'new', 'esp32', 'another key of the older service', 'active')"
            )
        )
    engine.dispose()
    assert await asyncio.to_thread(migrate, older, to, dry_run=False) == 0
    assert "1 devices added, 7 already existed" in capsys.readouterr().out
    async with migrated(empty_url, to) as service:
        assert await service.owner(successor) == 1
        assert await service.owner("another key of the older service") == 20


async def test_a_dry_run_changes_nothing(
    older: str, to: Path, empty_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(older)
    assert await asyncio.to_thread(migrate, older, to, dry_run=True) == 0
    assert "7 devices would be added, 0 already existed" in capsys.readouterr().out
    assert content(older) == before
    assert not to.exists()
    database = Database(empty_url)
    assert not await database.exists()
    await database.close()


async def test_ids_of_other_devices_are_not_taken(
    older: str, to: Path, empty_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    to.mkdir()
    async with migrated(empty_url, to) as service:
        await service.registry.register(NewDevice("another device 1"), actor="token:me")
    assert await asyncio.to_thread(migrate, older, to, dry_run=False) == 1
    printed = capsys.readouterr().out
    assert "device 1 ('ESP32 1'): another device has this id here" in printed
    assert "nothing was changed" in printed
    async with migrated(empty_url, to) as service:
        assert [device.name for device in await service.devices()] == ["another device 1"]


async def test_a_server_does_not_start_on_the_older_database(older: str) -> None:
    """It stays unchanged, and the error names the command."""
    before = content(older)
    database = Database(older)
    with pytest.raises(OlderDatabase, match="`iotflow migrate --dry-run`"):
        await database.start()
    await database.close()
    assert content(older) == before


def test_nothing_is_migrated_into_the_older_database_or_out_of_another(
    older: str, to: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="There is no database of the older service"):
        migrate(empty_url, to, dry_run=False)
    monkeypatch.setenv("IOTFLOW_DATABASE_URL", older)
    with pytest.raises(UsageError, match="left as it is"):
        migrate(older, to, dry_run=False)


@pytest.mark.parametrize("place", ["iotflow.db", "instance/iotflow.db"], ids=["", "where Flask keeps it"])
def test_the_older_settings_lead_to_the_migration(tmp_path: Path, place: str) -> None:
    """With the .env of the older service, the server names the command, and serves after it."""
    (tmp_path / place).parent.mkdir(exist_ok=True)
    older_service.make(f"sqlite:///{tmp_path / place}", DEVICES)
    (tmp_path / ".env").write_text("DATABASE_URL=sqlite:///iotflow.db\n")
    env = {"IOTFLOW_GRPC_PORT": "0", "IOTFLOW_DATA_DIR": str(tmp_path / "data")}
    server = [sys.executable, "-P", "-m", "iotflow_server"]
    with running(server, env, cwd=tmp_path) as process:
        assert process.exit_code() == 1
        assert "iotflow migrate" in process.output
        assert "Traceback" not in process.output
        assert "away" not in process.output
    with running([IOTFLOW, "migrate"], env, cwd=tmp_path) as process:
        assert process.exit_code() == 0, process.output
    named = {"IOTFLOW_DATABASE_URL": f"sqlite:///{tmp_path}/data/registry.db"}
    assert named["IOTFLOW_DATABASE_URL"] in process.output
    with running(server, {**env, **named}, cwd=tmp_path) as process:
        process.wait_for_lines(lambda line: '"event": "serving"' in line)
        assert process.terminate() == 0

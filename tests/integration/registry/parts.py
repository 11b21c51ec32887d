"""All parts that use one registry database, with one clock."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from iotflow_server.audit import Audit
from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.auth.tokens import Tokens
from iotflow_server.commands.commands import Commands
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.db.database import Database
from iotflow_server.devices.device import Device, NewDevice
from iotflow_server.devices.imports.imports import DeviceImports
from iotflow_server.devices.keys import DeviceKey, DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.statistics import DeviceStatistics

SECRET = b"for tests"
GRACE = timedelta(hours=1)
# Seconds; longer than the database's own limits for a look-up.
PATIENCE = 15.0


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


class TimedKeys(DeviceKeys):
    """A look-up repeats itself after a concurrent change of the key. One that never ends fails its test."""

    async def find(self, shown: str) -> DeviceKey | None:
        async with asyncio.timeout(PATIENCE):
            return await super().find(shown)


@dataclass(frozen=True)
class Parts:
    database: Database
    clock: Clock
    registry: Registry
    keys: DeviceKeys
    tokens: Tokens
    commands: Commands
    desired: DesiredConfigs
    audit: Audit
    figures: DeviceStatistics
    imports: DeviceImports
    # Devices that were in contact with the process, as DeviceImports sees them.
    used: set[int]

    async def make(self, name: str = "thermometer") -> Device:
        device, _ = await self.registry.register(NewDevice(name), actor="token:me")
        return device


def parts_of(database: Database, clock: Clock) -> Parts:
    hasher = KeyHasher(SECRET)
    registry = Registry(database, hasher, clock=clock)
    used = set[int]()
    return Parts(
        database=database,
        clock=clock,
        registry=registry,
        keys=TimedKeys(database=database, hasher=hasher, registry=registry, grace=GRACE, clock=clock),
        tokens=Tokens(database, hasher, clock),
        commands=Commands(database, clock),
        desired=DesiredConfigs(database, clock),
        audit=Audit(database, clock),
        figures=DeviceStatistics(database, clock),
        imports=DeviceImports(
            database=database, hasher=hasher, registry=registry, was_used=used.__contains__, clock=clock
        ),
        used=used,
    )

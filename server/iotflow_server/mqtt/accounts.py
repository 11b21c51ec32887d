"""Devices as MQTT brokers know them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.rows import among

# Changes that wait for one watcher; beyond that it is given all accounts again.
MOST_CHANGES = 10_000

# In the order of Account's fields.
COLUMNS = (DeviceRow.id, DeviceRow.name, DeviceRow.status, DeviceRow.mqtt_verifier, DeviceRow.previous_key_until)


@dataclass(frozen=True, slots=True)
class Account:
    """verifier: see verifiers.py; None: the device has had its key since before there were any. old_key_until: when the grace of
    its older key ends or ended; None: it has none, or its newest key was never used."""

    device_id: int
    name: str
    status: str
    verifier: str | None
    old_key_until: datetime | None


class AccountSubscription:
    """What has changed since one who watches last asked."""

    def __init__(self) -> None:
        self._changed: set[int] = set()
        self._anything = False
        self._news = asyncio.Event()

    def device(self, device_id: int) -> None:
        """This one was made, changed or removed."""
        self._changed.add(device_id)
        if len(self._changed) > MOST_CHANGES:
            self.anything()
        self._news.set()

    def anything(self) -> None:
        """Nobody knows what was changed."""
        self._changed.clear()
        self._anything = True
        self._news.set()

    async def next(self) -> list[int] | None:
        """The ids of devices that changed, waiting for one; None: any may have."""
        await self._news.wait()
        self._news.clear()
        changed, self._changed = sorted(self._changed), set()
        anything, self._anything = self._anything, False
        return None if anything else changed


class Accounts:
    """Every query may raise Unavailable."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._watchers: set[AccountSubscription] = set()
        registry.on_change(self.changed)
        registry.on_register(self.changed)

    def watch(self) -> AccountSubscription:
        """Hear of all that changes from now on, until unwatch."""
        watcher = AccountSubscription()
        self._watchers.add(watcher)
        return watcher

    def unwatch(self, watcher: AccountSubscription) -> None:
        self._watchers.discard(watcher)

    def changed(self, device_id: int) -> None:
        """In this process or, as others tell, in theirs."""
        for watcher in self._watchers:
            watcher.device(device_id)

    def anything_changed(self) -> None:
        """Others may have changed any of them."""
        for watcher in self._watchers:
            watcher.anything()

    async def page(self, after_id: int, size: int) -> list[Account]:
        """The first `size` with ids above after_id, by id."""
        statement = select(*COLUMNS).where(DeviceRow.id > after_id).order_by(DeviceRow.id).limit(size)
        return await self._database.read(lambda connection: _accounts(connection.execute(statement).all()))

    async def of(self, ids: Sequence[int]) -> list[Account]:
        """Those that exist, by id."""
        statement = select(*COLUMNS).where(among(ids)).order_by(DeviceRow.id)
        return await self._database.read(lambda connection: _accounts(connection.execute(statement).all()))


def _accounts(rows: Sequence[Sequence[Any]]) -> list[Account]:
    return [Account(*row) for row in rows]

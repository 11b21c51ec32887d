"""The accounts under which devices log in to MQTT brokers, and their user names."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from iotflow.contract import LARGEST_DEVICE_ID
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.rows import among

# Changes in the queue of one subscription. Above this number it reports a gap, and all accounts are read again.
MOST_CHANGES = 10_000

# In the order of Account's fields.
COLUMNS = (DeviceRow.id, DeviceRow.name, DeviceRow.status, DeviceRow.mqtt_verifier, DeviceRow.previous_key_until)


@dataclass(frozen=True, slots=True)
class Account:
    """verifier: see mosquitto_verifier; None: the device's key is older than the verifiers. old_key_until: the end of the grace of the
    previous key; None: there is no previous key, or the newest key was never used."""

    device_id: int
    name: str
    status: str
    verifier: str | None
    old_key_until: datetime | None


@dataclass(frozen=True, slots=True)
class ChangedAccounts:
    """ids: of devices that were registered, changed or removed. imported: the range of ids of imported devices."""

    ids: Sequence[int] = ()
    imported: range = range(0)


class AccountSubscription:
    """The changes since the last call of next."""

    def __init__(self) -> None:
        self._changed: set[int] = set()
        self._imported = range(0)
        self._has_gap = False
        self._arrived = asyncio.Event()

    def add(self, device_id: int) -> None:
        """Queue a device that was registered, changed or removed."""
        self._changed.add(device_id)
        if len(self._changed) > MOST_CHANGES:
            self.mark_gap()
        self._arrived.set()

    def add_imported(self, ids: range) -> None:
        """Queue imported devices. The ranges of an import follow each other, and take the place of one."""
        queued = self._imported or ids
        self._imported = range(min(queued.start, ids.start), max(queued.stop, ids.stop))
        self._arrived.set()

    def mark_gap(self) -> None:
        """Replace the queue by a gap: any account may have changed."""
        self._changed.clear()
        self._imported = range(0)
        self._has_gap = True
        self._arrived.set()

    async def next(self) -> ChangedAccounts | None:
        """The changes, after the first one; None: any account may have changed."""
        await self._arrived.wait()
        self._arrived.clear()
        changed, self._changed = sorted(self._changed), set()
        imported, self._imported = self._imported, range(0)
        has_gap, self._has_gap = self._has_gap, False
        return None if has_gap else ChangedAccounts(changed, imported)


class Accounts:
    """Every query may raise Unavailable."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._subscriptions: set[AccountSubscription] = set()
        registry.on_change(self.publish)
        registry.on_register(self.publish)
        registry.on_import(self.publish_imported)

    def subscribe(self) -> AccountSubscription:
        """A subscription to all further changes, until unsubscribe."""
        subscription = AccountSubscription()
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: AccountSubscription) -> None:
        """End the subscription."""
        self._subscriptions.discard(subscription)

    def publish(self, device_id: int) -> None:
        """Publish that this process, or another one, changed the device."""
        for subscription in self._subscriptions:
            subscription.add(device_id)

    def publish_imported(self, ids: range) -> None:
        """Publish that this process, or another one, imported devices in this range of ids."""
        for subscription in self._subscriptions:
            subscription.add_imported(ids)

    def mark_gap(self) -> None:
        """Mark a gap in all subscriptions: changes of other processes may have been lost."""
        for subscription in self._subscriptions:
            subscription.mark_gap()

    async def page(self, after_id: int, size: int, last_id: int = LARGEST_DEVICE_ID) -> list[Account]:
        """The first `size` accounts with ids above after_id up to last_id, by id."""
        is_within = DeviceRow.id.between(after_id + 1, last_id)
        statement = select(*COLUMNS).where(is_within).order_by(DeviceRow.id).limit(size)
        return await self._database.read(lambda connection: _accounts(connection.execute(statement).all()))

    async def of(self, ids: Sequence[int]) -> list[Account]:
        """The accounts that exist, by id."""
        statement = select(*COLUMNS).where(among(ids)).order_by(DeviceRow.id)
        return await self._database.read(lambda connection: _accounts(connection.execute(statement).all()))


def _accounts(rows: Sequence[Sequence[Any]]) -> list[Account]:
    return [Account(*row) for row in rows]


class Usernames:
    """Finds devices by user name, which is the id or the name of a device."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def device(self, username: str) -> Device | None:
        """The device with this id or name, or None."""
        if not (username.isascii() and username.isdigit()):
            return await self._registry.get_by_name(username)
        if int(username) > LARGEST_DEVICE_ID:
            return None
        return next(iter(await self._registry.get_many([int(username)])), None)

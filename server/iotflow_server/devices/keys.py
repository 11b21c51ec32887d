"""Keys of devices: found, rotated, reset. At most two of a device are valid at a time.

A rotation gives the device a successor to its key. Until the successor is first used, the key before it keeps all its
rights: it may rotate again, which replaces the successor, so that lost answers lock nobody out. From the first use on,
the key before may only be used, until its grace ends.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Update, and_, bindparam, case, or_, select, update

from iotflow_server import audit
from iotflow_server.audit import NewEntry
from iotflow_server.auth.hashing import KeyHasher, generate_key
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, device_not_found, utc_now
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.rows import DEVICE_COLUMNS, among, device
from iotflow_server.devices.transactions import remove
from iotflow_server.errors import NotFound, PermissionDenied
from iotflow_server.mqtt.verifiers import mosquitto_verifier

# In the order of KeyPair's fields.
PAIR_COLUMNS = (DeviceRow.status, DeviceRow.key_hash, DeviceRow.previous_key_hash, DeviceRow.previous_key_until)
# Of a device whose newest key has never been used since it was rotated to.
NEVER_USED = and_(DeviceRow.previous_key_hash.is_not(None), DeviceRow.previous_key_until.is_(None))
IS_NEWEST = DeviceRow.key_hash == bindparam("shown")
IS_PREVIOUS = DeviceRow.previous_key_hash == bindparam("shown")
IN_GRACE = or_(DeviceRow.previous_key_until.is_(None), DeviceRow.previous_key_until > bindparam("now"))
HAS_ALL_RIGHTS = or_(IS_NEWEST, and_(IS_PREVIOUS, DeviceRow.previous_key_until.is_(None)))
# Built once: it runs for every key that is not remembered, and takes longer to build than to run.
BY_KEY = select(*DEVICE_COLUMNS, *PAIR_COLUMNS).where(or_(IS_NEWEST, and_(IS_PREVIOUS, IN_GRACE)))


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key that was shown, and whose it is. hash: keyed. until: when its grace ends; None: no end is set."""

    device: Device
    hash: str
    until: datetime | None = None

    @property
    def id(self) -> int:
        """The device's."""
        return self.device.id

    @property
    def actor(self) -> str:
        """The device, as the audit log names it."""
        return f"device:{self.id}"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The keyed hashes of a device's newest key and of the one before. until: see DeviceRow.previous_key_until. status: the
    device's."""

    status: str
    newest: str
    previous: str | None
    until: datetime | None

    def holds(self, key_hash: str) -> bool:
        """Whether it is one of them; a time may be set to the previous one."""
        return key_hash in (self.newest, self.previous)

    def end_of(self, key_hash: str) -> datetime | None:
        """When the grace of this one ends."""
        return self.until if key_hash == self.previous else None


class DeviceKeys:
    """grace: how long a key may be used after its successor was first used. Every method may raise Unavailable."""

    def __init__(
        self,
        *,
        database: Database,
        hasher: KeyHasher,
        registry: Registry,
        grace: timedelta,
        length: int = 32,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._registry = registry
        self._grace = grace
        self._length = length
        self._clock = clock

    async def find(self, shown: str) -> DeviceKey | None:
        """Whose key this is; None: nobody's, or its grace is over. Its first use begins the grace of the key before."""
        key_hash = self._hasher.hash(shown)
        while True:
            values = {"shown": key_hash, "now": self._clock()}
            row = await self._database.read(lambda connection: connection.execute(BY_KEY, values).first())  # noqa: B023
            if row is None:
                return None
            pair = KeyPair(*row[-len(PAIR_COLUMNS) :])
            found = DeviceKey(device(row[: -len(PAIR_COLUMNS)]), key_hash, pair.end_of(key_hash))
            is_first_use = key_hash == pair.newest and pair.previous is not None and pair.until is None
            if not is_first_use or await self._begin_grace(found):
                return found
            # Somebody else has just used it, or replaced it.

    async def rotate(self, key: DeviceKey) -> tuple[str, datetime]:
        """Give its device a successor, told here and never again; returns it and when the key's grace ends if the
        successor is used at once.

        A successor that was never used is void at once, and so is a key older than this one. Raises NotFound,
        PermissionDenied (KEY_REPLACED).
        """
        successor = generate_key(self._length)
        now = self._clock()
        statement = (
            update(DeviceRow)
            .where(DeviceRow.id == key.id, HAS_ALL_RIGHTS)
            .values(previous_key_hash=key.hash, previous_key_until=None, **self._newest(successor, now))
        )
        entry = NewEntry(now, key.actor, "device.rotate_key", key.actor)
        if not await self._changed(key.id, statement, entry, shown=key.hash):
            raise await self._refusal(key.id)
        return successor, now + self._grace

    async def reset(self, device_id: int, grace: timedelta, *, actor: str) -> str:
        """A new key for a device whose own is lost or stolen, told here and never again. Raises NotFound.

        All others are void at once, or with a grace: the one that the device used until now may be used for so long.
        """
        key = generate_key(self._length)
        now = self._clock()
        in_use = case((NEVER_USED, DeviceRow.previous_key_hash), else_=DeviceRow.key_hash)
        statement = (
            update(DeviceRow)
            .where(DeviceRow.id == device_id)
            .values(
                previous_key_hash=in_use if grace else None,
                previous_key_until=now + grace if grace else None,
                **self._newest(key, now),
            )
        )
        details = {"grace_seconds": int(grace.total_seconds())}
        entry = NewEntry(now, actor, "device.reset_key", f"device:{device_id}", details)
        if not await self._changed(device_id, statement, entry):
            raise device_not_found(device_id)
        return key

    async def end_grace(self, key: DeviceKey) -> None:
        """Void the key before this one at once, if there is one. Raises NotFound, PermissionDenied (KEY_REPLACED)."""
        now = self._clock()
        statement = (
            update(DeviceRow)
            .where(DeviceRow.id == key.id, IS_NEWEST)
            .values(previous_key_hash=None, previous_key_until=None, updated_at=now)
        )
        entry = NewEntry(now, key.actor, "device.end_key_grace", key.actor)
        if not await self._changed(key.id, statement, entry, shown=key.hash):
            raise await self._refusal(key.id)

    async def unregister(self, key: DeviceKey) -> Device:
        """Remove the key's device, as Registry.delete. Raises NotFound, PermissionDenied (KEY_REPLACED)."""
        now = self._clock()

        def removal(connection: Connection) -> Device:
            removed = remove(connection, key.id, HAS_ALL_RIGHTS, shown=key.hash)
            details = {"name": removed.name}
            audit.add(connection, NewEntry(now, key.actor, "device.unregister", key.actor, details))
            return removed

        try:
            return await self._registry.remove(key.id, removal)
        except NotFound:
            raise await self._refusal(key.id) from None

    async def pairs(self, ids: Sequence[int]) -> dict[int, KeyPair]:
        """Of those devices that exist, by id."""
        statement = select(DeviceRow.id, *PAIR_COLUMNS).where(among(ids))
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return {row[0]: KeyPair(*row[1:]) for row in rows}

    async def _begin_grace(self, key: DeviceKey) -> bool:
        """Whether this was the first use."""
        statement = (
            update(DeviceRow)
            .where(DeviceRow.id == key.id, IS_NEWEST, NEVER_USED)
            .values(previous_key_until=self._clock() + self._grace)
        )
        return await self._changed(key.id, statement, None, shown=key.hash)

    def _newest(self, key: str, now: datetime) -> dict[str, Any]:
        return {"key_hash": self._hasher.hash(key), "mqtt_verifier": mosquitto_verifier(key), "updated_at": now}

    async def _changed(self, device_id: int, statement: Update, entry: NewEntry | None, **values: str) -> bool:
        """Whether there was something to change; entry: added if there was."""

        def work(connection: Connection) -> bool:
            changed = connection.execute(statement, values).rowcount > 0
            if changed and entry is not None:
                audit.add(connection, entry)
            return changed

        try:
            return await self._database.write(work)
        finally:
            self._registry.changed(device_id)

    async def _refusal(self, device_id: int) -> PermissionDenied:
        """Why nothing of this device was changed. Raises NotFound."""
        await self._registry.get(device_id)
        return key_replaced()


def key_replaced() -> PermissionDenied:
    """What the holder of a key in its grace is told, and of one that was replaced a moment ago."""
    return PermissionDenied(
        "KEY_REPLACED", "This key was replaced; it may be used until its grace ends, but only the new key may do this."
    )

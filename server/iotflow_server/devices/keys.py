"""Keys of devices: look-up, rotation, reset. At most two keys of a device are valid at a time.

A rotation creates a successor of the key. Until the successor is first used, the previous key keeps all rights: it may
rotate again, which replaces the successor, so that a lost response does not lock the device out. After the first use of
the successor, the previous key is valid until its grace ends, but may not rotate, end the grace or unregister.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, Update, and_, bindparam, case, or_, select, update

from iotflow.grouped_calls import GroupedCalls
from iotflow.mosquitto_verifier import mosquitto_verifier
from iotflow_server import audit
from iotflow_server.audit import NewEntry
from iotflow_server.auth.credentials import KeyHasher, generate_key
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, device_not_found, utc_now
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.rows import DEVICE_COLUMNS, among, device
from iotflow_server.devices.transactions import remove
from iotflow_server.errors import NotFound, PermissionDenied

# In the order of KeyPair's fields.
PAIR_COLUMNS = (DeviceRow.status, DeviceRow.key_hash, DeviceRow.previous_key_hash, DeviceRow.previous_key_until)
# Keys that are read in one statement.
MOST_AT_ONCE = 100
# The newest key was never used since the rotation.
NEVER_USED = and_(DeviceRow.previous_key_hash.is_not(None), DeviceRow.previous_key_until.is_(None))
IS_NEWEST = DeviceRow.key_hash == bindparam("shown")
IS_PREVIOUS = DeviceRow.previous_key_hash == bindparam("shown")
IN_GRACE = or_(DeviceRow.previous_key_until.is_(None), DeviceRow.previous_key_until > bindparam("now"))
HAS_ALL_RIGHTS = or_(IS_NEWEST, and_(IS_PREVIOUS, DeviceRow.previous_key_until.is_(None)))
# Built once: it runs for every key that is not cached, and takes longer to build than to run.
_SHOWN: BindParameter[str] = bindparam("shown", expanding=True)
BY_KEYS = select(*DEVICE_COLUMNS, *PAIR_COLUMNS).where(
    or_(DeviceRow.key_hash.in_(_SHOWN), and_(DeviceRow.previous_key_hash.in_(_SHOWN), IN_GRACE))
)


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A key that a caller sent, and its device. hash: the keyed hash. until: the end of its grace; None: no end is set."""

    device: Device
    hash: str
    until: datetime | None = None

    @property
    def id(self) -> int:
        """The id of the device."""
        return self.device.id

    @property
    def actor(self) -> str:
        """The name of the device in the audit log."""
        return f"device:{self.id}"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The keyed hashes of a device's newest key and of the previous one. until: see DeviceRow.previous_key_until. status: the
    status of the device."""

    status: str
    newest: str
    previous: str | None
    until: datetime | None

    def holds(self, key_hash: str) -> bool:
        """Whether it is one of the two hashes; the grace of the previous key may have ended."""
        return key_hash in (self.newest, self.previous)

    def valid(self, now: datetime) -> list[str]:
        """The hashes of the keys that are valid."""
        is_in_grace = self.until is None or self.until > now
        return [self.newest, self.previous] if self.previous and is_in_grace else [self.newest]

    def end_of(self, key_hash: str) -> datetime | None:
        """The end of the grace of this key."""
        return self.until if key_hash == self.previous else None


class DeviceKeys:
    """grace: the validity of a key after the first use of its successor. Every method may raise Unavailable."""

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
        self._reads = GroupedCalls(self._read, MOST_AT_ONCE)

    async def find(self, shown: str) -> DeviceKey | None:
        """The key with its device; None: unknown, or its grace has ended. The first use begins the grace of the previous key."""
        key_hash = self._hasher.hash(shown)
        while True:
            row = await self._reads.get(key_hash)
            if row is None:
                return None
            pair = _pair(row)
            found = DeviceKey(device(row[: -len(PAIR_COLUMNS)]), key_hash, pair.end_of(key_hash))
            is_first_use = key_hash == pair.newest and pair.previous is not None and pair.until is None
            if not is_first_use or await self._begin_grace(found):
                return found
            # A concurrent call used or replaced the key.

    async def rotate(self, key: DeviceKey) -> tuple[str, datetime]:
        """Create a successor of the key, and return it with the end of the key's grace if the successor is used at once.

        The successor is returned here only. A previous successor that was never used, and a key older than this one, become
        invalid at once. Raises NotFound, PermissionDenied (KEY_REPLACED).
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
        """Create a new key for a device whose key is lost or stolen; it is returned here only. Raises NotFound.

        All other keys become invalid at once. With a grace, the key that the device used last stays valid for that time.
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
        """Invalidate the previous key at once, if there is one. Raises NotFound, PermissionDenied (KEY_REPLACED)."""
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
        """Remove the device of the key, as Registry.delete. Raises NotFound, PermissionDenied (KEY_REPLACED)."""
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
        """The keys of the devices that exist, by id."""
        statement = select(DeviceRow.id, *PAIR_COLUMNS).where(among(ids))
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return {row[0]: KeyPair(*row[1:]) for row in rows}

    async def _read(self, hashes: Sequence[str]) -> dict[str, Sequence[Any]]:
        """The rows of the devices, by the hash that each was found by."""
        now = self._clock()
        values = {"shown": hashes, "now": now}
        rows = await self._database.read(lambda connection: connection.execute(BY_KEYS, values).all())
        valid = ((row, shown) for row in rows for shown in _pair(row).valid(now))
        return {shown: row for row, shown in valid if shown in hashes}

    async def _begin_grace(self, key: DeviceKey) -> bool:
        """Begin the grace of the previous key. Returns whether this was the first use of the key."""
        statement = (
            update(DeviceRow)
            .where(DeviceRow.id == key.id, IS_NEWEST, NEVER_USED)
            .values(previous_key_until=self._clock() + self._grace)
        )
        return await self._changed(key.id, statement, None, shown=key.hash)

    def _newest(self, key: str, now: datetime) -> dict[str, Any]:
        return {"key_hash": self._hasher.hash(key), "mqtt_verifier": mosquitto_verifier(key), "updated_at": now}

    async def _changed(self, device_id: int, statement: Update, entry: NewEntry | None, **values: str) -> bool:
        """Whether a row was changed; the entry is added only then."""

        def work(connection: Connection) -> bool:
            changed = connection.execute(statement, values).rowcount > 0
            if changed and entry is not None:
                audit.add(connection, entry)
            return changed

        return await self._registry.change(device_id, work)

    async def _refusal(self, device_id: int) -> PermissionDenied:
        """The reason for which nothing was changed. Raises NotFound."""
        await self._registry.get(device_id)
        return key_replaced()


def _pair(row: Sequence[Any]) -> KeyPair:
    return KeyPair(*row[-len(PAIR_COLUMNS) :])


def key_replaced() -> PermissionDenied:
    """The error for a key in its grace, and for a key that was just replaced."""
    return PermissionDenied(
        "KEY_REPLACED", "This key was replaced; it may be used until its grace ends, but only the new key may do this."
    )

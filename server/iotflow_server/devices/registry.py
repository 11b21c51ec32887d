"""Registration, queries, changes and removal of devices."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from iotflow.mosquitto_verifier import mosquitto_verifier
from iotflow.topic_names import level_problem, text_problem, topic_problem
from iotflow.words import DeviceStatus
from iotflow_server.auth.credentials import KeyHasher, generate_key
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices import transactions as steps
from iotflow_server.devices.device import Device, DeviceChanges, DeviceFilter, NewDevice, device_not_found, utc_now
from iotflow_server.devices.index.fleet_index import IndexQuery, Selection
from iotflow_server.devices.index.kept_index import KeptIndex
from iotflow_server.devices.rows import DEVICE_COLUMNS, among, device, devices, matching
from iotflow_server.errors import AlreadyExists, InvalidArgument

T = TypeVar("T")

SHORT_COLUMNS = tuple(column for column in DEVICE_COLUMNS if column is not DeviceRow.configuration)
# Attempts to find a page by the index while other processes change its devices.
INDEX_TRIES = 3
# Built once: they run for many calls, and take longer to build than to run.
BY_ID = select(*DEVICE_COLUMNS).where(DeviceRow.id == bindparam("device"))
BY_NAME = select(*DEVICE_COLUMNS).where(DeviceRow.name == bindparam("name"))


class Registry:
    """Every method may raise Unavailable. Methods with a device id may raise NotFound (DEVICE_NOT_FOUND)."""

    def __init__(
        self,
        database: Database,
        hasher: KeyHasher,
        key_length: int = 32,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._index: KeptIndex | None = None
        self._hasher = hasher
        self._key_length = key_length
        self._clock = clock
        self._listeners: list[Callable[[int], None]] = []
        self._awaited: list[Callable[[int], Awaitable[None]]] = []
        self._removal_listeners: list[Callable[[int], None]] = []
        self._registration_listeners: list[Callable[[int], None]] = []
        self._import_listeners: list[Callable[[range], None]] = []

    def use_index(self, index: KeptIndex) -> None:
        """Find devices of a large fleet by this index, and record all changes in it."""
        self._index = index
        self.on_change(index.mark)
        self.on_register(index.mark)
        self.on_import(index.mark_imported)

    @property
    def is_indexed(self) -> bool:
        """Whether devices are found by the index, which knows the online devices."""
        return self._index is not None and self._index.is_complete

    def on_change(self, listener: Callable[[int], None]) -> None:
        """Call listener with the id of every device that this process changed or may have changed."""
        self._listeners.append(listener)

    def await_on_change(self, listener: Callable[[int], Awaitable[None]]) -> None:
        """Await listener with the id of every device that this process changed, before the change returns to its caller."""
        self._awaited.append(listener)

    def on_gone(self, listener: Callable[[int], None]) -> None:
        """Call listener with the id of every device that this process set inactive or removed."""
        self._removal_listeners.append(listener)

    def on_register(self, listener: Callable[[int], None]) -> None:
        """Call listener with the id of every device that this process registered."""
        self._registration_listeners.append(listener)

    def on_import(self, listener: Callable[[range], None]) -> None:
        """Call listener with the ids of each batch of devices that this process registered; other ids may be between them."""
        self._import_listeners.append(listener)

    async def register(self, new: NewDevice, *, actor: str) -> tuple[Device, str]:
        """Register a device; its key is returned here only. Raises AlreadyExists (NAME_TAKEN), InvalidArgument for a name or
        type that is not allowed in topics."""
        check_texts(new.name, new.device_type)
        key = generate_key(self._key_length)
        now = self._clock()
        values = asdict(new) | {"status": "active", "configuration": {}, "created_at": now, "updated_at": now}
        row = values | {
            "folded_name": new.name.casefold(),
            "key_hash": self._hasher.hash(key),
            "mqtt_verifier": mosquitto_verifier(key),
        }
        try:
            device_id = await self._database.write(lambda connection: steps.register(connection, row, actor))
        except IntegrityError as error:
            raise _name_taken(new.name) from error
        for listener in self._registration_listeners:
            listener(device_id)
        return Device(id=device_id, last_seen=None, **values), key

    async def get(self, device_id: int) -> Device:
        found = await self._first(BY_ID, {"device": device_id})
        if found is None:
            raise device_not_found(device_id)
        return found

    async def get_by_name(self, name: str) -> Device | None:
        return await self._first(BY_NAME, {"name": name})

    async def get_many(self, ids: Sequence[int]) -> list[Device]:
        """The devices that exist, by id."""
        statement = select(*DEVICE_COLUMNS).where(among(ids)).order_by(DeviceRow.id)
        return await self._database.read(lambda connection: devices(connection.execute(statement)))

    async def page(self, wanted: DeviceFilter, after_id: int, size: int) -> tuple[int, list[Device]]:
        """The number of matching devices, and the first `size` of them with ids above after_id, by id."""
        conditions = matching(wanted)
        if self._index is not None and wanted.ids is None:
            query, index = index_query(wanted), self._index
            settled = matching(replace(wanted, online_since=None, offline_since=None))
            found = await self._indexed(lambda: index.search(query, after_id, size), DEVICE_COLUMNS, settled)
            if found is not None:
                return found[0], devices(found[1])
        count = select(func.count()).select_from(DeviceRow).where(*conditions)
        beyond = DeviceRow.id > after_id
        rows = select(*DEVICE_COLUMNS).where(*conditions, beyond).order_by(DeviceRow.id).limit(size)
        return await self._database.read(
            lambda connection: (connection.scalar(count) or 0, devices(connection.execute(rows)))
        )

    async def slice(self, start: int, size: int) -> tuple[int, list[Device]]:
        """The number of devices, and `size` of them by id after the first `start`. They have no configurations, which could be
        very large for so many devices."""
        if self._index is not None:
            index = self._index
            found = await self._indexed(lambda: index.slice(start, size), SHORT_COLUMNS, ())
            if found is not None:
                return found[0], [_short(row) for row in found[1]]
        count = select(func.count()).select_from(DeviceRow)
        rows = select(*SHORT_COLUMNS).order_by(DeviceRow.id).offset(start).limit(size)
        return await self._database.read(
            lambda connection: (connection.scalar(count) or 0, [_short(row) for row in connection.execute(rows)])
        )

    async def _indexed(
        self,
        select_ids: Callable[[], Awaitable[Selection | None]],
        columns: Sequence[InstrumentedAttribute[Any]],
        conditions: Sequence[ColumnElement[bool]],
    ) -> tuple[int, Sequence[Row[Any]]] | None:
        """The number of devices that the index selects, and the rows of the selected ids; None: there is no index."""
        for _ in range(INDEX_TRIES):
            found = await select_ids()
            if found is None or self._index is None:
                return None
            statement = select(*columns).where(among(found.ids), *conditions).order_by(DeviceRow.id)
            rows = await self._database.read(lambda connection: connection.execute(statement).all())  # noqa: B023
            if len(rows) == len(found.ids):
                return found.total, rows
            # Another process changed the missing devices.
            for device_id in {*found.ids}.difference(row.id for row in rows):
                self._index.mark(device_id)
        return None

    async def update(self, device_id: int, changes: DeviceChanges, *, actor: str) -> Device:
        """Raises AlreadyExists (NAME_TAKEN), InvalidArgument for too large a configuration, or a name or type that is not
        allowed in topics."""
        now = self._clock()
        return await self._update(
            device_id,
            changes,
            lambda connection: steps.update_device(connection, device_id, changes, actor, now),
        )

    async def report(self, device_id: int, changes: DeviceChanges) -> Device:
        """As update, for changes that the device reports itself; without an audit entry."""
        now = self._clock()
        return await self._update(
            device_id, changes, lambda connection: steps.report(connection, device_id, changes, now)
        )

    async def set_status(self, device_id: int, status: str, *, actor: str) -> tuple[str, Device]:
        """The previous status, and the device."""
        now = self._clock()
        return await self._update(
            device_id,
            DeviceChanges(status=status),
            lambda connection: steps.set_status(connection, device_id, status, actor, now),
        )

    async def delete(self, device_id: int, *, actor: str, delete_telemetry: bool = False) -> Device:
        """Remove a device with its commands and desired configurations; returns it as it was.

        delete_telemetry: recorded in the audit log: the caller deletes the telemetry afterwards.
        """
        now = self._clock()
        return await self.remove(
            device_id, lambda connection: steps.delete_device(connection, device_id, actor, now, delete_telemetry)
        )

    async def remove(self, device_id: int, removal: Callable[[Connection], Device]) -> Device:
        """Run a transaction that removes a device; see change."""
        return await self.change(device_id, removal, is_gone=True)

    async def change(self, device_id: int, work: Callable[[Connection], T], *, is_gone: bool = False) -> T:
        """Run a transaction that changes a device, and call the listeners. Every change of a device passes through here, except
        imports. is_gone: the device is removed or set inactive."""
        try:
            outcome = await self._database.write(work)
        finally:
            self.changed(device_id)
        for publish in self._removal_listeners if is_gone else ():
            publish(device_id)
        for finish in self._awaited:
            await finish(device_id)
        return outcome

    async def total(self) -> int:
        if self._index is not None:
            found = await self._index.slice(0, 0)
            if found is not None:
                return found.total
        statement = select(func.count()).select_from(DeviceRow)
        return await self._database.read(lambda connection: connection.scalar(statement) or 0)

    async def _update(self, device_id: int, changes: DeviceChanges, step: Callable[[Connection], T]) -> T:
        check_texts(changes.name, changes.device_type)
        try:
            return await self.change(device_id, step, is_gone=changes.status == DeviceStatus.INACTIVE)
        except IntegrityError as error:
            raise _name_taken(changes.name or "") from error

    async def _first(self, statement: Select[Any], values: dict[str, Any]) -> Device | None:
        row = await self._database.read(lambda connection: connection.execute(statement, values).first())
        return None if row is None else device(row)

    def changed(self, device_id: int) -> None:
        """Call the listeners of on_change: this process changed the device, or may have changed it."""
        for listener in self._listeners:
            listener(device_id)

    def imported(self, first: int, last: int) -> None:
        """Call all listeners: this process registered devices with ids from first to last. 0: it registered none."""
        for listener in self._import_listeners if first else ():
            listener(range(first, last + 1))


def index_query(wanted: DeviceFilter) -> IndexQuery:
    """The query of the index for a filter without ids."""
    online = None
    if wanted.online_since is not None or wanted.offline_since is not None:
        online = wanted.online_since is not None
    return IndexQuery(wanted.status, wanted.device_type, wanted.name.casefold(), online)


def _short(row: Row[Any]) -> Device:
    return Device(**row._mapping, configuration={})


def check_texts(name: str | None, device_type: str | None) -> None:
    """Raise InvalidArgument if one of them cannot be part of MQTT topics. None: unchanged."""
    if name is not None and (problem := text_problem(name) or level_problem(name)):
        raise InvalidArgument("name", f"name {problem}.")
    if device_type and (problem := text_problem(device_type) or topic_problem(device_type)):
        raise InvalidArgument("device_type", f"device_type {problem}.")


def _name_taken(name: str) -> AlreadyExists:
    return AlreadyExists("NAME_TAKEN", f"There is a device named {name!r} already.", field="name")

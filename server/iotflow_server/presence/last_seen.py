"""The last contact of each device: recorded in memory at once, written to the database in batches."""

import asyncio
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import structlog
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, or_, update
from sqlalchemy.exc import SQLAlchemyError

from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, utc_now
from iotflow_server.errors import DomainError

# Devices kept in memory after they have been written.
MOST_REMEMBERED = 250_000

log = structlog.get_logger(__name__)

_at = bindparam("at", type_=DeviceRow.last_seen.type)
# Another process may have recorded a later contact.
_is_newer = or_(DeviceRow.last_seen.is_(None), DeviceRow.last_seen < _at)
_write = (
    update(DeviceRow.__table__)  # type: ignore[arg-type]
    .where(DeviceRow.id == bindparam("device"), _is_newer)
    .values(last_seen=_at)
)


@dataclass(frozen=True, slots=True)
class SessionReport:
    """A gateway's report that the device's session began (online) or ended, and its time."""

    device_id: int
    online: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Sightings:
    """Devices in contact at this time or shortly after. device_ids: shape (devices,), int64. sessions: reports of gateways."""

    at: datetime
    device_ids: NDArray[np.int64]
    sessions: tuple[SessionReport, ...] = ()


class LastSeen:
    """flush_interval: seconds between writes. Each write has one row per device, regardless of its number of messages.

    shared: whether changes are collected for other processes, by drain_changes.
    """

    def __init__(
        self,
        database: Database,
        flush_interval: float = 2.0,
        clock: Callable[[], datetime] = utc_now,
        *,
        shared: bool = False,
    ) -> None:
        self._database = database
        self._flush_interval = flush_interval
        self._clock = clock
        self._times: dict[int, datetime] = {}
        self._unwritten: set[int] = set()
        self._changes: set[int] | None = set() if shared else None
        self._listener: Callable[[int, datetime], None] | None = None
        # The listener is not called for these devices.
        self._known: AbstractSet[int] = frozenset()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def on_record(self, listener: Callable[[int, datetime], None], unless: AbstractSet[int]) -> None:
        """Call listener with the id and time of each recorded contact, local or remote, except for these devices."""
        self._listener, self._known = listener, unless

    def record(self, device_id: int, at: datetime | None = None) -> None:
        """Record a contact of the device, now or at an aware time. In memory only."""
        self.record_all([device_id], at)

    def record_all(self, device_ids: Iterable[int], at: datetime | None = None) -> None:
        """Record a contact of each of the devices, now or at an aware time. In memory only."""
        at = at or self._clock()
        times, known, recorded = self._times, self._known, []
        for device_id in device_ids:
            before = times.get(device_id)
            if before is None or before < at:
                times[device_id] = at
                recorded.append(device_id)
                if device_id not in known:
                    self._notify(device_id, at)
        self._unwritten.update(recorded)
        if self._changes is not None:
            self._changes.update(recorded)

    def drain_changes(self) -> Sightings | None:
        """The contacts of this process since the last call; None: there are none."""
        if not self._changes:
            return None
        changes, self._changes = self._changes, set()
        return Sightings(min(map(self._times.__getitem__, changes)), np.fromiter(changes, np.int64, len(changes)))

    def record_remote(self, sightings: Sightings) -> None:
        """Record contacts of another process, which writes them to the database."""
        times = self._times
        for device_id in sightings.device_ids.tolist():
            before = times.get(device_id)
            if before is None or before < sightings.at:
                times[device_id] = sightings.at
                if device_id not in self._known:
                    self._notify(device_id, sightings.at)
        self._forget_surplus()

    def recorded_at(self, device_id: int) -> datetime | None:
        """The last contact in memory; None: its row has the time."""
        return self._times.get(device_id)

    def last_seen(self, device: Device) -> datetime | None:
        """The later of the time in memory and the time in the row."""
        recorded = self._times.get(device.id)
        if recorded is None or device.last_seen is None:
            return recorded or device.last_seen
        return max(recorded, device.last_seen)

    def _notify(self, device_id: int, at: datetime) -> None:
        if self._listener is not None:
            self._listener(device_id, at)

    async def start(self) -> None:
        """Start the writes, which go on until close."""
        self._task = asyncio.create_task(self._write_behind())

    async def close(self) -> None:
        """Write the remaining contacts and stop. Contacts that cannot be written are lost; the log has their number."""
        self._closing.set()
        if self._task is not None:
            await self._task
        await self._try_to_flush()

    async def flush(self) -> None:
        """Write all contacts that are not written yet; after a failure they are kept. Raises Unavailable."""
        if not self._unwritten:
            return
        # Sorted, so that two processes lock the same rows in the same order.
        written = sorted(self._unwritten)
        rows = [{"device": device_id, "at": self._times[device_id]} for device_id in written]
        self._unwritten.clear()
        try:
            await self._database.write(lambda connection: _execute(connection, rows))
        except BaseException:
            self._unwritten.update(written)
            raise
        self._forget_surplus()

    async def _write_behind(self) -> None:
        while not self._closing.is_set():
            try:
                async with asyncio.timeout(self._flush_interval):
                    await self._closing.wait()
            except TimeoutError:
                await self._try_to_flush()

    async def _try_to_flush(self) -> None:
        try:
            await self.flush()
        except (DomainError, SQLAlchemyError) as error:
            log.warning("presence_not_written", devices=len(self._unwritten), error=str(error))
        except Exception:
            # Without the task, no contact would be written.
            log.exception("presence_not_written", devices=len(self._unwritten))

    def _forget_surplus(self) -> None:
        if len(self._times) > MOST_REMEMBERED:
            needed = self._unwritten | (self._changes or set())
            self._times = {device_id: self._times[device_id] for device_id in needed}


def _execute(connection: Connection, rows: list[dict[str, object]]) -> None:
    connection.execute(_write, rows)

"""When devices were last heard: noted in memory at once, written to their rows a little later and together."""

import asyncio
from collections.abc import Callable
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

# Devices remembered beyond their being written.
MOST_REMEMBERED = 250_000

log = structlog.get_logger(__name__)

_at = bindparam("at", type_=DeviceRow.last_seen.type)
# Another process may have heard the device later.
_is_newer = or_(DeviceRow.last_seen.is_(None), DeviceRow.last_seen < _at)
_write = (
    update(DeviceRow.__table__)  # type: ignore[arg-type]
    .where(DeviceRow.id == bindparam("device"), _is_newer)
    .values(last_seen=_at)
)


@dataclass(frozen=True, slots=True)
class SessionReport:
    """A gateway said at this time that the device has a session, or has gone."""

    device_id: int
    online: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Sightings:
    """Devices heard at this time or a little later. device_ids: shape (devices,), int64. said: what gateways said besides."""

    at: datetime
    device_ids: NDArray[np.int64]
    said: tuple[SessionReport, ...] = ()


class LastSeen:
    """flush_interval: seconds between writes. In that time a device costs one row, however often it is heard.

    tells: whether somebody takes the news, to tell other processes.
    """

    def __init__(
        self,
        database: Database,
        flush_interval: float = 2.0,
        clock: Callable[[], datetime] = utc_now,
        *,
        tells: bool = False,
    ) -> None:
        self._database = database
        self._flush_interval = flush_interval
        self._clock = clock
        self._heard: dict[int, datetime] = {}
        self._unwritten: set[int] = set()
        self._news: set[int] | None = set() if tells else None
        self._listener: Callable[[int, datetime], None] | None = None
        # Those about whom the listener need not be told.
        self._known: AbstractSet[int] = frozenset()
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def on_heard(self, listener: Callable[[int, datetime], None], unless: AbstractSet[int]) -> None:
        """Call listener with each device that is heard and when, here or elsewhere, unless it is among these."""
        self._listener, self._known = listener, unless

    def seen(self, device_id: int, at: datetime | None = None) -> None:
        """Note that the device was heard, now or at an aware time. Memory only."""
        at = at or self._clock()
        before = self._heard.get(device_id)
        if before is None or before < at:
            self._heard[device_id] = at
            self._unwritten.add(device_id)
            if self._news is not None:
                self._news.add(device_id)
            if device_id not in self._known:
                self._tell(device_id, at)

    def drain_changes(self) -> Sightings | None:
        """What was heard here since the last call; None: nothing."""
        if not self._news:
            return None
        news, self._news = self._news, set()
        return Sightings(min(map(self._heard.__getitem__, news)), np.fromiter(news, np.int64, len(news)))

    def heard_elsewhere(self, heard: Sightings) -> None:
        """Note what another process heard, which also writes it."""
        noted = self._heard
        for device_id in heard.device_ids.tolist():
            before = noted.get(device_id)
            if before is None or before < heard.at:
                noted[device_id] = heard.at
                if device_id not in self._known:
                    self._tell(device_id, heard.at)
        self._forget_surplus()

    def heard_at(self, device_id: int) -> datetime | None:
        """When it was heard as far as is noted; None: look at its row."""
        return self._heard.get(device_id)

    def last_seen(self, device: Device) -> datetime | None:
        """The newer of what is noted and what the device came with."""
        noted = self._heard.get(device.id)
        if noted is None or device.last_seen is None:
            return noted or device.last_seen
        return max(noted, device.last_seen)

    def _tell(self, device_id: int, at: datetime) -> None:
        if self._listener is not None:
            self._listener(device_id, at)

    async def start(self) -> None:
        """Write from now on, until close."""
        self._task = asyncio.create_task(self._write_behind())

    async def close(self) -> None:
        """Write what is left and stop. What cannot be written is lost with the process, and logged."""
        self._closing.set()
        if self._task is not None:
            await self._task
        await self._try_to_flush()

    async def flush(self) -> None:
        """Write all that is noted and not yet written; what fails stays noted. Raises Unavailable."""
        if not self._unwritten:
            return
        # Sorted, so that two processes lock the same rows in the same order.
        written = sorted(self._unwritten)
        rows = [{"device": device_id, "at": self._heard[device_id]} for device_id in written]
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

    def _forget_surplus(self) -> None:
        if len(self._heard) > MOST_REMEMBERED:
            needed = self._unwritten | (self._news or set())
            self._heard = {device_id: self._heard[device_id] for device_id in needed}


def _execute(connection: Connection, rows: list[dict[str, object]]) -> None:
    connection.execute(_write, rows)

"""The index of a large fleet, kept up to date with the registry."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import Select, func, select

from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.index.fleet_index import FleetIndex, IndexedRow, IndexQuery, Selection
from iotflow_server.devices.rows import among
from iotflow_server.errors import DomainError

# Fleets below this number are filtered by the database itself, in milliseconds.
LARGE_FLEET = 20_000
# Devices that are read at a time.
PIECE = 10_000
# Seconds between two applications of changes, which searches need not wait for, between two checks of the size of the fleet,
# and between two complete readings, if changes of other processes are not published to this one.
APPLY_SECONDS, CHECK_SECONDS, REFRESH_SECONDS = 1.0, 10.0, 60.0
# The longest wait of a search for the first reading of the fleet. Without the index, a large fleet takes the database longer.
PATIENCE_SECONDS = 10.0
# Changes that wait. Above this number the index is read again.
MOST_CHANGES = 200_000

COLUMNS = (DeviceRow.id, DeviceRow.status, DeviceRow.device_type, DeviceRow.folded_name)
ROWS = select(*COLUMNS).order_by(DeviceRow.id)
COUNT = select(func.count()).select_from(DeviceRow)

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


@dataclass(slots=True)
class _Changes:
    """changed: devices that were registered, changed or removed. imported: ranges of ids. online: states by id."""

    changed: set[int] = field(default_factory=set)
    imported: list[range] = field(default_factory=list)
    online: dict[int, bool] = field(default_factory=dict)

    def before(self, later: "_Changes") -> "_Changes":
        """Both; of two states the later one."""
        return _Changes(self.changed | later.changed, [*self.imported, *later.imported], self.online | later.online)


class KeptIndex:
    """Has no index while the fleet is small. Changes of this process are visible at once; those of others, and devices that go
    offline, with a delay.

    online_ids: the devices that are online, as known in this process. refresh: seconds between complete readings; None: the
    index is read again only after mark_all. large: the number of devices from which there is an index.
    """

    def __init__(
        self,
        *,
        database: Database,
        online_ids: Callable[[], AbstractSet[int]],
        refresh: float | None,
        large: int = LARGE_FLEET,
    ) -> None:
        self._database = database
        self._online_ids = online_ids
        self._refresh = refresh
        self._large = large
        self._index: FleetIndex | None = None
        # Changes that the index does not have yet, and those since the beginning of the reading of the next one.
        self._pending = _Changes()
        self._since_reading: _Changes | None = None
        self._applying = asyncio.Lock()
        self._stale = asyncio.Event()
        # Set unless a reading is in progress.
        self._settled = asyncio.Event()
        self._settled.set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Keep the index until close."""
        self._task = asyncio.create_task(self._keep(), name="fleet index")

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    @property
    def is_complete(self) -> bool:
        """Whether there is an index."""
        return self._index is not None

    def mark(self, device_id: int) -> None:
        """Record that a device was registered, changed or removed."""
        for changes in self._recorders():
            changes.changed.add(device_id)
            if len(changes.changed) > MOST_CHANGES:
                self._drop()

    def mark_imported(self, ids: range) -> None:
        """Record that devices in this range of ids were imported."""
        for changes in self._recorders():
            changes.imported.append(ids)

    def mark_online(self, device_id: int, online: bool, _at: datetime) -> None:
        """Record that a device came online or went offline."""
        for changes in self._recorders():
            changes.online[device_id] = online

    def mark_all(self) -> None:
        """Read everything again: other processes may have changed any device."""
        self._stale.set()

    def _recorders(self) -> list[_Changes]:
        pending = [] if self._index is None else [self._pending]
        return pending if self._since_reading is None else [*pending, self._since_reading]

    def _drop(self) -> None:
        self._index, self._pending = None, _Changes()
        if self._since_reading is not None:
            self._since_reading = _Changes()
        self._stale.set()

    async def search(self, query: IndexQuery, after_id: int, size: int) -> Selection | None:
        """See FleetIndex.search; None: there is no index. Raises Unavailable."""
        return await self._ask(lambda index: index.search(query, after_id, size))

    async def slice(self, start: int, size: int) -> Selection | None:
        """See FleetIndex.slice; None: there is no index. Raises Unavailable."""
        return await self._ask(lambda index: index.slice(start, size))

    async def by_status(self) -> dict[str, int] | None:
        """See FleetIndex.by_status; None: there is no index. Raises Unavailable."""
        return await self._ask(FleetIndex.by_status)

    async def by_type(self) -> dict[str, int] | None:
        """See FleetIndex.by_type; None: there is no index. Raises Unavailable."""
        return await self._ask(FleetIndex.by_type)

    async def online(self) -> int | None:
        """See FleetIndex.online; None: there is no index. Raises Unavailable."""
        return await self._ask(FleetIndex.online)

    async def load(self) -> None:
        """Read the whole fleet, if it is large. The former index is used until then. Raises Unavailable."""
        self._stale.clear()
        self._settled.clear()
        self._since_reading = _Changes()
        try:
            if await self._database.read(lambda connection: connection.scalar(COUNT) or 0) < self._large:
                return
            index = FleetIndex()
            last = 0
            while rows := await self._rows(last, PIECE):
                await run_in_compute_thread(index.put, rows)
                last = rows[-1][0]
            await run_in_compute_thread(index.set_online, dict.fromkeys(self._online_ids(), True))
            async with self._applying:
                if not self._stale.is_set():
                    self._index, self._pending = index, self._since_reading
        finally:
            self._since_reading = None
            self._settled.set()

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self.load()
                pause = CHECK_SECONDS if self._index is None else self._refresh or float("inf")
                until = loop.time() + pause
                while not self._stale.is_set() and loop.time() < until:
                    await _set_within(self._stale, min(APPLY_SECONDS, pause))
                    await self._apply()
            except DomainError as refusal:
                log.debug("fleet_index_skipped", reason=refusal.reason)
                await asyncio.sleep(APPLY_SECONDS)
            except Exception:
                # Without the task, the index would not become current again.
                log.exception("fleet_index_failed")
                await asyncio.sleep(CHECK_SECONDS)

    async def _ask(self, question: Callable[[FleetIndex], Result]) -> Result | None:
        if self._index is None:
            await _set_within(self._settled, PATIENCE_SECONDS)
        await self._apply()
        index = self._index
        return None if index is None else await run_in_compute_thread(question, index)

    async def _apply(self) -> None:
        """Apply the recorded changes. Concurrent callers wait for each other, so that each sees the changes before its call."""
        async with self._applying:
            if self._index is None:
                return
            index, changes, self._pending = self._index, self._pending, _Changes()
            try:
                await self._apply_rows(index, sorted(changes.changed), changes.imported)
                if changes.online:
                    await run_in_compute_thread(index.set_online, changes.online)
            except BaseException:
                self._pending = changes.before(self._pending)
                raise

    async def _apply_rows(self, index: FleetIndex, changed: Sequence[int], imported: Iterable[range]) -> None:
        for first in range(0, len(changed), PIECE):
            ids = changed[first : first + PIECE]
            rows = await self._read(select(*COLUMNS).where(among(ids)))
            await run_in_compute_thread(index.put, rows)
            await run_in_compute_thread(index.remove, set(ids) - {row[0] for row in rows})
        for ids in imported:
            last = ids.start - 1
            while rows := await self._rows(last, PIECE, ids.stop - 1):
                await run_in_compute_thread(index.put, rows)
                last = rows[-1][0]

    async def _rows(self, after_id: int, size: int, last_id: int | None = None) -> Sequence[IndexedRow]:
        within = ROWS.where(DeviceRow.id > after_id).limit(size)
        return await self._read(within if last_id is None else within.where(DeviceRow.id <= last_id))

    async def _read(self, statement: Select[int, str, str, str]) -> Sequence[IndexedRow]:
        return await self._database.read(lambda connection: [(*row,) for row in connection.execute(statement)])


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, at most for this time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

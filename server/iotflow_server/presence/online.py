"""Whether devices are online, by one definition, and the events of its changes."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, bindparam, or_, select, update

from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, utc_now
from iotflow_server.devices.rows import LONGER_SILENCE, online
from iotflow_server.errors import DomainError
from iotflow_server.presence.last_seen import LastSeen, SessionReport

# The longest delay between the end of a device's online window and the event that it is offline.
MOST_LATE_SECONDS = 30.0

log = structlog.get_logger(__name__)

Listener = Callable[[int, bool, datetime], None]

_at = bindparam("at", type_=DeviceRow.reported_at.type)
# Reports may arrive out of order. Of two reports with equal times, the end of the session counts as the later one.
_is_newer = or_(DeviceRow.reported_at.is_(None), DeviceRow.reported_at <= _at)
_write = (
    update(DeviceRow.__table__)  # type: ignore[arg-type]
    .where(DeviceRow.id == bindparam("device"), _is_newer)
    .values(reported_at=_at, reported_online=bindparam("online"))
)


class Online:
    """A device is online in two cases. Either its session is open, by the report of a gateway, and its last contact or that
    report is not older than a day and the window. Or its last contact is within the window, and no later report ended its
    session. Setting a device inactive ends its session.

    shared: whether changes are collected for other processes, by drain_changes.
    """

    def __init__(
        self,
        *,
        database: Database,
        last_seen: LastSeen,
        window: timedelta,
        clock: Callable[[], datetime] = utc_now,
        shared: bool = False,
    ) -> None:
        self._database = database
        self._last_seen = last_seen
        self._window = window
        self._clock = clock
        self._online: set[int] = set()
        self._sessions: dict[int, SessionReport] = {}
        self._changes: list[SessionReport] | None = [] if shared else None
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        last_seen.on_record(self._decide, unless=self._online)

    @property
    def since(self) -> datetime:
        """The beginning of the online window."""
        return self._clock() - self._window

    @property
    def count(self) -> int:
        """The number of devices that are online, as known in this process."""
        return len(self._online)

    @property
    def ids(self) -> AbstractSet[int]:
        """The devices that are online, as known in this process."""
        return self._online

    def on_change(self, listener: Listener) -> None:
        """Call listener with each device that comes online or goes offline: its id, whether it is online, and the time."""
        self._listeners.append(listener)

    def is_online(self, device: Device) -> bool:
        session = self._sessions.get(device.id)
        if device.reported_at is not None and (session is None or session.at < device.reported_at):
            session = SessionReport(device.id, bool(device.reported_online), device.reported_at)
        return self._is_online(session, self._last_seen.last_seen(device))

    async def record(self, reports: Sequence[SessionReport]) -> None:
        """Record reports of gateways, durably on return. Raises Unavailable."""
        # Sorted, so that two processes lock the same rows in the same order.
        ordered = sorted(reports, key=lambda one: (one.device_id, one.at))
        rows = [{"device": one.device_id, "online": one.online, "at": one.at} for one in ordered]
        await self._database.write(lambda connection: _execute(connection, rows))
        if self._changes is not None:
            self._changes += ordered
        self.record_remote(ordered)

    def record_remote(self, reports: Iterable[SessionReport]) -> None:
        """Record reports that another process has written to the devices' rows."""
        for one in reports:
            before = self._sessions.get(one.device_id)
            if before is None or before.at <= one.at:
                self._sessions[one.device_id] = one
                self._decide(one.device_id, one.at)

    def record_removed(self, device_id: int) -> None:
        """Record that the device was removed or set inactive in the database."""
        report = SessionReport(device_id, False, self._clock())
        if self._changes is not None:
            self._changes.append(report)
        self.record_remote([report])

    def drain_changes(self) -> tuple[SessionReport, ...]:
        """The reports of this process since the last call."""
        if not self._changes:
            return ()
        changes, self._changes = self._changes, []
        return tuple(changes)

    async def start(self) -> None:
        """Read the online devices, and refresh them until close. Raises Unavailable."""
        self._online |= await self._online_rows()
        self._task = asyncio.create_task(self._refresh_regularly(), name="online refresh")

    async def close(self) -> None:
        """Stop the refreshes."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def refresh(self) -> None:
        """Read the database: devices whose window has ended, and changes that did not arrive. Raises Unavailable."""
        begun = self._clock()
        rows = await self._online_rows()
        now, since = self._clock(), self.since
        for device_id in self._online - rows:
            session = self._sessions.get(device_id)
            if session is not None and session.online and session.at < begun:
                # Another process recorded a later report, and the device was not in contact with this process.
                del self._sessions[device_id]
            self._decide(device_id, now)
        for device_id in rows - self._online:
            session = self._sessions.get(device_id)
            if session is None or session.online:
                self._change(device_id, online=True, at=now)
        # A session that ended before the window has no effect beyond the time of the last contact.
        self._sessions = {one.device_id: one for one in self._sessions.values() if one.online or one.at >= since}

    async def _refresh_regularly(self) -> None:
        pause = min(MOST_LATE_SECONDS, self._window.total_seconds() / 10)
        while True:
            await asyncio.sleep(pause)
            try:
                await self.refresh()
            except DomainError as refusal:
                log.debug("presence_refresh_skipped", reason=refusal.reason)
            except Exception:
                # Without the task, devices would never go offline.
                log.exception("presence_refresh_failed")

    async def _online_rows(self) -> set[int]:
        statement = select(DeviceRow.id).where(online(self.since))
        return await self._database.read(lambda connection: set(connection.scalars(statement)))

    def _is_online(self, session: SessionReport | None, last_seen: datetime | None) -> bool:
        if (
            session is not None
            and session.online
            and max(session.at, last_seen or session.at) >= self.since - LONGER_SILENCE
        ):
            return True
        gone = session is not None and last_seen is not None and session.at >= last_seen
        return last_seen is not None and last_seen >= self.since and not gone

    def _decide(self, device_id: int, at: datetime) -> None:
        """Compute the state from memory, and publish a change."""
        is_online = self._is_online(self._sessions.get(device_id), self._last_seen.recorded_at(device_id))
        if is_online != (device_id in self._online):
            self._change(device_id, online=is_online, at=at)

    def _change(self, device_id: int, *, online: bool, at: datetime) -> None:
        if online:
            self._online.add(device_id)
        else:
            self._online.discard(device_id)
        for listener in self._listeners:
            listener(device_id, online, at)


def _execute(connection: Connection, rows: list[dict[str, object]]) -> None:
    connection.execute(_write, rows)

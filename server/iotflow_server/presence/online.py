"""Which devices are online, by one definition, and who is told when that changes."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, bindparam, or_, select, update

from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, utc_now
from iotflow_server.devices.rows import LONGER_SILENCE, online
from iotflow_server.errors import DomainError
from iotflow_server.presence.last_seen import LastSeen, SessionReport

# How much later than it could be told it is told that a device was not heard any more.
MOST_LATE_SECONDS = 30.0

log = structlog.get_logger(__name__)

Listener = Callable[[int, bool, datetime], None]

_at = bindparam("at", type_=DeviceRow.said_at.type)
# Reports may overtake each other; of two at the same time a device has gone is the later one.
_is_newer = or_(DeviceRow.said_at.is_(None), DeviceRow.said_at <= _at)
_write = (
    update(DeviceRow.__table__)  # type: ignore[arg-type]
    .where(DeviceRow.id == bindparam("device"), _is_newer)
    .values(said_at=_at, said_online=bindparam("online"))
)


class Online:
    """A device is online when a gateway said that it has a session, and not that it has gone since, unless that and all else that
    was heard of it is older than a day and the window; or when it was heard within the window, and not said to have gone since.
    One that was set inactive has gone.

    tells: whether somebody takes the news, to tell other processes.
    """

    def __init__(
        self,
        *,
        database: Database,
        presence: LastSeen,
        window: timedelta,
        clock: Callable[[], datetime] = utc_now,
        tells: bool = False,
    ) -> None:
        self._database = database
        self._presence = presence
        self._window = window
        self._clock = clock
        self._online: set[int] = set()
        self._said: dict[int, SessionReport] = {}
        self._news: list[SessionReport] | None = [] if tells else None
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        presence.on_heard(self._decide, unless=self._online)

    @property
    def since(self) -> datetime:
        """Who was heard since then counts as heard."""
        return self._clock() - self._window

    @property
    def count(self) -> int:
        """How many are online, as far as this process knows by now."""
        return len(self._online)

    def on_change(self, listener: Listener) -> None:
        """Call listener with each device that comes online or goes offline: its id, whether it came, and when."""
        self._listeners.append(listener)

    def is_online(self, device: Device) -> bool:
        said = self._said.get(device.id)
        if device.said_at is not None and (said is None or said.at < device.said_at):
            said = SessionReport(device.id, bool(device.said_online), device.said_at)
        return self._is_online(said, self._presence.last_seen(device))

    async def say(self, said: Sequence[SessionReport]) -> None:
        """Note what gateways said, durably on return. Raises Unavailable."""
        # Sorted, so that two processes lock the same rows in the same order.
        ordered = sorted(said, key=lambda one: (one.device_id, one.at))
        rows = [{"device": one.device_id, "online": one.online, "at": one.at} for one in ordered]
        await self._database.write(lambda connection: _execute(connection, rows))
        if self._news is not None:
            self._news += ordered
        self.said_elsewhere(ordered)

    def said_elsewhere(self, said: Iterable[SessionReport]) -> None:
        """Note what another process has noted in the devices' rows."""
        for one in said:
            before = self._said.get(one.device_id)
            if before is None or before.at <= one.at:
                self._said[one.device_id] = one
                self._decide(one.device_id, one.at)

    def gone(self, device_id: int) -> None:
        """Note that the device was removed, or set inactive, as its row says."""
        said = SessionReport(device_id, False, self._clock())
        if self._news is not None:
            self._news.append(said)
        self.said_elsewhere([said])

    def drain_changes(self) -> tuple[SessionReport, ...]:
        """What was said here since the last call."""
        if not self._news:
            return ()
        news, self._news = self._news, []
        return tuple(news)

    async def start(self) -> None:
        """Look around from now on, until close. Raises Unavailable."""
        self._online |= await self._online_rows()
        self._task = asyncio.create_task(self._look_around_regularly(), name="who is online")

    async def close(self) -> None:
        """Tell nobody any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def look_around(self) -> None:
        """Find out who was not heard any more, and what was not told. Raises Unavailable."""
        begun = self._clock()
        rows = await self._online_rows()
        now, since = self._clock(), self.since
        for device_id in self._online - rows:
            said = self._said.get(device_id)
            if said is not None and said.online and said.at < begun:
                # Another process noted otherwise, and it was not heard here.
                del self._said[device_id]
            self._decide(device_id, now)
        for device_id in rows - self._online:
            said = self._said.get(device_id)
            if said is None or said.online:
                self._change(device_id, online=True, at=now)
        # By then the time it was heard says the same.
        self._said = {one.device_id: one for one in self._said.values() if one.online or one.at >= since}

    async def _look_around_regularly(self) -> None:
        pause = min(MOST_LATE_SECONDS, self._window.total_seconds() / 10)
        while True:
            await asyncio.sleep(pause)
            try:
                await self.look_around()
            except DomainError as refusal:
                log.debug("nobody looked who is online", reason=refusal.reason)
            except Exception:
                # Without it, nobody would ever be told again that a device has gone.
                log.exception("looking who is online failed")

    async def _online_rows(self) -> set[int]:
        statement = select(DeviceRow.id).where(online(self.since))
        return await self._database.read(lambda connection: set(connection.scalars(statement)))

    def _is_online(self, said: SessionReport | None, heard: datetime | None) -> bool:
        if said is not None and said.online and max(said.at, heard or said.at) >= self.since - LONGER_SILENCE:
            return True
        gone = said is not None and heard is not None and said.at >= heard
        return heard is not None and heard >= self.since and not gone

    def _decide(self, device_id: int, at: datetime) -> None:
        """By what is noted."""
        is_online = self._is_online(self._said.get(device_id), self._presence.heard_at(device_id))
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

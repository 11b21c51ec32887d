"""The sessions of all clients: resumed, taken over, ended and expired."""

import asyncio
import contextlib
import functools
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog

from iotflow_gateway.endpoint.fanout import Fanout
from iotflow_gateway.endpoint.incoming import IncomingMessages
from iotflow_gateway.endpoint.limits import (
    LONGEST_SESSION,
    LOST_SECONDS,
    MOST_ANONYMOUS,
    MOST_OF_A_DEVICE,
    MOST_SESSIONS,
)
from iotflow_gateway.endpoint.session import Session, SessionKey
from iotflow_gateway.endpoint.session_store import OpenedSession, SessionStore
from iotflow_gateway.endpoint.subscriptions import Subscriptions
from iotflow_gateway.mqtt import ReasonCode

if TYPE_CHECKING:
    from iotflow_gateway.endpoint.client import Client

log = structlog.get_logger(__name__)


class Sessions:
    """Sessions belong to their owners: a client id of another owner is another session."""

    def __init__(
        self, subscriptions: Subscriptions, fanout: Fanout, incoming: IncomingMessages, store: SessionStore
    ) -> None:
        self._subscriptions = subscriptions
        self._fanout = fanout
        self._incoming = incoming
        self._store = store
        self._by_key: dict[SessionKey, Session] = {}
        self._by_owner: dict[tuple[int, str], dict[SessionKey, Session]] = {}
        # Sessions without a connection, which may expire, or whose last will waits.
        self._away: dict[SessionKey, Session] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, device_id: int) -> list[Session]:
        """The sessions of a device."""
        return list(self._by_owner.get((device_id, ""), {}).values())

    def open(self, new: Session, opened: OpenedSession, *, is_clean: bool) -> tuple[Session, bool]:
        """The session of a client that has logged in: its earlier one, if it is kept, or else the new one; and whether it is present
        (3.2.2.1.1). Another connection of the session ends [MQTT-3.1.4-3]. opened: the session at the server."""
        before = self._by_key.get(new.key)
        if before and before.client:
            before.client.connection.close("another connection took the session over", ReasonCode.SESSION_TAKEN_OVER)
        before = self._by_key.get(new.key)
        if before and (is_clean or before.is_expired(time.monotonic()) or _is_outdated(before, opened)):
            self._remove(before)
            before = None
        if before:
            self._away.pop(before.key, None)
            _renew(before, new)
            return before, True
        self._make_room(new)
        self._by_key[new.key] = new
        self._by_owner.setdefault(new.owner, {})[new.key] = new
        if new.stored:
            new.stored.on_lost = functools.partial(self._lose, new)
        for granted in opened.subscriptions:
            self._subscriptions.add(new, granted)
        return new, opened.is_present

    def detach(self, session: Session, *, publishes_will: bool) -> None:
        """Record the end of the session's connection. The last will is published now, or after its delay (3.1.3.2.2)."""
        session.client = None
        session.disconnected_at = time.monotonic()
        session.outbound.detach()
        if session.is_lost:
            session.outbound.clear()
            return
        if session.stored:
            self._store.end_connection(session.stored, session.expiry)
        if session.will and publishes_will:
            delay = session.will.properties.get("will_delay", 0)
            session.will_due = session.disconnected_at + min(delay, session.expiry)
        else:
            session.will = None
        self._away[session.key] = session
        self._check(session, session.disconnected_at)

    def take_over(self, key: SessionKey, opened_at: int) -> None:
        """Record that a client has connected to another endpoint."""
        session = self._by_key.get(key)
        if session is None or session.opened_at >= opened_at:
            return
        if session.stored:
            session.stored.lose()
        else:
            self._lose(session)

    async def close(self) -> None:
        """End the waits of lost sessions."""
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _lose(self, session: Session) -> None:
        """Forget a session that another endpoint has taken over. Its last will is not published: the client is connected."""
        session.is_lost, session.will = True, None
        if session.client:
            task = asyncio.create_task(_close_lost(session, session.client), name="lost session")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        self._forget(session)

    def disconnect(self, session: Session) -> None:
        """Close the connection of a session whose login is no longer valid."""
        if session.client:
            log.info("client_disconnected", username=session.login.username)
            session.client.connection.close("the login is no longer valid", ReasonCode.NOT_AUTHORIZED)

    def remove_device(self, device_id: int) -> None:
        """Remove the sessions of a removed device, with their queued messages, and its retained messages."""
        self._fanout.retained.remove(device_id)
        for session in self.of(device_id):
            # The last will would be that of a device that does not exist.
            session.will = None
            self.disconnect(session)
            self._remove(session)

    def check(self) -> None:
        """Publish last wills that are due, remove expired sessions, and record which acknowledgements clients have."""
        now = time.monotonic()
        for session in self._by_key.values():
            self._check_received(session)
        for session in list(self._away.values()):
            self._check(session, now)

    def _check_received(self, session: Session) -> None:
        """What was acknowledged before the last check, and is not on its way any more, has arrived."""
        stored, until = session.stored, session.acknowledged_until
        if stored is None or session.client is None or stored.answered_until <= stored.received_until:
            return
        session.acknowledged_until = stored.answered_until
        if until > stored.received_until and session.client.connection.has_delivered:
            stored.received_until = until
            self._store.record_received(stored, until)

    def _check(self, session: Session, now: float) -> None:
        if session.will and session.will_due is not None and now >= session.will_due:
            self._publish_will(session)
        if session.is_expired(now):
            self._remove(session)

    def _publish_will(self, session: Session) -> None:
        will, session.will = session.will, None
        if will:
            self._incoming.accept_will(session, will)

    def _remove(self, session: Session) -> None:
        if self._by_key.get(session.key) is not session:
            return
        # The end of a session ends the delay of its last will.
        if session.will_due is not None:
            self._publish_will(session)
        self._forget(session)
        session.outbound.clear()

    def _forget(self, session: Session) -> None:
        if self._by_key.get(session.key) is not session:
            return
        del self._by_key[session.key]
        self._away.pop(session.key, None)
        own = self._by_owner[session.owner]
        del own[session.key]
        if not own:
            del self._by_owner[session.owner]
        self._subscriptions.clear(session)

    def _make_room(self, new: Session) -> None:
        """End the oldest session if there are too many of the device, of clients without a login, or in all."""
        most = MOST_OF_A_DEVICE if new.device_id else MOST_ANONYMOUS
        while len(own := self._by_owner.get(new.owner, {})) >= most:
            self._end_oldest(iter(own.values()))
        if len(self._by_key) >= MOST_SESSIONS and self._away:
            self._end_oldest(iter(self._away.values()))

    def _end_oldest(self, sessions: Iterator[Session]) -> None:
        """End the oldest session, one without a connection first."""
        oldest = min(sessions, key=_age)
        log.info("session_ended", problem="too many", username=oldest.login.username, client_id=oldest.client_id)
        if oldest.client:
            oldest.client.connection.close("the owner has too many sessions", ReasonCode.QUOTA_EXCEEDED)
        self._remove(oldest)


def expiry(version_5_seconds: int | None, *, is_clean: bool, is_kept: bool) -> int:
    """Seconds for which a session outlives its connection. version_5_seconds: as a client of MQTT 5 asks; None: an earlier version.
    is_kept: whether the client's owner may keep sessions."""
    if not is_kept:
        return 0
    if version_5_seconds is None:
        return 0 if is_clean else LONGEST_SESSION
    return min(version_5_seconds, LONGEST_SESSION)


def _age(session: Session) -> tuple[bool, float]:
    return session.client is not None, session.connected_at


async def _close_lost(session: Session, client: "Client") -> None:
    """End the connection of a session that another endpoint has, once the client has acknowledged what it was sent: it would receive
    the commands among it again there."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOST_SECONDS):
            await session.outbound.drained()
    client.connection.close("another connection took the session over", ReasonCode.SESSION_TAKEN_OVER)
    if session.client is None:
        session.outbound.clear()


def _is_outdated(session: Session, opened: OpenedSession) -> bool:
    """Whether the session has ended at the server, or was held by another endpoint in the meantime."""
    return opened.has_moved or (session.stored.id if session.stored else 0) != opened.id


def _renew(session: Session, new: Session) -> None:
    """Give an earlier session the properties of the new connection."""
    session.login, session.password, session.expiry = new.login, new.password, new.expiry
    if session.stored and new.stored:
        session.stored.connection = new.stored.connection
    session.opened_at, session.acknowledged_until = new.opened_at, 0
    session.will, session.will_due, session.connected_at = new.will, None, new.connected_at
    session.addresses.clear()

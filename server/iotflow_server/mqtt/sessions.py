"""Sessions of MQTT clients that outlive their connections, and the endpoints that hold them."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow, MqttSessionRow
from iotflow_server.devices.device import utc_now
from iotflow_server.errors import Unavailable

# Stored sessions of one device, or of one user name.
MOST_OF_AN_OWNER = 10
# Expired sessions that are removed in one transaction, with the times of their messages.
PIECE = 100
PRUNE_SECONDS = 600.0
# Attempts to open sessions while other servers insert the same ones.
TRIES = 3

# The filter, its options and its identifier.
Subscription = tuple[str, int, int]

_ROW = (
    MqttSessionRow.id,
    MqttSessionRow.client,
    MqttSessionRow.endpoint,
    MqttSessionRow.connection,
    MqttSessionRow.expires_at,
    MqttSessionRow.subscriptions,
)
REOPEN = (
    update(MqttSessionRow)
    .where(MqttSessionRow.id == bindparam("session"))
    .values(connection=MqttSessionRow.connection + 1, expiry=bindparam("seconds"), expires_at=None)
)


@dataclass(frozen=True, slots=True)
class ClientConnection:
    """A client that connects. device_id: 0 for a login that is not of a device, which username names. expiry: seconds for which the
    session outlives the connection; 0: it is not stored."""

    device_id: int
    username: str
    client_id: str
    is_clean: bool
    expiry: int

    @property
    def client(self) -> str:
        """The digest by which the session is found. An index of the client id itself would be too large for PostgreSQL."""
        return sha256("\0".join((str(self.device_id), self.username, self.client_id)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """id: 0: the session is not stored. is_present: it had a connection before. has_moved: another endpoint held it before.
    connection: the number of the connection among those of the session."""

    id: int = 0
    is_present: bool = False
    has_moved: bool = False
    connection: int = 0
    subscriptions: Sequence[Subscription] = ()


@dataclass(frozen=True, slots=True)
class SessionChange:
    """subscriptions: all of the session; None: they have not changed. ended: the number of the connection that has ended, and for how
    many seconds the session outlives it; None: no connection has ended. received_until: the client has the acknowledgements of messages
    with times up to this one; 0: not known."""

    session_id: int
    subscriptions: Sequence[Subscription] | None = None
    ended: tuple[int, int] | None = None
    received_until: int = 0


class MqttSessions:
    """endpoint: a process of an MQTT endpoint. It holds the sessions that it opened last. Methods may raise Unavailable."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def open(self, endpoint: str, connections: Sequence[ClientConnection]) -> list[OpenedSession]:
        """Open the sessions of clients, in order; stored ones are durable on return."""
        clients = [one.client for one in connections]
        found = await self._database.read(lambda connection: _stored(connection, clients))
        # Clients with clean sessions connect often and seldom have a stored one; then there is no write.
        wanted = [place for place, one in enumerate(connections) if one.expiry or clients[place] in found]
        opened = [OpenedSession()] * len(connections)
        if wanted:
            some = [connections[place] for place in wanted]
            for place, session in zip(wanted, await self._open(endpoint, some), strict=True):
                opened[place] = session
        return opened

    async def _open(self, endpoint: str, connections: Sequence[ClientConnection]) -> list[OpenedSession]:
        now = self._clock()
        for _ in range(TRIES):
            with suppress(IntegrityError):
                return await self._database.write(lambda connection: _open(connection, endpoint, connections, now))
        raise Unavailable("SESSIONS_CONTENDED", "Other servers open the same sessions; try again.")

    async def update(self, endpoint: str, changes: Sequence[SessionChange]) -> set[int]:
        """Store changes of sessions, in order, durably on return. The result: the sessions that the endpoint does not hold, of which
        nothing is stored."""
        now = self._clock()
        return await self._database.write(lambda connection: _update(connection, endpoint, changes, now))

    async def prune(self) -> None:
        """Remove the sessions that have expired."""
        expired = select(MqttSessionRow.id).where(MqttSessionRow.expires_at <= self._clock()).limit(PIECE)
        removal = delete(MqttSessionRow).where(MqttSessionRow.id.in_(expired))
        while await self._database.read(lambda connection: connection.execute(expired).first()):
            await self._database.write(lambda connection: connection.execute(removal))

    async def prune_regularly(self) -> None:
        """Run until cancelled."""
        while True:
            await self.prune()
            await asyncio.sleep(PRUNE_SECONDS)


def _stored(connection: Connection, clients: Collection[str], *, lock: bool = False) -> dict[str, Any]:
    """The rows of clients. lock: until the end of the transaction, in an order in which no two transactions wait for each other."""
    statement = select(*_ROW).where(MqttSessionRow.client.in_(clients)).order_by(MqttSessionRow.id)
    return {row.client: row for row in connection.execute(statement.with_for_update() if lock else statement)}


def _open(
    connection: Connection, endpoint: str, connections: Sequence[ClientConnection], now: datetime
) -> list[OpenedSession]:
    clients = [one.client for one in connections]
    before = _stored(connection, clients, lock=True)
    ended = {client: row for client, row in before.items() if row.expires_at is not None and row.expires_at <= now}
    ended |= {one.client: before[one.client] for one in connections if one.is_clean and one.client in before}
    if ended:
        _delete(connection, [row.id for row in ended.values()])
    kept = {client: row for client, row in before.items() if client not in ended}
    expiries = {one.client: one.expiry for one in connections}
    if kept:
        connection.execute(
            REOPEN.values(endpoint=endpoint, opened_at=now, held_since=_held_since(endpoint)),
            [{"session": row.id, "seconds": expiries[client]} for client, row in kept.items()],
        )
    opened = {client: _present(row, endpoint) for client, row in kept.items()}
    new = {one.client: one for one in connections if one.expiry and one.client not in opened}
    opened |= _insert(connection, endpoint, new, now) if new else {}
    return [opened.get(client, OpenedSession()) for client in clients]


def _held_since(endpoint: str) -> ColumnElement[int]:
    """The first connection since the endpoint, which opens another one, holds the session."""
    has_moved = MqttSessionRow.endpoint != endpoint
    return case((has_moved, MqttSessionRow.connection + 1), else_=MqttSessionRow.held_since)


def _present(row: Any, endpoint: str) -> OpenedSession:
    subscriptions = [(wanted, options, identifier) for wanted, options, identifier in row.subscriptions]
    return OpenedSession(row.id, True, row.endpoint != endpoint, row.connection + 1, subscriptions)


def _insert(
    connection: Connection, endpoint: str, new: dict[str, ClientConnection], now: datetime
) -> dict[str, OpenedSession]:
    """Insert sessions of existing devices, and end the oldest ones of owners that have too many."""
    ids = {one.device_id for one in new.values() if one.device_id}
    known = {0, *connection.scalars(select(DeviceRow.id).where(DeviceRow.id.in_(ids)))}
    rows: list[dict[str, Any]] = [
        {
            "device_id": one.device_id or None,
            "username": one.username,
            "client": client,
            "endpoint": endpoint,
            "connection": 1,
            "expiry": one.expiry,
            "opened_at": now,
            "subscriptions": [],
        }
        for client, one in new.items()
        if one.device_id in known
    ]
    if not rows:
        return {}
    inserted = insert(MqttSessionRow).returning(MqttSessionRow.client, MqttSessionRow.id)
    found = {client: OpenedSession(number, connection=1) for client, number in connection.execute(inserted, rows)}
    for owner in {(new[client].device_id, new[client].username) for client in found}:
        _delete(connection, _too_many(connection, *owner))
    return found


def _too_many(connection: Connection, device_id: int, username: str) -> list[int]:
    """The sessions of an owner beyond the limit: first those without a connection, then the oldest."""
    owned = MqttSessionRow.device_id == device_id if device_id else MqttSessionRow.device_id.is_(None)
    newest_first = (
        MqttSessionRow.expires_at.is_(None).desc(),
        MqttSessionRow.opened_at.desc(),
        MqttSessionRow.id.desc(),
    )
    statement = (
        select(MqttSessionRow.id)
        .where(owned, MqttSessionRow.username == username)
        .order_by(*newest_first)
        .offset(MOST_OF_AN_OWNER)
    )
    return list(connection.scalars(statement))


def _delete(connection: Connection, ids: Sequence[int]) -> None:
    if ids:
        connection.execute(delete(MqttSessionRow).where(MqttSessionRow.id.in_(ids)))


def _update(connection: Connection, endpoint: str, changes: Sequence[SessionChange], now: datetime) -> set[int]:
    ids = {one.session_id for one in changes}
    statement = (
        select(MqttSessionRow.id, MqttSessionRow.connection)
        .where(MqttSessionRow.id.in_(ids), MqttSessionRow.endpoint == endpoint)
        .order_by(MqttSessionRow.id)
    )
    held = {row.id: row.connection for row in connection.execute(statement.with_for_update())}
    for one in changes:
        if one.session_id not in held:
            continue
        row = MqttSessionRow.id == one.session_id
        if one.subscriptions is not None:
            connection.execute(update(MqttSessionRow).where(row).values(subscriptions=one.subscriptions))
        elif one.received_until:
            connection.execute(update(MqttSessionRow).where(row).values(received_until=one.received_until))
        elif one.ended and one.ended[0] == held[one.session_id]:
            expiry = one.ended[1]
            if expiry:
                connection.execute(update(MqttSessionRow).where(row).values(expires_at=now + timedelta(seconds=expiry)))
            else:
                _delete(connection, [one.session_id])
    return ids - held.keys()

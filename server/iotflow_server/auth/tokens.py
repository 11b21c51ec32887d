"""Bearer tokens of people and services."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from iotflow_server import audit
from iotflow_server.audit import NewEntry
from iotflow_server.auth.credentials import KeyHasher, generate_key
from iotflow_server.db.database import Database
from iotflow_server.db.models import TokenRow
from iotflow_server.devices.device import utc_now
from iotflow_server.errors import AlreadyExists, FailedPrecondition, NotFound

BUILT_IN, BUILT_IN_GATEWAY = "admin-token", "gateway-token"
SECRET_LENGTH = 40

# In the order of AccessToken's fields.
COLUMNS = (TokenRow.id, TokenRow.name, TokenRow.role, TokenRow.created_at, TokenRow.expires_at)

CREATE = insert(TokenRow).returning(*COLUMNS)
# Built once: it runs for every secret that is not cached, and takes longer to build than to run.
BY_SECRET = select(*COLUMNS).where(TokenRow.secret_hash == bindparam("secret_hash"))


@dataclass(frozen=True, slots=True)
class AccessToken:
    """role: admin, viewer, gateway or registrar. expires_at: UTC; None: valid until revoked. A token never holds its secret."""

    id: int
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None


class Tokens:
    """Every method may raise Unavailable."""

    def __init__(self, database: Database, hasher: KeyHasher, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._hasher = hasher
        self._clock = clock
        self._listeners: list[Callable[[int], None]] = []

    def on_change(self, listener: Callable[[int], None]) -> None:
        """Call listener with the id of every token that this process revoked or may have revoked."""
        self._listeners.append(listener)

    async def create(
        self, name: str, role: str, time_to_live: timedelta | None, *, actor: str
    ) -> tuple[AccessToken, str]:
        """Create a token; its secret is returned here only. Raises AlreadyExists (NAME_TAKEN)."""
        secret = generate_key(SECRET_LENGTH)
        now = self._clock()
        values = {
            "name": name,
            "role": role,
            "secret_hash": self._hasher.hash(secret),
            "created_at": now,
            "expires_at": None if time_to_live is None else now + time_to_live,
        }
        try:
            token = await self._database.write(lambda connection: _create(connection, values, actor))
        except IntegrityError as error:
            raise AlreadyExists("NAME_TAKEN", f"There is a token named {name!r} already.", field="name") from error
        return token, secret

    async def by_secret(self, secret: str) -> AccessToken | None:
        """The token, unless it is unknown or expired."""
        values = {"secret_hash": self._hasher.hash(secret)}
        row = await self._database.read(lambda connection: connection.execute(BY_SECRET, values).one_or_none())
        if row is None or (row.expires_at is not None and row.expires_at <= self._clock()):
            return None
        return AccessToken(*row)

    async def revoke(self, token_id: int, *, actor: str) -> AccessToken:
        """Revoke the token at once, and return it.

        Raises NotFound (TOKEN_NOT_FOUND), FailedPrecondition (TOKEN_BUILT_IN).
        """
        now = self._clock()
        try:
            return await self._database.write(lambda connection: _revoke(connection, token_id, actor, now))
        finally:
            for listener in self._listeners:
                listener(token_id)

    async def ensure_builtin(self, secret: str, name: str = BUILT_IN, role: str = "admin") -> None:
        """Set the secret and the role of the token with this name, without an expiry; create it if absent."""
        values = {"name": name, "role": role, "secret_hash": self._hasher.hash(secret), "expires_at": None}
        now = self._clock()
        try:
            await self._database.write(lambda connection: _ensure_builtin(connection, values, now))
        except IntegrityError:
            # Another process has inserted the row, which is updated now.
            await self._database.write(lambda connection: _ensure_builtin(connection, values, now))

    async def count(self) -> int:
        """The number of tokens, including expired ones."""
        statement = select(func.count()).select_from(TokenRow)
        return await self._database.read(lambda connection: connection.scalar(statement) or 0)

    async def list(self) -> Sequence[AccessToken]:
        """All tokens by id, including expired ones."""
        return await self.page(0, None)

    async def page(self, after_id: int, size: int | None) -> Sequence[AccessToken]:
        """The first `size` tokens (None: all) with ids above after_id, by id, including expired ones."""
        statement = select(*COLUMNS).where(TokenRow.id > after_id).order_by(TokenRow.id).limit(size)
        return await self._database.read(
            lambda connection: [AccessToken(*row) for row in connection.execute(statement)]
        )


def _create(connection: Connection, values: dict[str, Any], actor: str) -> AccessToken:
    token = AccessToken(*connection.execute(CREATE, values).one())
    details = {"role": token.role}
    audit.add(connection, NewEntry(token.created_at, actor, "token.create", f"token:{token.name}", details))
    return token


def _revoke(connection: Connection, token_id: int, actor: str, now: datetime) -> AccessToken:
    row = connection.execute(delete(TokenRow).where(TokenRow.id == token_id).returning(*COLUMNS)).one_or_none()
    if row is None:
        raise NotFound("TOKEN_NOT_FOUND", f"There is no token {token_id}.")
    if row.name in (BUILT_IN, BUILT_IN_GATEWAY):
        raise FailedPrecondition(
            "TOKEN_BUILT_IN",
            "The token of the data folder cannot be revoked; delete its file and restart the server to replace it.",
        )
    audit.add(connection, NewEntry(now, actor, "token.revoke", f"token:{row.name}"))
    return AccessToken(*row)


def _ensure_builtin(connection: Connection, values: dict[str, Any], now: datetime) -> None:
    same = TokenRow.secret_hash == values["secret_hash"]
    connection.execute(delete(TokenRow).where(same, TokenRow.name != values["name"]))
    changed = connection.execute(update(TokenRow).where(TokenRow.name == values["name"]).values(values)).rowcount
    if not changed:
        connection.execute(insert(TokenRow).values(created_at=now, **values))

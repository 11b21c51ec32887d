"""The tables of the registry. A change requires a migration; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

HASH_LENGTH = 64


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times in UTC, also from databases that store no zone (SQLite) or return their own (PostgreSQL)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON(none_as_null=True)}  # noqa: RUF012


def _where_given(column: str) -> dict[str, Any]:
    return _where(f"{column} IS NOT NULL")


def _where(words: str) -> dict[str, Any]:
    condition = text(words)
    return {"sqlite_where": condition, "postgresql_where": condition}


class DeviceRow(Base):
    __tablename__ = "devices"
    # Without AUTOINCREMENT, SQLite would reuse the id of a deleted last row, and with it the telemetry.
    # Partial indexes exclude rows without a value, because each index costs a registration one page.
    __table_args__ = (
        Index(None, "previous_key_hash", **_where_given("previous_key_hash")),
        Index(None, "last_seen", **_where_given("last_seen")),
        Index(None, "reported_online", **_where("reported_online")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    # lower() of the databases covers only ASCII, or depends on the locale.
    folded_name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    device_type: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(20))
    location: Mapped[str] = mapped_column(String(200))
    firmware_version: Mapped[str] = mapped_column(String(50))
    hardware_version: Mapped[str] = mapped_column(String(50))
    configuration: Mapped[dict[str, Any]]
    key_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    previous_key_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    # The end of the grace of the previous key. NULL with a previous key: the newest key was never used.
    previous_key_until: Mapped[datetime | None]
    mqtt_verifier: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_seen: Mapped[datetime | None]
    # The last report of a gateway on the device's session.
    reported_online: Mapped[bool | None]
    reported_at: Mapped[datetime | None]
    # The import that registered the device; see ImportRow.
    import_id: Mapped[int | None]


class ImportRow(Base):
    """An import of devices. uuid: chosen by the caller."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    created_at: Mapped[datetime]


class TokenRow(Base):
    __tablename__ = "tokens"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    secret_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


# Ids of events have 64 bits. SQLite generates ids only in an INTEGER column, which has 64 bits there.
EVENT_ID = BigInteger().with_variant(Integer(), "sqlite")


class CommandRow(Base):
    __tablename__ = "commands"
    __table_args__ = (
        UniqueConstraint("device_id", "idempotency_key"),
        Index(None, "state", "device_id"),
        Index(None, "expires_at", **_where("expires_at IS NOT NULL AND finished_at IS NULL")),
        Index(None, "finished_at", **_where_given("finished_at")),
        Index(None, "announced", **_where_given("announced")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(EVENT_ID, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    parameters: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    idempotency_key: Mapped[str | None] = mapped_column(String(100))
    # The gateway with the lease of a queued command, and the end of the lease.
    leased_by: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    # The gateways that could not reach the device while the command is held back, each followed by a space. NULL: it is held back
    # from all gateways.
    unreachable_by: Mapped[str | None] = mapped_column(Text)
    # The common id of the commands of a group. announced: true in one of them until it is published to the group topic.
    group_command: Mapped[str | None] = mapped_column(String(32))
    announced: Mapped[bool | None]


class DesiredRow(Base):
    """One row per version. The newest version is in force; the others are the history."""

    __tablename__ = "desired_configurations"
    __table_args__ = (Index(None, "created_at"),)

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class AuditRow(Base):
    """Refers to devices and tokens by name, so that entries outlive them."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "target", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(EVENT_ID, primary_key=True)
    timestamp: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(100))
    target: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]


class ServerRow(Base):
    """A server that shares this registry with others. renewed_at: the last renewal of the number."""

    __tablename__ = "servers"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identity: Mapped[str] = mapped_column(String(400), unique=True)
    renewed_at: Mapped[datetime]


class MqttSessionRow(Base):
    """A session of an MQTT client that outlives its connections. client: a digest of its owner and client id. endpoint: the one that
    holds the session, or held it last. connection: the number of the last connection. expiry: seconds for which the session outlives
    it. expires_at: NULL while the client is connected."""

    __tablename__ = "mqtt_sessions"
    __table_args__ = (
        Index(None, "device_id", "username"),
        Index(None, "expires_at", **_where_given("expires_at")),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(EVENT_ID, primary_key=True)
    # NULL: of a login that is not of a device.
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    username: Mapped[str] = mapped_column(String(256))
    client: Mapped[str] = mapped_column(String(HASH_LENGTH), unique=True)
    endpoint: Mapped[str] = mapped_column(String(64))
    connection: Mapped[int] = mapped_column(BigInteger)
    # The first of the connections since the endpoint holds the session.
    held_since: Mapped[int] = mapped_column(BigInteger, server_default="1")
    expiry: Mapped[int]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    # For each: the filter, its options, and its identifier.
    subscriptions: Mapped[list[Any]] = mapped_column(JSON)
    # The client has the acknowledgements of messages with times up to this one. NULL: of none.
    received_until: Mapped[int | None] = mapped_column(BigInteger)


class MqttDeliveryRow(Base):
    """The times of the readings of a message that had none: first, first + step, … milliseconds since 1970 UTC. slot: the message
    replaces an earlier one of the session with the same slot. digest: of its topic and payload."""

    __tablename__ = "mqtt_deliveries"
    __table_args__ = ({"sqlite_with_rowid": False},)

    session_id: Mapped[int] = mapped_column(
        EVENT_ID, ForeignKey("mqtt_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    packet_id: Mapped[int]
    digest: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[int] = mapped_column(BigInteger)
    step: Mapped[int]

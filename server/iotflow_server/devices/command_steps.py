"""What is done to commands within one transaction; each step notes the commands it changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, insert, or_, select, update

from iotflow_server.devices.command import COMMAND_COLUMNS, OPEN, OVERRULED, Command, NewCommand, commands_of
from iotflow_server.devices.device import device_not_found
from iotflow_server.devices.models import CommandRow, DeviceRow
from iotflow_server.errors import FailedPrecondition, LimitExceeded, NotFound

# Commands of one device that have not ended.
MOST_OPEN = 1_000
LATER_SECONDS = 60.0
# What expires at once, in one transaction.
MOST_EXPIRED = 1_000

IS_OPEN = CommandRow.state.in_(OPEN)
# Built once: devices ask for it again and again, and it takes longer to build than to run.
OPEN_OF_DEVICE = (
    select(*COMMAND_COLUMNS).where(CommandRow.device_id == bindparam("device"), IS_OPEN).order_by(CommandRow.id)
)
NOT_ENDED = and_(CommandRow.expires_at.is_not(None), CommandRow.finished_at.is_(None))
SEND = insert(CommandRow).returning(*COMMAND_COLUMNS)


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """made: commands; found: devices that had one of this key; refused: devices that have too many already."""

    made: int
    found: int
    refused: int


def in_time(now: datetime) -> ColumnElement[bool]:
    """Neither finished nor expired."""
    return and_(IS_OPEN, or_(CommandRow.expires_at.is_(None), CommandRow.expires_at > now))


def is_late(command: Command, now: datetime) -> bool:
    return command.expires_at is not None and command.expires_at <= now


def open_of(connection: Connection, device_id: int) -> list[Command]:
    return commands_of(connection.execute(OPEN_OF_DEVICE, {"device": device_id}))


def by_id(connection: Connection, command_id: int) -> Command | None:
    row = connection.execute(select(*COMMAND_COLUMNS).where(CommandRow.id == command_id)).one_or_none()
    return None if row is None else Command(*row)


def next_expiry(connection: Connection) -> datetime | None:
    """When the next open command expires."""
    statement = select(CommandRow.expires_at).where(NOT_ENDED).order_by(CommandRow.expires_at).limit(1)
    return connection.scalar(statement)


def send(connection: Connection, device_id: int, new: NewCommand, now: datetime, changed: list[Command]) -> Command:
    if new.idempotency_key:
        same = and_(CommandRow.device_id == device_id, CommandRow.idempotency_key == new.idempotency_key)
        row = connection.execute(select(*COMMAND_COLUMNS).where(same)).one_or_none()
        if row is not None:
            return Command(*row)
    if connection.scalar(select(DeviceRow.id).where(DeviceRow.id == device_id)) is None:
        raise device_not_found(device_id)
    waiting = select(func.count()).where(CommandRow.device_id == device_id, IS_OPEN)
    if (connection.scalar(waiting) or 0) >= MOST_OPEN:
        message = f"Device {device_id} has {MOST_OPEN} commands that have not ended."
        raise LimitExceeded("COMMANDS_WAITING", message, retry_after=LATER_SECONDS)
    changed += commands_of(connection.execute(SEND, _row(device_id, new, now)))
    return changed[-1]


def send_to_group(
    connection: Connection, device_type: str, new: NewCommand, now: datetime, changed: list[Command]
) -> GroupOutcome:
    members = select(DeviceRow.id).where(DeviceRow.device_type == device_type, DeviceRow.status != "inactive")
    wanted = set(connection.scalars(members))
    found: set[int] = set()
    if new.idempotency_key:
        same = select(CommandRow.device_id).where(CommandRow.idempotency_key == new.idempotency_key)
        found = wanted & set(connection.scalars(same.where(CommandRow.device_id.in_(members))))
    waiting = select(CommandRow.device_id).where(IS_OPEN).group_by(CommandRow.device_id)
    full = (wanted - found) & set(connection.scalars(waiting.having(func.count() >= MOST_OPEN)))
    rows = [_row(device_id, new, now) for device_id in sorted(wanted - found - full)]
    if rows:
        changed += commands_of(connection.execute(SEND, rows))
    return GroupOutcome(len(rows), len(found), len(full))


def deliver(connection: Connection, device_id: int, now: datetime, changed: list[Command]) -> list[Command]:
    of_device = and_(CommandRow.device_id == device_id, IS_OPEN)
    _advance(connection, and_(of_device, CommandRow.expires_at <= now), changed, state="expired", finished_at=now)
    queued = and_(CommandRow.device_id == device_id, CommandRow.state == "queued")
    _advance(connection, queued, changed, state="delivered", delivered_at=now)
    return open_of(connection, device_id)


def hand_over(
    connection: Connection, device_id: int, command_id: int, now: datetime, changed: list[Command]
) -> Command:
    this = and_(CommandRow.id == command_id, CommandRow.device_id == device_id)
    state = case((CommandRow.state == "queued", "delivered"), else_=CommandRow.state)
    undelivered = and_(this, CommandRow.delivered_at.is_(None))
    advanced = _advance(connection, undelivered, changed, state=state, delivered_at=now)
    return advanced[0] if advanced else _existing(connection, command_id, device_id)


def acknowledge(
    connection: Connection, device_id: int, command_id: int, outcome: dict[str, Any], changed: list[Command]
) -> Command:
    this = and_(CommandRow.id == command_id, CommandRow.device_id == device_id)
    carried_out_late = and_(CommandRow.state.in_(OVERRULED), CommandRow.delivered_at.is_not(None))
    brought = func.coalesce(CommandRow.delivered_at, bindparam("brought", outcome["finished_at"], _TIME))
    advanced = _advance(
        connection, and_(this, or_(IS_OPEN, carried_out_late)), changed, **outcome, delivered_at=brought
    )
    return advanced[0] if advanced else _ended_as(_existing(connection, command_id, device_id), outcome["state"])


def cancel(connection: Connection, command_id: int, now: datetime, changed: list[Command]) -> Command:
    open_one = and_(CommandRow.id == command_id, IS_OPEN)
    advanced = _advance(connection, open_one, changed, state="cancelled", finished_at=now)
    return advanced[0] if advanced else _ended_as(_existing(connection, command_id), "cancelled")


def expire(connection: Connection, now: datetime, changed: list[Command]) -> None:
    """Some of those whose time is over."""
    late = select(CommandRow.id).where(NOT_ENDED, CommandRow.expires_at <= now).limit(MOST_EXPIRED)
    _advance(connection, and_(CommandRow.id.in_(late), IS_OPEN), changed, state="expired", finished_at=now)


def _advance(
    connection: Connection, which: ColumnElement[bool], changed: list[Command], **values: Any
) -> list[Command]:
    rows = connection.execute(update(CommandRow).where(which).values(values).returning(*COMMAND_COLUMNS))
    # The database returns them in any order.
    advanced = sorted(commands_of(rows), key=lambda command: command.id)
    changed += advanced
    return advanced


def _existing(connection: Connection, command_id: int, device_id: int | None = None) -> Command:
    found = by_id(connection, command_id)
    if found is None or device_id not in (None, found.device_id):
        whose = "There is" if device_id is None else "The device has"
        raise NotFound("COMMAND_NOT_FOUND", f"{whose} no command {command_id}.")
    return found


def _ended_as(command: Command, state: str) -> Command:
    if command.state != state:
        raise FailedPrecondition("COMMAND_ENDED", f"Command {command.id} has ended as {command.state}.")
    return command


def _row(device_id: int, new: NewCommand, now: datetime) -> dict[str, Any]:
    return {
        "device_id": device_id,
        "name": new.name,
        "parameters": new.parameters,
        "state": "queued",
        "created_at": now,
        "expires_at": new.expires_at,
        "idempotency_key": new.idempotency_key or None,
    }


_TIME = CommandRow.finished_at.type

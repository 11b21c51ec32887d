"""Changes of commands within one transaction; each function appends the changed commands to `changed`."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, insert, or_, select, update

from iotflow.words import CommandState, DeviceStatus, GatewayReport
from iotflow_server import audit
from iotflow_server.audit import NewEntry
from iotflow_server.commands.command import (
    COMMAND_COLUMNS,
    OPEN,
    OVERRULED,
    Command,
    CommandResult,
    NewCommand,
    commands_of,
)
from iotflow_server.db.json_documents import check_size
from iotflow_server.db.models import CommandRow, DeviceRow
from iotflow_server.devices.device import device_not_found
from iotflow_server.errors import FailedPrecondition, InvalidArgument, LimitExceeded, NotFound

# Commands of one device that have not ended.
MOST_OPEN = 1_000
LATER_SECONDS = 60.0
# The time for which the commands of an unreachable device are held back.
HOLD = timedelta(seconds=60)
# The holder of commands whose device is unreachable.
HELD_BACK = ""
# The limit of the parameters and of the result: devices have little memory, and many commands are sent at once.
MOST_BYTES = 65_536
# Commands that expire in one transaction.
MOST_EXPIRED = 1_000

IS_OPEN = CommandRow.state.in_(OPEN)
# Built once: devices poll with it, and it takes longer to build than to run.
OPEN_OF_DEVICE = (
    select(*COMMAND_COLUMNS).where(CommandRow.device_id == bindparam("device"), IS_OPEN).order_by(CommandRow.id)
)
_now = bindparam("now", type_=CommandRow.delivered_at.type)
_this = and_(CommandRow.id == bindparam("command"), CommandRow.device_id == bindparam("device"))
_carried_out_late = and_(CommandRow.state.in_(OVERRULED), CommandRow.delivered_at.is_not(None))
HAND_OVER = (
    update(CommandRow)
    .where(_this, CommandRow.delivered_at.is_(None))
    .values(
        state=case((CommandRow.state == CommandState.QUEUED, CommandState.DELIVERED), else_=CommandRow.state),
        delivered_at=_now,
    )
    .returning(*COMMAND_COLUMNS)
)
ACKNOWLEDGE = (
    update(CommandRow)
    .where(_this, or_(IS_OPEN, _carried_out_late))
    .values(
        state=bindparam("state"),
        result=bindparam("result"),
        finished_at=_now,
        delivered_at=func.coalesce(CommandRow.delivered_at, _now),
    )
    .returning(*COMMAND_COLUMNS)
)
NOT_ENDED = and_(CommandRow.expires_at.is_not(None), CommandRow.finished_at.is_(None))
SEND = insert(CommandRow).returning(*COMMAND_COLUMNS)


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """made: new commands; found: devices with a command of this idempotency key; refused: devices at the limit of open commands.
    group_command: the common id of the commands."""

    group_command: str
    made: int
    found: int
    refused: int


def in_time(now: datetime) -> ColumnElement[bool]:
    """Neither finished nor expired."""
    return and_(IS_OPEN, or_(CommandRow.expires_at.is_(None), CommandRow.expires_at > now))


def among(ids: Sequence[int]) -> ColumnElement[bool]:
    # Literals, because both databases limit the number of parameters.
    return CommandRow.id.in_(bindparam("ids", [int(one) for one in ids], expanding=True, literal_execute=True))


def is_late(command: Command, now: datetime) -> bool:
    return command.expires_at is not None and command.expires_at <= now


def open_of(connection: Connection, device_id: int) -> list[Command]:
    return commands_of(connection.execute(OPEN_OF_DEVICE, {"device": device_id}))


def by_id(connection: Connection, command_id: int) -> Command | None:
    row = connection.execute(select(*COMMAND_COLUMNS).where(CommandRow.id == command_id)).one_or_none()
    return None if row is None else Command(*row)


def of_group(connection: Connection, device_id: int, group_command: str) -> int | None:
    """The device's command of a group command."""
    its_own = and_(CommandRow.device_id == device_id, CommandRow.group_command == group_command)
    return connection.scalar(select(CommandRow.id).where(its_own))


def next_expiry(connection: Connection) -> datetime | None:
    """The expiry time of the next open command."""
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
        message = (
            f"Device {device_id} has {MOST_OPEN} open commands, which is the limit; wait for results, or cancel some."
        )
        raise LimitExceeded("COMMANDS_WAITING", message, retry_after=LATER_SECONDS)
    [sent] = commands_of(connection.execute(SEND, _row(device_id, new, now)))
    details = {"command": sent.id, "name": sent.name}
    audit.add(connection, NewEntry(now, new.actor, "command.send", f"device:{device_id}", details))
    changed.append(sent)
    return sent


def send_to_group(
    connection: Connection, device_type: str, new: NewCommand, now: datetime, changed: list[Command]
) -> GroupOutcome:
    members = select(DeviceRow.id).where(
        DeviceRow.device_type == device_type, DeviceRow.status != DeviceStatus.INACTIVE
    )
    wanted = set(connection.scalars(members))
    found: dict[int, str | None] = {}
    if new.idempotency_key:
        same = and_(CommandRow.idempotency_key == new.idempotency_key, CommandRow.device_id.in_(members))
        before = connection.execute(select(CommandRow.device_id, CommandRow.group_command).where(same))
        found = {device_id: group_command for device_id, group_command in before if device_id in wanted}
    group_command = next(filter(None, found.values()), None) or secrets.token_hex(8)
    waiting = select(CommandRow.device_id).where(IS_OPEN).group_by(CommandRow.device_id)
    full = (wanted - found.keys()) & set(connection.scalars(waiting.having(func.count() >= MOST_OPEN)))
    rows = [_row(device_id, new, now) for device_id in sorted(wanted - found.keys() - full)]
    for number, row in enumerate(rows):
        row |= {"group_command": group_command, "announced": (new.announced and number == 0) or None}
    if rows:
        changed += commands_of(connection.execute(SEND, rows))
        details = {"name": new.name, "commands": len(rows)}
        audit.add(connection, NewEntry(now, new.actor, "command.send_to_group", f"group:{device_type}", details))
    return GroupOutcome(group_command, len(rows), len(found), len(full))


def deliver(connection: Connection, device_id: int, now: datetime, changed: list[Command]) -> list[Command]:
    of_device = and_(CommandRow.device_id == device_id, IS_OPEN)
    _advance(
        connection, and_(of_device, CommandRow.expires_at <= now), changed, state=CommandState.EXPIRED, finished_at=now
    )
    queued = and_(CommandRow.device_id == device_id, CommandRow.state == CommandState.QUEUED)
    _advance(connection, queued, changed, state=CommandState.DELIVERED, delivered_at=now)
    return open_of(connection, device_id)


def hand_over(
    connection: Connection, device_id: int, command_id: int, now: datetime, changed: list[Command]
) -> Command:
    values = {"command": command_id, "device": device_id, "now": now}
    advanced = _changed(connection.execute(HAND_OVER, values), changed)
    return advanced[0] if advanced else _existing(connection, command_id, device_id)


def hold_back(connection: Connection, answer: CommandResult, now: datetime, changed: list[Command]) -> Command:
    """Hold the device's commands back from this one on, for a while or until the device reconnects: from the gateway that could not
    reach the device, or from all. The change lets the other gateways try."""
    this = and_(
        CommandRow.id == answer.command_id,
        CommandRow.device_id == answer.device_id,
        CommandRow.state == CommandState.QUEUED,
    )
    tried = func.coalesce(CommandRow.unreachable_by, "") + f"{answer.gateway} " if answer.gateway else None
    held = update(CommandRow).where(this).values(leased_by=HELD_BACK, leased_until=now + HOLD, unreachable_by=tried)
    advanced = _changed(connection.execute(held.returning(*COMMAND_COLUMNS)), changed if answer.gateway else [])
    return advanced[0] if advanced else _existing(connection, answer.command_id, answer.device_id)


def record_result(connection: Connection, answer: CommandResult, now: datetime, changed: list[Command]) -> Command:
    match answer.state:
        case GatewayReport.DELIVERED:
            return hand_over(connection, answer.device_id, answer.command_id, now, changed)
        case GatewayReport.UNREACHABLE:
            return hold_back(connection, answer, now, changed)
        case GatewayReport.ANNOUNCED:
            this = and_(CommandRow.id == answer.command_id, CommandRow.device_id == answer.device_id)
            connection.execute(update(CommandRow).where(this).values(announced=None))
            return _existing(connection, answer.command_id, answer.device_id)
        case GatewayReport.SUCCEEDED | GatewayReport.FAILED:
            check_size("result", answer.result, MOST_BYTES)
            outcome = {"state": answer.state, "result": answer.result, "now": now}
            return acknowledge(connection, answer.device_id, answer.command_id, outcome, changed)
    raise InvalidArgument("state", f"state {answer.state!r} is not a state that a gateway can report.")


def acknowledge(
    connection: Connection, device_id: int, command_id: int, outcome: dict[str, Any], changed: list[Command]
) -> Command:
    values = {"command": command_id, "device": device_id, **outcome}
    advanced = _changed(connection.execute(ACKNOWLEDGE, values), changed)
    return advanced[0] if advanced else _ended_as(_existing(connection, command_id, device_id), outcome["state"])


def cancel(connection: Connection, command_id: int, actor: str, now: datetime, changed: list[Command]) -> Command:
    open_one = and_(CommandRow.id == command_id, IS_OPEN)
    advanced = _advance(connection, open_one, changed, state=CommandState.CANCELLED, finished_at=now)
    if not advanced:
        return _ended_as(_existing(connection, command_id), CommandState.CANCELLED)
    details = {"command": command_id}
    audit.add(connection, NewEntry(now, actor, "command.cancel", f"device:{advanced[0].device_id}", details))
    return advanced[0]


def expire(connection: Connection, now: datetime, changed: list[Command]) -> None:
    """Expire up to MOST_EXPIRED commands whose time is over."""
    late = select(CommandRow.id).where(NOT_ENDED, CommandRow.expires_at <= now).limit(MOST_EXPIRED)
    _advance(connection, and_(CommandRow.id.in_(late), IS_OPEN), changed, state=CommandState.EXPIRED, finished_at=now)


def _advance(
    connection: Connection, which: ColumnElement[bool], changed: list[Command], **values: Any
) -> list[Command]:
    return _changed(
        connection.execute(update(CommandRow).where(which).values(values).returning(*COMMAND_COLUMNS)), changed
    )


def _changed(rows: Iterable[Any], changed: list[Command]) -> list[Command]:
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
        "state": CommandState.QUEUED,
        "created_at": now,
        "expires_at": new.expires_at,
        "idempotency_key": new.idempotency_key or None,
    }

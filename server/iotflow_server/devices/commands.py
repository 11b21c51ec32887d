"""Orders to devices, kept until they are done, have failed or come too late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from iotflow_server.devices.database import Database
from iotflow_server.devices.device import device_not_found, utc_now
from iotflow_server.devices.models import CommandRow, DeviceRow
from iotflow_server.errors import FailedPrecondition, InvalidArgument, NotFound

OPEN = ("queued", "delivered")
OUTCOMES = ("succeeded", "failed")

# In the order of Command's fields.
COLUMNS = (
    CommandRow.id,
    CommandRow.device_id,
    CommandRow.name,
    CommandRow.parameters,
    CommandRow.state,
    CommandRow.created_at,
    CommandRow.delivered_at,
    CommandRow.finished_at,
    CommandRow.expires_at,
    CommandRow.result,
)


# Built once: devices ask for it again and again, and it takes longer to build than to run.
OPEN_OF_DEVICE = (
    select(*COLUMNS)
    .where(CommandRow.device_id == bindparam("device"), CommandRow.state.in_(OPEN))
    .order_by(CommandRow.id)
)


@dataclass(frozen=True, slots=True)
class Command:
    """state: queued, delivered, succeeded, failed, expired or cancelled. Times are aware, in UTC."""

    id: int
    device_id: int
    name: str
    parameters: dict[str, Any]
    state: str
    created_at: datetime
    delivered_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    result: dict[str, Any] | None


class Commands:
    """Every method may raise Unavailable."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def send(
        self,
        device_id: int,
        name: str,
        parameters: dict[str, Any],
        time_to_live: timedelta | None,
        idempotency_key: str,
    ) -> Command:
        """Queue a command, or find the one that this key made for this device before.

        Raises NotFound (DEVICE_NOT_FOUND).
        """
        now = self._clock()
        values = {
            "device_id": device_id,
            "name": name,
            "parameters": parameters,
            "state": "queued",
            "created_at": now,
            "expires_at": None if time_to_live is None else now + time_to_live,
            "idempotency_key": idempotency_key or None,
        }
        try:
            return await self._database.write(lambda connection: _send(connection, values))
        except IntegrityError:
            # The same key, or the end of the device, came in between: now it can be seen.
            return await self._database.write(lambda connection: _send(connection, values))

    async def deliver(self, device_id: int) -> list[Command]:
        """Those neither finished nor expired, oldest first; queued ones become delivered."""
        now = self._clock()
        waiting = await self._database.read(lambda connection: _open(connection, device_id))
        # Devices ask often and seldom get something new: no write then.
        if all(command.state == "delivered" and not _is_late(command, now) for command in waiting):
            return waiting
        return await self._database.write(lambda connection: _deliver(connection, device_id, now))

    async def acknowledge(self, device_id: int, command_id: int, state: str, result: dict[str, Any] | None) -> Command:
        """End a command as succeeded or failed. The same state again changes nothing.

        One that expired after it was delivered still ends as the device says. Raises NotFound (COMMAND_NOT_FOUND),
        FailedPrecondition (COMMAND_ENDED) where it has ended otherwise, InvalidArgument for another state.
        """
        if state not in OUTCOMES:
            raise InvalidArgument("state", "A command ends as succeeded or failed.")
        outcome = {"state": state, "result": result, "finished_at": self._clock()}
        return await self._database.write(lambda connection: _acknowledge(connection, device_id, command_id, outcome))

    async def open_count(self) -> int:
        """Of all devices, neither finished nor expired."""
        in_time = or_(CommandRow.expires_at.is_(None), CommandRow.expires_at > self._clock())
        statement = select(func.count()).select_from(CommandRow).where(CommandRow.state.in_(OPEN), in_time)
        return await self._database.read(lambda connection: connection.scalar(statement) or 0)


def _command(row: Sequence[Any]) -> Command:
    return Command(*row)


def _open(connection: Connection, device_id: int) -> list[Command]:
    return [_command(row) for row in connection.execute(OPEN_OF_DEVICE, {"device": device_id})]


def _is_late(command: Command, now: datetime) -> bool:
    return command.expires_at is not None and command.expires_at <= now


def _send(connection: Connection, values: dict[str, Any]) -> Command:
    device_id, key = values["device_id"], values["idempotency_key"]
    if key is not None:
        same = select(*COLUMNS).where(CommandRow.device_id == device_id, CommandRow.idempotency_key == key)
        row = connection.execute(same).one_or_none()
        if row is not None:
            return _command(row)
    if connection.scalar(select(DeviceRow.id).where(DeviceRow.id == device_id)) is None:
        raise device_not_found(device_id)
    return _command(connection.execute(insert(CommandRow).returning(*COLUMNS), values).one())


def _deliver(connection: Connection, device_id: int, now: datetime) -> list[Command]:
    def advance(condition: ColumnElement[bool], **values: Any) -> None:
        of_device = and_(CommandRow.device_id == device_id, CommandRow.state.in_(OPEN))
        connection.execute(update(CommandRow).where(of_device, condition).values(values))

    advance(CommandRow.expires_at <= now, state="expired", finished_at=now)
    advance(CommandRow.state == "queued", state="delivered", delivered_at=now)
    return _open(connection, device_id)


def _acknowledge(connection: Connection, device_id: int, command_id: int, outcome: dict[str, Any]) -> Command:
    this = and_(CommandRow.id == command_id, CommandRow.device_id == device_id)
    carried_out_late = and_(CommandRow.state == "expired", CommandRow.delivered_at.is_not(None))
    may_end = or_(CommandRow.state.in_(OPEN), carried_out_late)
    ended = update(CommandRow).where(this, may_end).values(outcome).returning(*COLUMNS)
    row = connection.execute(ended).one_or_none() or connection.execute(select(*COLUMNS).where(this)).one_or_none()
    if row is None:
        raise NotFound("COMMAND_NOT_FOUND", f"The device has no command {command_id}.")
    if row.state != outcome["state"]:
        raise FailedPrecondition("COMMAND_ENDED", f"Command {command_id} has ended as {row.state}.")
    return _command(row)

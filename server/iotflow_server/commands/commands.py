"""Commands to devices, stored until they succeed, fail, expire or are cancelled."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from iotflow.words import CommandState
from iotflow_server.commands import transactions as steps
from iotflow_server.commands.command import COMMAND_COLUMNS, OUTCOMES, Command, CommandResult, NewCommand, commands_of
from iotflow_server.db.database import Database
from iotflow_server.db.json_documents import check_size
from iotflow_server.db.models import CommandRow
from iotflow_server.devices.device import utc_now
from iotflow_server.errors import DomainError, FailedPrecondition, InvalidArgument, NotFound, Unavailable
from iotflow_server.streams.change_feed import ChangeFeed

T = TypeVar("T")
# Changes commands, and appends the changed ones to the list.
Step = Callable[[Connection, list[Command]], T]


class Commands:
    """Every method may raise Unavailable. changes: every change is published here once it is durable."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = utc_now, changes: ChangeFeed[Command] | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self.changes: ChangeFeed[Command] = changes or ChangeFeed()

    async def send(
        self,
        device_id: int,
        name: str,
        parameters: dict[str, Any],
        time_to_live: timedelta | None,
        idempotency_key: str,
        *,
        actor: str,
    ) -> Command:
        """Queue a command, or return the earlier command with this idempotency key and device.

        Raises NotFound (DEVICE_NOT_FOUND), LimitExceeded (COMMANDS_WAITING), InvalidArgument for too large parameters.
        """
        now = self._clock()
        new = _new(actor, name, parameters, _end(now, time_to_live), idempotency_key)
        return await self._sent(
            device_id, lambda connection, changed: steps.send(connection, device_id, new, now, changed)
        )

    async def send_to_group(
        self,
        device_type: str,
        name: str,
        parameters: dict[str, Any],
        time_to_live: timedelta | None,
        idempotency_key: str,
        *,
        actor: str,
        announced: bool = False,
    ) -> steps.GroupOutcome:
        """Queue a command for each device of this type that is not inactive; all of them or, after an exception, none.

        announced: whether gateways also publish it to the group topic. Raises InvalidArgument for too large parameters.
        """
        now = self._clock()
        new = _new(actor, name, parameters, _end(now, time_to_live), idempotency_key, announced=announced)
        return await self._sent(
            None, lambda connection, changed: steps.send_to_group(connection, device_type, new, now, changed)
        )

    async def deliver(self, device_id: int) -> list[Command]:
        """The commands that are neither finished nor expired, oldest first; queued ones become delivered."""
        waiting = await self._database.read(lambda connection: steps.open_of(connection, device_id))
        now = self._clock()
        # Devices poll often and seldom find a new command; then there is no write.
        if all(command.state == CommandState.DELIVERED and not steps.is_late(command, now) for command in waiting):
            return waiting
        # The time of the transaction, so that no command is sent after its delivery.
        return await self._write(
            device_id, lambda connection, changed: steps.deliver(connection, device_id, self._clock(), changed)
        )

    async def hand_over(self, device_id: int, command_id: int) -> Command:
        """Record that a gateway has delivered the command. A command that has ended keeps its state.

        Raises NotFound (COMMAND_NOT_FOUND).
        """
        now = self._clock()
        return await self._write(
            device_id, lambda connection, changed: steps.hand_over(connection, device_id, command_id, now, changed)
        )

    async def acknowledge(self, device_id: int, command_id: int, state: str, result: dict[str, Any] | None) -> Command:
        """End a command as succeeded or failed. The same state again changes nothing.

        A command that expired or was cancelled after its delivery takes the state that the device reports. Raises NotFound
        (COMMAND_NOT_FOUND), FailedPrecondition (COMMAND_ENDED) if it has another final state, InvalidArgument for other states.
        """
        if state not in OUTCOMES:
            raise InvalidArgument("state", "state must be succeeded or failed.")
        check_size("result", result, steps.MOST_BYTES)
        outcome = {"state": state, "result": result, "now": self._clock()}
        return await self._write(
            device_id,
            lambda connection, changed: steps.acknowledge(connection, device_id, command_id, outcome, changed),
        )

    async def record_results(self, answers: Sequence[CommandResult]) -> list[Command | DomainError]:
        """Record results in this order in one transaction; return each command, or the error of its result.

        delivered: see hand_over; succeeded, failed: see acknowledge.
        """
        now = self._clock()

        # Sorted by command, stably: transactions lock the same rows in the same order.
        order = sorted(range(len(answers)), key=lambda place: answers[place].command_id)

        def step(connection: Connection, changed: list[Command]) -> list[Command | DomainError]:
            outcomes = {place: _recorded(connection, answers[place], now, changed) for place in order}
            return [outcomes[place] for place in range(len(answers))]

        try:
            return await self._write(None, step)
        except InvalidArgument as refusal:
            # A result that cannot be stored fails the whole transaction; each is repeated alone.
            if len(answers) == 1:
                return [refusal]
            return [one for answer in answers for one in await self.record_results([answer])]

    async def cancel(self, command_id: int, *, actor: str) -> Command:
        """Cancel a command that has not ended; a repetition changes nothing.

        Raises NotFound (COMMAND_NOT_FOUND), FailedPrecondition (COMMAND_ENDED).
        """
        now = self._clock()
        return await self._write(
            None, lambda connection, changed: steps.cancel(connection, command_id, actor, now, changed)
        )

    async def expire(self) -> datetime | None:
        """Expire the commands whose time is over, and return the next expiry time."""
        while (late := await self._database.read(steps.next_expiry)) is not None and late <= self._clock():
            now = self._clock()
            await self._write(None, lambda connection, changed: steps.expire(connection, now, changed))  # noqa: B023
        return late

    async def get(self, command_id: int) -> Command:
        """Raises NotFound (COMMAND_NOT_FOUND)."""
        found = await self._database.read(lambda connection: steps.by_id(connection, command_id))
        if found is None:
            raise NotFound("COMMAND_NOT_FOUND", f"There is no command {command_id}.")
        return found

    async def of_group(self, device_id: int, group_command: str) -> int:
        """The id of the device's command of a group command. Raises NotFound (COMMAND_NOT_FOUND)."""
        found = await self._database.read(lambda connection: steps.of_group(connection, device_id, group_command))
        if found is None:
            raise NotFound("COMMAND_NOT_FOUND", f"The device has no command of {group_command!r}.")
        return found

    async def get_many(self, ids: Sequence[int]) -> list[Command]:
        """The commands that exist, by id."""
        statement = select(*COMMAND_COLUMNS).where(steps.among(ids)).order_by(CommandRow.id)
        return await self._database.read(lambda connection: commands_of(connection.execute(statement)))

    async def page(self, device_id: int, state: str, before_id: int | None, size: int) -> list[Command]:
        """Newest first, with ids below before_id where it is given. device_id 0, state empty: any."""
        statement = select(*COMMAND_COLUMNS).order_by(CommandRow.id.desc()).limit(size)
        if device_id:
            statement = statement.where(CommandRow.device_id == device_id)
        if state:
            statement = statement.where(CommandRow.state == state)
        if before_id is not None:
            statement = statement.where(CommandRow.id < before_id)
        return await self._database.read(lambda connection: commands_of(connection.execute(statement)))

    async def open_count(self) -> int:
        """The number of commands of all devices that are neither finished nor expired."""
        statement = select(func.count()).select_from(CommandRow).where(steps.in_time(self._clock()))
        return await self._database.read(lambda connection: connection.scalar(statement) or 0)

    async def _sent(self, device_id: int | None, step: Step[T]) -> T:
        try:
            return await self._write(device_id, step)
        except IntegrityError:
            # A concurrent transaction used the same key or removed the device; its result is visible now.
            return await self._write(device_id, step)

    async def _write(self, device_id: int | None, step: Step[T]) -> T:
        changed: list[Command] = []

        def work(connection: Connection) -> T:
            # Reset, because the database may run the function again.
            changed.clear()
            return step(connection, changed)

        try:
            outcome = await self._database.write(work)
        except (asyncio.CancelledError, Unavailable):
            # The transaction may have been committed.
            self.changes.mark_gap(device_id)
            raise
        self.changes.publish(changed)
        return outcome


def _recorded(
    connection: Connection, answer: CommandResult, now: datetime, changed: list[Command]
) -> Command | DomainError:
    try:
        return steps.record_result(connection, answer, now, changed)
    except (NotFound, FailedPrecondition) as refusal:
        # Raised before the first change.
        return refusal


def _new(
    actor: str,
    name: str,
    parameters: dict[str, Any],
    expires_at: datetime | None,
    idempotency_key: str,
    *,
    announced: bool = False,
) -> NewCommand:
    check_size("parameters", parameters, steps.MOST_BYTES)
    return NewCommand(actor, name, parameters, expires_at, idempotency_key, announced)


def _end(now: datetime, time_to_live: timedelta | None) -> datetime | None:
    return None if time_to_live is None else now + time_to_live

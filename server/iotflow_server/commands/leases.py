"""Queued commands as they are offered to gateways, each to one gateway at a time.

Several gateways may share one broker: offered to all of them, a device would get each command as often as there are
gateways. What a gateway has not answered in time, or had when it went, is offered again.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, or_, select, update
from sqlalchemy.orm import aliased

from iotflow.words import CommandState, DeviceStatus
from iotflow_server.commands.command import COMMAND_COLUMNS, Command, commands_of
from iotflow_server.commands.transactions import NOBODY
from iotflow_server.db.database import Database
from iotflow_server.db.models import CommandRow, DeviceRow
from iotflow_server.devices.change_feed import ChangeFeed
from iotflow_server.devices.device import utc_now

# How long a gateway may take to answer.
LEASE = timedelta(seconds=30)
FEW_DEVICES = 1_000

QUEUED = CommandRow.state == CommandState.QUEUED
OFFERED = select(*COMMAND_COLUMNS, DeviceRow.name, DeviceRow.device_type).join(
    DeviceRow, DeviceRow.id == CommandRow.device_id
)


@dataclass(frozen=True, slots=True)
class CommandLease:
    """A command and whom it is for. announced: for the group as a whole, not for the device."""

    command: Command
    device_name: str
    device_type: str
    announced: bool = False


class CommandLeases:
    """gateway: a name that no other open stream has. Every method may raise Unavailable.

    What can be offered again is told by news.
    """

    def __init__(
        self, database: Database, changes: ChangeFeed[Command], clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock
        self._back: dict[int, float] = {}
        self._back_bound = FEW_DEVICES

    async def take(self, gateway: str, most: int) -> list[CommandLease]:
        """Some of the queued commands that are not with another gateway or resting, oldest first; they are this gateway's now.

        A device's commands stay in order: none is taken while an earlier one is with another gateway or resting. Those of
        inactive devices wait.
        """
        now = self._clock()
        found = await self._database.read(lambda connection: _free(connection, gateway, now, most))
        # Gateways look often and seldom find something: no write then.
        if not found:
            return []
        ids = [offer.command.id for offer in found]
        taken = await self._database.write(lambda connection: _take(connection, gateway, ids, now))
        return [offer for offer in found if offer.command.id in taken]

    async def announcements(self) -> list[CommandLease]:
        """Commands that groups are still to be told of, oldest first; any gateway may tell them, and several may."""
        now = self._clock()
        statement = OFFERED.where(CommandRow.announced.is_not(None), _in_time(now)).order_by(CommandRow.id)
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return [replace(offer, announced=True) for offer in _offers(rows)]

    async def release_for(self, device_ids: Collection[int]) -> None:
        """Offer what rests of these devices."""
        self._note_back(device_ids)
        # Written into the statement: both databases limit the number of parameters.
        ids: BindParameter[list[int]] = bindparam(
            "ids", [int(one) for one in device_ids], expanding=True, literal_execute=True
        )
        resting = and_(QUEUED, CommandRow.device_id.in_(ids), CommandRow.taken_by == NOBODY)
        # Devices come back often and seldom have something waiting: no write then.
        if await self._database.read(
            lambda connection: connection.execute(select(CommandRow.id).where(resting)).first()
        ):
            await self._free_again(resting)

    def came_back(self, device_id: int, since: float) -> bool:
        """Whether the device came back since then, by time.monotonic(), at most LEASE ago: who said later that it cannot be reached
        may have tried before."""
        return self._back.get(device_id, -math.inf) >= since

    def _note_back(self, device_ids: Collection[int]) -> None:
        now = time.monotonic()
        self._back.update(dict.fromkeys(device_ids, now))
        if len(self._back) > self._back_bound:
            self._back = {device_id: at for device_id, at in self._back.items() if at >= now - LEASE.total_seconds()}
            # Looked through again when it has doubled: each device costs the same, however many there are.
            self._back_bound = max(FEW_DEVICES, 2 * len(self._back))

    async def release(self, gateway: str) -> None:
        """Offer what this gateway has not answered to others."""
        await self._free_again(and_(QUEUED, CommandRow.taken_by == gateway))

    async def release_all(self) -> None:
        """The same for all gateways, where none can have a stream: after a crash they would wait for the end of its time."""
        await self._free_again(and_(QUEUED, CommandRow.taken_by.is_not(None), CommandRow.taken_by != NOBODY))

    async def _free_again(self, which: ColumnElement[bool]) -> None:
        freed = update(CommandRow).where(which).values(taken_by=None, taken_until=None).returning(*COMMAND_COLUMNS)
        self._changes.publish(await self._database.write(lambda connection: commands_of(connection.execute(freed))))


def _free(connection: Connection, gateway: str, now: datetime, most: int) -> list[CommandLease]:
    earlier = aliased(CommandRow)
    elsewhere = (
        select(earlier.id)
        .where(
            earlier.device_id == CommandRow.device_id,
            earlier.id < CommandRow.id,
            earlier.state == CommandState.QUEUED,
            earlier.taken_until > now,
            earlier.taken_by != gateway,
        )
        .exists()
    )
    statement = (
        OFFERED.where(_is_free(now), ~elsewhere, DeviceRow.status != DeviceStatus.INACTIVE, _in_time(now))
        .order_by(CommandRow.id)
        .limit(most)
    )
    return _offers(connection.execute(statement))


def _offers(rows: Iterable[Any]) -> list[CommandLease]:
    width = len(COMMAND_COLUMNS)
    return [CommandLease(Command(*row[:width]), *row[width:]) for row in rows]


def _in_time(now: datetime) -> ColumnElement[bool]:
    return or_(CommandRow.expires_at.is_(None), CommandRow.expires_at > now)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(QUEUED, or_(CommandRow.taken_until.is_(None), CommandRow.taken_until <= now))


def _take(connection: Connection, gateway: str, ids: Collection[int], now: datetime) -> set[int]:
    taken = update(CommandRow).where(CommandRow.id.in_(ids), _is_free(now))
    values = {"taken_by": gateway, "taken_until": now + LEASE}
    return set(connection.scalars(taken.values(values).returning(CommandRow.id)))

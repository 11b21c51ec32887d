"""Leases of queued commands: each command is leased to one gateway at a time.

Several gateways may share one broker. Without leases, each of them would send every command to the device. A lease that
expires, or whose gateway disconnects, is released, and another gateway may take the command.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cachetools import TTLCache
from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, case, func, not_, or_, select, update
from sqlalchemy.orm import aliased

from iotflow.words import CommandState, DeviceStatus
from iotflow_server.commands.command import COMMAND_COLUMNS, Command, commands_of
from iotflow_server.commands.transactions import HELD_BACK
from iotflow_server.db.database import Database
from iotflow_server.db.models import CommandRow, DeviceRow
from iotflow_server.devices.device import utc_now
from iotflow_server.streams.change_feed import ChangeFeed

# The time in which a gateway must report the result.
LEASE = timedelta(seconds=30)

QUEUED = CommandRow.state == CommandState.QUEUED
OFFERED = select(*COMMAND_COLUMNS, DeviceRow.name, DeviceRow.device_type).join(
    DeviceRow, DeviceRow.id == CommandRow.device_id
)


@dataclass(frozen=True, slots=True)
class CommandLease:
    """A command and its device. announced: to be published to the group topic, not to the device."""

    command: Command
    device_name: str
    device_type: str
    announced: bool = False


class CommandLeases:
    """gateway: a name that is unique among open streams. Every method may raise Unavailable.

    Released commands are published to changes. timer: seconds, as those of time.monotonic().
    """

    def __init__(
        self,
        database: Database,
        changes: ChangeFeed[Command],
        clock: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock
        self._timer = timer
        # The time of the last reconnection, by device.
        self._reconnected: TTLCache[int, float] = TTLCache(math.inf, LEASE.total_seconds(), timer)

    async def take(self, gateway: str, most: int) -> list[CommandLease]:
        """Lease up to `most` queued commands without a lease to this gateway, oldest first.

        The commands of a device stay in order: a command is not leased while another gateway has a lease of an earlier one, or
        an earlier one is held back from this gateway. Commands of inactive devices wait.
        """
        now = self._clock()
        found = await self._database.read(lambda connection: _free(connection, gateway, now, most))
        # Gateways poll often and seldom find a command; then there is no write.
        if not found:
            return []
        ids = [lease.command.id for lease in found]
        taken = await self._database.write(lambda connection: _take(connection, gateway, ids, now))
        return [lease for lease in found if lease.command.id in taken]

    async def announcements(self) -> list[CommandLease]:
        """Commands that are not yet published to their group topics, oldest first; several gateways may publish them."""
        now = self._clock()
        statement = OFFERED.where(CommandRow.announced.is_not(None), _in_time(now)).order_by(CommandRow.id)
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return [replace(lease, announced=True) for lease in _leases(rows)]

    async def release_for(self, device_ids: Collection[int]) -> None:
        """Release the commands of these devices that are held back because the device was unreachable."""
        self._reconnected.update(dict.fromkeys(device_ids, self._timer()))
        # Literals, because both databases limit the number of parameters.
        ids: BindParameter[list[int]] = bindparam(
            "ids", [int(one) for one in device_ids], expanding=True, literal_execute=True
        )
        resting = and_(QUEUED, CommandRow.device_id.in_(ids), CommandRow.leased_by == HELD_BACK)
        # Devices reconnect often and seldom have a waiting command; then there is no write.
        if await self._database.read(
            lambda connection: connection.execute(select(CommandRow.id).where(resting)).first()
        ):
            await self._release(resting)

    def has_reconnected(self, device_id: int, since: float) -> bool:
        """Whether the device reconnected since this time.monotonic(), within the last LEASE.

        A later report that the device is unreachable may refer to an attempt before the reconnection.
        """
        return self._reconnected.get(device_id, -math.inf) >= since

    async def release(self, gateway: str) -> None:
        """Release all leases of this gateway."""
        await self._release(and_(QUEUED, CommandRow.leased_by == gateway))

    async def release_all(self) -> None:
        """Release all leases, at the start of a sole server: after a crash, commands would wait for the end of their leases."""
        await self._release(and_(QUEUED, CommandRow.leased_by.is_not(None), CommandRow.leased_by != HELD_BACK))

    async def _release(self, which: ColumnElement[bool]) -> None:
        unleased = {"leased_by": None, "leased_until": None, "unreachable_by": None}
        freed = update(CommandRow).where(which).values(unleased).returning(*COMMAND_COLUMNS)
        self._changes.publish(await self._database.write(lambda connection: commands_of(connection.execute(freed))))


def _free(connection: Connection, gateway: str, now: datetime, most: int) -> list[CommandLease]:
    earlier = aliased(CommandRow)
    elsewhere = (
        select(earlier.id)
        .where(
            earlier.device_id == CommandRow.device_id,
            earlier.id < CommandRow.id,
            earlier.state == CommandState.QUEUED,
            earlier.leased_until > now,
            earlier.leased_by != gateway,
            not_(_is_held_from_others(earlier, gateway)),
        )
        .exists()
    )
    statement = (
        OFFERED.where(_is_free(gateway, now), ~elsewhere, DeviceRow.status != DeviceStatus.INACTIVE, _in_time(now))
        .order_by(CommandRow.id)
        .limit(most)
    )
    return _leases(connection.execute(statement))


def _leases(rows: Iterable[Any]) -> list[CommandLease]:
    width = len(COMMAND_COLUMNS)
    return [CommandLease(Command(*row[:width]), *row[width:]) for row in rows]


def _in_time(now: datetime) -> ColumnElement[bool]:
    return or_(CommandRow.expires_at.is_(None), CommandRow.expires_at > now)


def _is_free(gateway: str, now: datetime) -> ColumnElement[bool]:
    is_over = or_(CommandRow.leased_until.is_(None), CommandRow.leased_until <= now)
    return and_(QUEUED, or_(is_over, _is_held_from_others(CommandRow, gateway)))


def _is_held_from_others(row: type[CommandRow], gateway: str) -> ColumnElement[bool]:
    """Whether a command is held back, and this gateway has not tried to reach its device."""
    tried = func.coalesce(row.unreachable_by, f"{gateway} ")
    return and_(row.leased_by == HELD_BACK, not_(tried.contains(f"{gateway} ", autoescape=True)))


def _take(connection: Connection, gateway: str, ids: Collection[int], now: datetime) -> set[int]:
    taken = update(CommandRow).where(CommandRow.id.in_(ids), _is_free(gateway, now))
    # Gateways that tried before the end of the hold may try again.
    tried = case((CommandRow.leased_until > now, CommandRow.unreachable_by), else_=None)
    values = {"leased_by": gateway, "leased_until": now + LEASE, "unreachable_by": tried}
    return set(connection.scalars(taken.values(values).returning(CommandRow.id)))

"""Reads back the readings of a ledger, and compares."""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from iotflow.connection import Connection
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.verify.broker_kills import BrokerKill, noted_kills
from iotflow_simulators.verify.comparison import Comparison
from iotflow_simulators.verify.expected import expected
from iotflow_simulators.verify.findings import DoorCounts, FindingKind, Verification
from iotflow_simulators.verify.partition import Numbered, Parts
from iotflow_simulators.verify.status import EXCUSED, KEPT, MQTT_DOORS, REFUSED, UNKNOWN, Statuses, statuses
from iotflow_simulators.verify.stored import stored_columns

# Devices in one request, of which the server sends one after another.
DEVICES = 500
PAUSE_SECONDS = 2.0
_COUNTER = {UNKNOWN: "unknown", KEPT: "acknowledged", EXCUSED: "acknowledged", REFUSED: "refused"}


def nothing(_: int, __: int) -> None:
    """The default of progress."""


async def verify(
    ledger: Ledger,
    connection: Connection,
    progress: Callable[[int, int], None] = nothing,
    kills: Sequence[BrokerKill] = (),
) -> Verification:
    """Compare every reading of the ledger with the store. connection: with the credentials of a reader of all devices.

    progress: called with the number of verified devices and of all. kills: of Mosquitto, beside those that the ledger has. Raises
    SimulationError and ServerError.
    """
    kills = [*noted_kills(ledger), *kills]
    result = Verification(notes=[*_notes(ledger), *map(str, kills)])
    for device in ledger.devices:
        result.doors.setdefault(device.door, DoorCounts())
    fates = statuses(ledger, kills)
    result.reasons = fates.reasons
    with tempfile.TemporaryDirectory(prefix="iotflow-verify-") as folder:
        parts = Parts(Path(folder), ledger)
        done = 0
        for part in range(parts.count):
            rows = _by_device(parts, part)
            members = list(range(part, len(ledger.devices), parts.count))
            for first in range(0, len(members), DEVICES):
                chosen = members[first : first + DEVICES]
                await _compare(ledger, chosen, rows, fates, connection, result)
                done += len(chosen)
                progress(done, len(ledger.devices))
    return result


async def verify_patiently(
    ledger: Ledger,
    connection: Connection,
    wait: float,
    progress: Callable[[int, int], None] = nothing,
    kills: Sequence[BrokerKill] = (),
) -> Verification:
    """As verify(), and again while readings of MQTT are missing and become fewer: a broker acknowledges before the service has
    stored them. wait: the most seconds without any that arrives."""
    result = await verify(ledger, connection, progress, kills)
    fewest, deadline = _missing(result), time.monotonic() + wait
    while fewest and time.monotonic() < deadline:
        await asyncio.sleep(PAUSE_SECONDS)
        result = await verify(ledger, connection, progress, kills)
        if _missing(result) < fewest:
            fewest, deadline = _missing(result), time.monotonic() + wait
    return result


def _missing(result: Verification) -> int:
    return sum(counts.found[FindingKind.LOST] for door, counts in result.doors.items() if door in MQTT_DOORS)


def _by_device(parts: Parts, part: int) -> dict[int, list[Numbered]]:
    rows: dict[int, list[Numbered]] = defaultdict(list)
    for row in parts.rows(part):
        rows[row.entry.device].append(row)
    return rows


async def _compare(
    ledger: Ledger,
    members: list[int],
    rows: dict[int, list[Numbered]],
    fates: Statuses,
    connection: Connection,
    result: Verification,
) -> None:
    """Compare some devices, and forget their readings. The store sends the devices one after another."""
    owners = {ledger.devices[member].id: member for member in members}
    comparison: Comparison | None = None
    async for column in stored_columns(connection, sorted(owners)):
        if comparison is None or comparison.device.id != column.device_id:
            _end(comparison, result)
            comparison = _comparison(ledger, owners.pop(column.device_id), rows, fates, result)
        comparison.add(column)
    _end(comparison, result)
    for member in owners.values():
        _end(_comparison(ledger, member, rows, fates, result), result)


def _comparison(
    ledger: Ledger, member: int, rows: dict[int, list[Numbered]], fates: Statuses, result: Verification
) -> Comparison:
    device, own = ledger.devices[member], rows.pop(member, [])
    counts = result.doors[device.door]
    for number, entry in own:
        if entry.is_malformed:
            counts.malformed += 1
            continue
        name = _COUNTER[int(fates.of[number])]
        counts.sent += 1
        setattr(counts, name, getattr(counts, name) + 1)
    return Comparison(device, expected(own, device.door, fates), fates)


def _end(comparison: Comparison | None, result: Verification) -> None:
    if comparison is not None:
        comparison.end()
        result.add(comparison.findings)


def _notes(ledger: Ledger) -> list[str]:
    notes = []
    if ledger.truncated:
        notes.append(
            f"The last record of the ledger is incomplete ({ledger.truncated} bytes): the simulator was killed."
        )
    elif not ledger.is_ended:
        notes.append("The ledger has no end: the simulator was killed, or still runs.")
    return notes

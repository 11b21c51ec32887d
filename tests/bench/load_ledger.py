"""The ledger of a run of mqttload: its readings and their times follow from the arguments, their fates from the file of fates."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from iotflow_simulators.ledger.entries import DeviceEntry, Header, ReadingEntry
from iotflow_simulators.ledger.writer import LedgerWriter
from tests.bench.mqtt_load import Load, LoadResult

_ACKNOWLEDGED = ord("1")
# Readings of a record of the ledger.
_GROUP = 50_000


def write_ledger(path: Path, logins: Path, fates: Path, load: Load, result: LoadResult, server: str) -> None:
    """Write a ledger that `iotflow verify` takes."""
    ids = [int(line.split()[0]) for line in logins.read_text().splitlines()]
    devices = [DeviceEntry(f"load-{number:05}", one, "mqtt", is_new=True) for number, one in enumerate(ids)]
    codes = fates.read_bytes().splitlines()
    header = Header("mqttload", 0, "", result.first, result.first, server)
    with LedgerWriter(path, header, devices) as ledger:
        count = 0
        for group in _groups(_readings(codes, load, result.first)):
            ledger.add_readings(group)
            for number, reading in enumerate(group, count):
                if codes[reading.device][reading.sequence] == _ACKNOWLEDGED:
                    ledger.acknowledge(number)
            count += len(group)
        ledger.end(count)


def _readings(codes: Sequence[bytes], load: Load, first: int) -> Iterator[ReadingEntry]:
    """All messages that were sent, in the order of their times."""
    interval, devices = round(load.interval * 1e9), len(codes)
    for message in range(max(map(len, codes))):
        for device, fates in enumerate(codes):
            if message < len(fates):
                due = first * 1_000_000 + device * interval // devices + message * interval
                yield ReadingEntry(device, message, due // 1_000_000, _values(device, message, load.fields))


def _values(device: int, message: int, fields: int) -> bytes:
    """The generator has the same rule."""
    numbers = ((device * 7_919 + message * 104_729 + field * 1_299_709) % 10_000 / 100 for field in range(fields))
    return orjson.dumps({f"m{field}": number for field, number in enumerate(numbers)})


def _groups(readings: Iterator[ReadingEntry]) -> Iterator[list[ReadingEntry]]:
    group: list[ReadingEntry] = []
    for reading in readings:
        group.append(reading)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group

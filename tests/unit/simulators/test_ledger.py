"""Ledgers: what is written is read, an incomplete end is accepted, and any other damage is named with its place."""

import resource
import signal
from collections import deque
from dataclasses import asdict
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest

from iotflow_simulators import SimulationError
from iotflow_simulators.generation.digest import ReadingsDigest
from iotflow_simulators.generation.events import Reading
from iotflow_simulators.ledger.entries import (
    ACKNOWLEDGED,
    FIRST_REASON,
    DeviceEntry,
    EventEntry,
    Fates,
    Header,
    ReadingEntry,
    Reason,
    encoded_devices,
    encoded_fates,
    encoded_readings,
)
from iotflow_simulators.ledger.frames import MAGIC, FrameReader, Kind, LedgerDamaged, framed
from iotflow_simulators.ledger.hashing import readings_hash
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.ledger.writer import LedgerWriter

HEADER = Header("example", 7, "abc", 1_768_435_200_000, 1_768_435_200_500, "127.0.0.1:50051", 2.0)
DEVICES = [DeviceEntry("kitchen", 3, "mqtt", True), DeviceEntry("großer Saal", 2**31 - 1, "rest", False)]
READINGS = [
    ReadingEntry(0, 0, 1_768_435_200_000, b'{"temperature":21.5,"open":true}'),
    ReadingEntry(1, 2**40, -5, b'{"text":"a\\nb"}'),
    ReadingEntry(0, 1, 1_768_435_201_000, b'["empty",""]', True),
]


def written(path: Path) -> Path:
    """A ledger with every kind of record."""
    with LedgerWriter(path, HEADER, DEVICES) as ledger:
        ledger.add_readings(READINGS)
        ledger.acknowledge(1)
        ledger.refuse(0, "TYPE_CONFLICT", "open", "open is kept as TEXT")
        ledger.acknowledge(0)
        ledger.refuse(2, "BAD_JSON")
        ledger.event("server_killed", pid=5)
        ledger.end(3)
    return path


def offsets(path: Path) -> list[int]:
    """The first bytes of all records."""
    with path.open("rb") as file:
        return [frame.offset for frame in FrameReader(file, "ledger")]


def test_everything_that_is_written_is_read(tmp_path: Path) -> None:
    ledger = Ledger(written(tmp_path / "ledger"))
    assert ledger.header == HEADER
    assert ledger.devices == DEVICES
    assert list(chain(*ledger.rows())) == READINGS
    assert ledger.reasons == [Reason("TYPE_CONFLICT", "open", "open is kept as TEXT"), Reason("BAD_JSON")]
    [fates] = ledger.fates()
    assert list(zip(fates.numbers.tolist(), fates.codes.tolist(), strict=True)) == [
        (1, ACKNOWLEDGED),
        (0, FIRST_REASON),
        (0, ACKNOWLEDGED),
        (2, FIRST_REASON + 1),
    ]
    assert 0 < fates.first <= fates.last
    assert ledger.events == [EventEntry("server_killed", ledger.events[0].at, {"pid": 5})]
    assert (ledger.readings, ledger.truncated, ledger.is_ended) == (3, 0, True)


def test_readings_after_the_last_due_one_are_not_read(tmp_path: Path) -> None:
    with LedgerWriter(tmp_path / "ledger", HEADER, DEVICES) as ledger:
        ledger.add_readings(READINGS[:2])
        ledger.add_readings(READINGS[2:])
        ledger.end(1)
    assert list(chain(*Ledger(tmp_path / "ledger").rows())) == READINGS[:1]


def test_a_ledger_is_not_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path / "ledger")
    content = path.read_bytes()
    with pytest.raises(SimulationError, match="exists"):
        LedgerWriter(path, HEADER, DEVICES)
    assert path.read_bytes() == content


def test_the_hash_is_that_of_the_readings(tmp_path: Path) -> None:
    digest = ReadingsDigest()
    digest.add("großer Saal", Reading(1, 2**40, 0, -5, {"text": "a\nb"}))
    digest.add("kitchen", Reading(0, 0, 99, 1_768_435_200_000, {"open": True, "temperature": 21.5}))
    assert readings_hash(Ledger(written(tmp_path / "ledger"))) == digest.hexdigest()


def test_a_last_record_that_ends_at_any_byte_is_reported(tmp_path: Path) -> None:
    content = written(tmp_path / "whole").read_bytes()
    last = offsets(tmp_path / "whole")[-1]
    part = tmp_path / "part"
    for size in range(last, len(content)):
        part.write_bytes(content[:size])
        ledger = Ledger(part)
        assert (ledger.truncated, ledger.is_ended, ledger.readings) == (size - last, False, 3)
        assert len(list(ledger.fates())) == 1


def test_any_changed_byte_is_named_with_its_place(tmp_path: Path) -> None:
    content = written(tmp_path / "whole").read_bytes()
    damaged = tmp_path / "damaged"
    for place in range(len(content)):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        with pytest.raises(LedgerDamaged, match="is no ledger" if place < len(MAGIC) else "at byte [0-9]+"):
            Ledger(damaged)


def test_a_missing_or_repeated_record_is_found(tmp_path: Path) -> None:
    path = written(tmp_path / "whole")
    content, places = path.read_bytes(), offsets(path)
    for begin, end in pairwise(places):
        for changed in (content[:begin] + content[end:], content[:end] + content[begin:]):
            path.write_bytes(changed)
            with pytest.raises(LedgerDamaged, match=f"at byte ({begin}|{end}): record [0-9]+ is expected"):
                Ledger(path)


def test_what_is_written_after_a_ledger_was_opened_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path / "ledger")
    whole = path.read_bytes()
    # Of the fates on, which come after the readings.
    path.write_bytes(whole[: offsets(path)[3]])
    ledger = Ledger(path)
    path.write_bytes(whole)
    assert list(chain(*ledger.rows())) == READINGS
    assert list(ledger.fates()) == []


HEAD = (Kind.HEADER, orjson.dumps(asdict(HEADER)))
KNOWN = [HEAD, (Kind.DEVICES, encoded_devices(DEVICES)), (Kind.READINGS, encoded_readings(READINGS))]


@pytest.mark.parametrize(
    "records",
    [
        [(Kind.HEADER, b"[]")],
        [(Kind.HEADER, b"{}")],
        [HEAD, (Kind.DEVICES, b"[5]")],
        [HEAD, KNOWN[2]],
        [HEAD, KNOWN[1], (Kind.READINGS, b"\xff\xff\xff\xff")],
        [*KNOWN, (Kind.FATES, encoded_fates(Fates(np.array([3]), np.array([ACKNOWLEDGED]), 0, 0)))],
        [*KNOWN, (Kind.FATES, encoded_fates(Fates(np.array([-1]), np.array([ACKNOWLEDGED]), 0, 0)))],
        [*KNOWN, (Kind.FATES, encoded_fates(Fates(np.array([0]), np.array([FIRST_REASON]), 0, 0)))],
        [*KNOWN, (Kind.REASON, b"[]")],
        [*KNOWN, (Kind.EVENT, b"{}")],
        [*KNOWN, (Kind.END, b'{"readings":4}')],
        [*KNOWN, (Kind.END, b'{"readings":"x"}')],
        [*KNOWN, (Kind.END, b"{}")],
    ],
)
def test_records_that_do_not_fit_each_other_are_named(tmp_path: Path, records: list[tuple[Kind, bytes]]) -> None:
    path = tmp_path / "ledger"
    path.write_bytes(MAGIC + b"".join(framed(kind, at, payload) for at, (kind, payload) in enumerate(records)))
    with pytest.raises(LedgerDamaged, match=f"{path} is damaged at byte|has no header"):
        ledger = Ledger(path)
        deque(chain(ledger.rows(), ledger.fates()))


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    for content in (b"", b"time,value\n", MAGIC):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(LedgerDamaged, match="is no ledger|has no header"):
            Ledger(tmp_path / "file")
    with pytest.raises(SimulationError, match="cannot be read: No such file"):
        Ledger(tmp_path / "nothing")


def test_a_full_disk_is_named_with_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for bytes_left in (0, 100_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, limit[1]))
        try:
            with (
                pytest.raises(SimulationError, match=f"{path} cannot be written: "),
                LedgerWriter(path, HEADER, DEVICES) as ledger,
            ):
                for number in range(40_000):
                    ledger.add_readings([ReadingEntry(0, number, number, orjson.dumps({"text": str(number) * 20}))])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            path.unlink()

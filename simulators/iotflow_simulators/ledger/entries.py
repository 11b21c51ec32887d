"""What a ledger has, and the bytes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import orjson

from iotflow_simulators.ledger.columns import Numbers, packed, unpacked

_LINE = b"\n"


@dataclass(frozen=True, slots=True)
class Header:
    """The run. scenario: its name. scenario_hash: of its content. start: of the scenario, ms since 1970; began: of the run."""

    scenario: str
    seed: int
    scenario_hash: str
    start: int
    began: int
    server: str
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device. id: at the server. is_new: registered for this run, so that it had no readings before."""

    name: str
    id: int
    door: str
    is_new: bool


class ReadingEntry(NamedTuple):
    """A reading that is due. device: its index in the ledger's devices. values: JSON of an object; or, of a malformed payload, JSON
    of its kind and of its bytes in hexadecimal digits."""

    device: int
    sequence: int
    time: int
    values: bytes
    is_malformed: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why readings were refused. measurement: the only value that was; empty: the whole reading."""

    reason: str
    measurement: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of readings. numbers: of readings in the order of the ledger. codes: ACKNOWLEDGED, or the number of a Reason.
    first, last: when, ms since 1970."""

    numbers: Numbers
    codes: Numbers
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class EventEntry:
    """Something that happened, such as a disconnection. at: ms since 1970."""

    name: str
    at: int
    data: dict[str, Any]


ACKNOWLEDGED = 1
# Numbers of reasons begin here.
FIRST_REASON = 2


def encoded_readings(entries: Sequence[ReadingEntry]) -> bytes:
    """The readings as columns. Texts of JSON have no line breaks."""
    device, sequence, time, values, malformed = zip(*entries, strict=True)
    columns = [np.array(column, np.int64) for column in (device, sequence, time, malformed)]
    return packed(*columns, rest=_LINE.join(values))


def decoded_readings(payload: bytes) -> list[ReadingEntry]:
    """The readings of a record. Raises ValueError."""
    columns, rest = unpacked(payload, 4)
    texts = rest.split(_LINE)
    if len(texts) != len(columns[0]):
        raise ValueError("the number of values is wrong")
    device, sequence, time, malformed = (column.tolist() for column in columns)
    return list(map(ReadingEntry, device, sequence, time, texts, map(bool, malformed)))


def encoded_fates(fates: Fates) -> bytes:
    """The fates as columns."""
    times = np.array([fates.first, fates.last], "<i8").tobytes()
    return packed(fates.numbers, fates.codes, rest=times)


def decoded_fates(payload: bytes) -> Fates:
    """The fates of a record. Raises ValueError."""
    (numbers, codes), rest = unpacked(payload, 2)
    first, last = np.frombuffer(rest, "<i8").tolist()
    return Fates(numbers, codes, first, last)


def encoded_devices(devices: Iterable[DeviceEntry]) -> bytes:
    """The devices as JSON."""
    return orjson.dumps([[each.name, each.id, each.door, each.is_new] for each in devices])


def decoded_devices(payload: bytes) -> list[DeviceEntry]:
    """The devices of a record. Raises ValueError."""
    return [DeviceEntry(*each) for each in orjson.loads(payload)]


def encoded_object(entry: Header | Reason | EventEntry) -> bytes:
    """An entry as JSON."""
    return orjson.dumps(asdict(entry))

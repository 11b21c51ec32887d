"""The grammar of payloads: one reading, nested or flat, or a list of readings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from iotflow.readings.document import InvalidReading, exact_document
from iotflow.readings.times import InvalidTime, ShortTime, parse_time
from iotflow.readings.values import LONGEST_NAME, MOST_MEASUREMENTS, DigitsLost, Reading, ValueReader, ordinary_values

MOST_READINGS = 10_000
# Problems that are kept; further ones are only counted. A problem takes far more memory than its value.
MOST_PROBLEMS = 10_000
# A reading is {data, …}, or flat: measurements beside the keys of the envelope, which are never measurements.
TIME_KEYS = ("timestamp", "ts")
ENVELOPE = frozenset(
    {*TIME_KEYS, "data", "readings", "metadata", "api_key", "token", "device_id", "deviceId", "message_id", "atomic"}
)
_SHAPE = 'a reading is an object {"data": {…}}, or a flat object whose values are numbers, texts, booleans or null'


@dataclass(slots=True)
class Decoded:
    """problems: rejected readings (without a measurement) and rejected values, at most MOST_PROBLEMS. more_problems: number of
    further ones. notices: readings that are stored differently from their payload."""

    readings: list[Reading] = field(default_factory=list)
    problems: list[InvalidReading] = field(default_factory=list)
    notices: list[InvalidReading] = field(default_factory=list)
    more_problems: int = 0

    def refuse(self, problem: InvalidReading) -> None:
        """Add a problem, or count it where there are MOST_PROBLEMS."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1

    @property
    def is_ordinary(self) -> bool:
        """Whether the payload is one reading, all of which is stored as it is."""
        return len(self.readings) == 1 and not (self.problems or self.notices)

    @property
    def merged(self) -> int:
        """The number of readings that share the time, and so the row, of another reading."""
        if len(self.readings) < 2:
            return 0
        times = [reading.time for reading in self.readings if reading.time is not None]
        return len(times) - len(set(times))


def decode(payload: bytes, content: Any, now: int, most_measurements: int = MOST_MEASUREMENTS) -> Decoded:
    """Decode a payload: a reading, a list of readings, or an object with a list `readings`. content: the parsed payload.

    now: milliseconds since 1970 UTC. Raises InvalidReading where the payload cannot contain a reading.
    """
    if reading := _ordinary(content, now, most_measurements):
        return Decoded([reading])
    try:
        return _decode(content, now, most_measurements, is_exact=False)
    except DigitsLost:
        return _decode(exact_document(payload), now, most_measurements, is_exact=True)


def _ordinary(item: Any, now: int, most_measurements: int, index: int = 0) -> Reading | None:
    """A reading all of which is stored as it is; None: another one. Most readings are ordinary, and take a third of the time in
    this way."""
    if type(item) is not dict or "metadata" in item:
        return None
    try:
        values, others = ordinary_values(_data(item))
        given = _given_time(item)[1]
        time = None if given is None else parse_time(given, now)
    except (InvalidReading, InvalidTime):
        return None
    if others or not 0 < len(values) <= most_measurements or max(map(len, values)) > LONGEST_NAME:
        return None
    return Reading(time, values, index)


def decode_items(items: Sequence[Any], now: int, most_measurements: int = MOST_MEASUREMENTS) -> Decoded:
    """Decode readings that are not from JSON text, so that their numbers are exact."""
    return _decode_list(items, now, most_measurements, is_exact=True)


def _decode(content: Any, now: int, most_measurements: int, *, is_exact: bool) -> Decoded:
    if isinstance(content, dict) and "readings" in content and "data" not in content:
        content = content["readings"]
        if not isinstance(content, list):
            raise InvalidReading("INVALID_PAYLOAD", "readings must be a list of readings", field="readings")
    if isinstance(content, list):
        return _decode_list(content, now, most_measurements, is_exact=is_exact)
    if not isinstance(content, dict):
        raise InvalidReading("INVALID_PAYLOAD", f"the payload must be a reading or a list of readings; {_SHAPE}")
    decoded = Decoded()
    _ReadingDecoder(decoded, now, most_measurements, is_exact=is_exact).add(content, None)
    return decoded


def _decode_list(items: Sequence[Any], now: int, most_measurements: int, *, is_exact: bool) -> Decoded:
    if not items:
        raise InvalidReading("INVALID_PAYLOAD", "the list of readings is empty")
    if len(items) > MOST_READINGS:
        raise InvalidReading("TOO_MANY_READINGS", f"a message has at most {MOST_READINGS} readings")
    decoded = Decoded()
    reader = _ReadingDecoder(decoded, now, most_measurements, is_exact=is_exact)
    for index, item in enumerate(items):
        if reading := _ordinary(item, now, most_measurements, index):
            decoded.readings.append(reading)
        else:
            reader.add(item, index)
    return decoded


class _ReadingDecoder:
    """Adds readings to a Decoded."""

    def __init__(self, decoded: Decoded, now: int, most_measurements: int, *, is_exact: bool) -> None:
        self._decoded = decoded
        self._now = now
        self._values = ValueReader(decoded.refuse, most_measurements, is_exact=is_exact)

    def add(self, item: Any, index: int | None) -> None:
        """Decode a reading, or add its problem."""
        try:
            data = _data(item)
            metadata = item.get("metadata")
            if not isinstance(metadata, dict | None):
                raise InvalidReading("INVALID_PAYLOAD", "metadata must be an object", field="metadata")
            time = self._time(item, index)
            values = self._values.read(data, metadata, index)
        except InvalidReading as problem:
            problem.index = index
            self._decoded.refuse(problem)
        else:
            if values:
                self._decoded.readings.append(Reading(time, values, index or 0))

    def _time(self, item: dict[str, Any], index: int | None) -> int | None:
        key, given = _given_time(item)
        if given is None or (isinstance(given, str) and not given.strip()):
            return None
        try:
            return parse_time(given, self._now)
        except ShortTime as problem:
            message = f"the reading is stored with its time of arrival: {problem}"
            self._decoded.notices.append(InvalidReading("TIME_IGNORED", message, field=key, index=index))
            return None
        except InvalidTime as problem:
            raise InvalidReading("INVALID_TIME", str(problem), field=key) from None


def _given_time(item: dict[str, Any]) -> tuple[str, Any]:
    """The key of a reading's time, and the time as it is given; None: the reading has none."""
    given = item.get("timestamp")
    return ("timestamp", given) if given is not None else ("ts", item.get("ts"))


def _data(item: Any) -> dict[str, Any]:
    """The measurements of a reading."""
    if not isinstance(item, dict):
        raise InvalidReading("INVALID_PAYLOAD", _SHAPE, field="data")
    if "data" in item:
        data = item["data"]
        if not isinstance(data, dict):
            raise InvalidReading("INVALID_PAYLOAD", f"data must be an object; {_SHAPE}", field="data")
        return data
    if "readings" in item:
        raise InvalidReading("INVALID_PAYLOAD", "a reading cannot contain a list of readings", field="readings")
    flat = {name: value for name, value in item.items() if name not in ENVELOPE}
    for name, value in flat.items():
        if isinstance(value, dict | list):
            message = f"{name:.100} is an object or a list, and data is missing; {_SHAPE}"
            raise InvalidReading("INVALID_PAYLOAD", message, field="data")
    if not flat:
        raise InvalidReading("INVALID_PAYLOAD", f"data is missing; {_SHAPE}", field="data")
    return flat

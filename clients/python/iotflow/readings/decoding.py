"""The grammar of payloads: one reading, flat or not, or a list of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from iotflow.readings.document import exact_document
from iotflow.readings.problem import InvalidReading
from iotflow.readings.times import InvalidTime, ShortTime, parse_time
from iotflow.readings.values import MOST_MEASUREMENTS, DigitsLost, Reading, ValueReader

MOST_READINGS = 10_000
# Problems that are kept; further ones are counted. Each takes many times the memory of the value it is about.
MOST_PROBLEMS = 10_000
# A reading is {data, …}, or flat: the measurements stand beside the keys of the envelope, which are never measurements.
TIME_KEYS = ("timestamp", "ts")
ENVELOPE = frozenset(
    {*TIME_KEYS, "data", "readings", "metadata", "api_key", "token", "device_id", "deviceId", "message_id", "atomic"}
)
_SHAPE = 'a reading is an object {"data": {…}}, or a flat object whose values are numbers, texts, booleans or null'


@dataclass(slots=True)
class Decoded:
    """problems: what is not stored, whole readings (no measurement) or single values, at most MOST_PROBLEMS of them; more_problems:
    how many there are besides; notices: what is stored otherwise than it was meant."""

    readings: list[Reading] = field(default_factory=list)
    problems: list[InvalidReading] = field(default_factory=list)
    notices: list[InvalidReading] = field(default_factory=list)
    more_problems: int = 0

    def refuse(self, problem: InvalidReading) -> None:
        """Keep the problem, or count it where MOST_PROBLEMS are kept."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1

    @property
    def merged(self) -> int:
        """How many readings have the time of another one: equal times are one row."""
        if len(self.readings) < 2:
            return 0
        times = [reading.time for reading in self.readings if reading.time is not None]
        return len(times) - len(set(times))


def decode(payload: bytes, content: Any, now: int, most_measurements: int = MOST_MEASUREMENTS) -> Decoded:
    """The readings of a payload whose document this is: a reading, a list of them, or an object with a list `readings`.

    now: milliseconds since 1970 UTC. Raises InvalidReading where it can hold no reading at all.
    """
    try:
        return _decoded(content, now, most_measurements, is_exact=False)
    except DigitsLost:
        return _decoded(exact_document(payload), now, most_measurements, is_exact=True)


def decode_items(items: Sequence[Any], now: int, most_measurements: int = MOST_MEASUREMENTS) -> Decoded:
    """Readings as `decode` has them, that did not come as JSON: their numbers are what they are."""
    return _of_list(items, now, most_measurements, is_exact=True)


def _decoded(content: Any, now: int, most_measurements: int, *, is_exact: bool) -> Decoded:
    if isinstance(content, dict) and "readings" in content and "data" not in content:
        content = content["readings"]
        if not isinstance(content, list):
            raise InvalidReading("INVALID_PAYLOAD", "readings is no list of readings", field="readings")
    if isinstance(content, list):
        return _of_list(content, now, most_measurements, is_exact=is_exact)
    if not isinstance(content, dict):
        raise InvalidReading("INVALID_PAYLOAD", f"there is no reading, and no list of them; {_SHAPE}")
    decoded = Decoded()
    _Reader(decoded, now, most_measurements, is_exact=is_exact).add(content, None)
    return decoded


def _of_list(items: Sequence[Any], now: int, most_measurements: int, *, is_exact: bool) -> Decoded:
    if not items:
        raise InvalidReading("INVALID_PAYLOAD", "there is no reading in the list")
    if len(items) > MOST_READINGS:
        raise InvalidReading("TOO_MANY_READINGS", f"a message has at most {MOST_READINGS} readings")
    decoded = Decoded()
    reader = _Reader(decoded, now, most_measurements, is_exact=is_exact)
    for index, item in enumerate(items):
        reader.add(item, index)
    return decoded


class _Reader:
    """Adds reading after reading to what is decoded."""

    def __init__(self, decoded: Decoded, now: int, most_measurements: int, *, is_exact: bool) -> None:
        self._decoded = decoded
        self._now = now
        self._values = ValueReader(decoded.refuse, most_measurements, is_exact=is_exact)

    def add(self, item: Any, index: int | None) -> None:
        """The reading, or why it is none."""
        try:
            data = _data(item)
            metadata = item.get("metadata")
            if not isinstance(metadata, dict | None):
                raise InvalidReading("INVALID_PAYLOAD", "metadata is no object", field="metadata")
            time = self._time(item, index)
            values = self._values.read(data, metadata, index)
        except InvalidReading as problem:
            problem.index = index
            self._decoded.refuse(problem)
        else:
            if values:
                self._decoded.readings.append(Reading(time, values, index or 0))

    def _time(self, item: dict[str, Any], index: int | None) -> int | None:
        given = item.get("timestamp")
        key = "timestamp" if given is not None else "ts"
        if given is None and (given := item.get("ts")) is None:
            return None
        if isinstance(given, str) and not given.strip():
            return None
        try:
            return parse_time(given, self._now)
        except ShortTime as problem:
            message = f"the reading is stored with the time of its arrival: {problem}"
            self._decoded.notices.append(InvalidReading("TIME_IGNORED", message, field=key, index=index))
            return None
        except InvalidTime as problem:
            raise InvalidReading("INVALID_TIME", str(problem), field=key) from None


def _data(item: Any) -> dict[str, Any]:
    """The measurements of a reading."""
    if not isinstance(item, dict):
        raise InvalidReading("INVALID_PAYLOAD", _SHAPE, field="data")
    if "data" in item:
        data = item["data"]
        if not isinstance(data, dict):
            raise InvalidReading("INVALID_PAYLOAD", f"data is no object; {_SHAPE}", field="data")
        return data
    if "readings" in item:
        raise InvalidReading("INVALID_PAYLOAD", "a list of readings does not stand within a reading", field="readings")
    flat = {name: value for name, value in item.items() if name not in ENVELOPE}
    for name, value in flat.items():
        if isinstance(value, dict | list):
            message = f"{name:.100} holds an object or a list, and there is no data; {_SHAPE}"
            raise InvalidReading("INVALID_PAYLOAD", message, field="data")
    if not flat:
        raise InvalidReading("INVALID_PAYLOAD", f"there is no data; {_SHAPE}", field="data")
    return flat

"""Times and durations in queries."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from iotflow_server.errors import InvalidArgument
from iotflow_server.telemetry.times import LAST_TIME, parse_duration, parse_time, to_ms

NOW = 1_769_860_800_000
CENTURY_MS = 36_525 * 86_400_000


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("0", 0),
        (" 0 ", 0),
        ("now", NOW),
        ("-1h", NOW - 3_600_000),
        ("1700000000", 1_700_000_000_000),
        ("1700000000250", 1_700_000_000_250),
        ("2023-11-14T22:13:20.25Z", 1_700_000_000_250),
        ("9999-12-31T23:59:59.999Z", LAST_TIME),
    ],
)
def test_a_query_takes_the_times_of_readings_and_the_beginning(written: str, time: int) -> None:
    assert parse_time(written, NOW, "start_time") == time


@pytest.mark.parametrize("written", ["", "00", "soon", "12", "9999-12-31T23:59:59.999-00:01"])
def test_the_field_with_an_invalid_time_is_named(written: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        parse_time(written, NOW, "end_time")
    assert refusal.value.field == "end_time"


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("1ms", 1),
        ("2s", 2_000),
        ("5m", 300_000),
        (" 1h ", 3_600_000),
        ("7d", 7 * 86_400_000),
        ("2w", 14 * 86_400_000),
        ("36525d", CENTURY_MS),
        (f"{CENTURY_MS}ms", CENTURY_MS),
    ],
)
def test_durations_up_to_a_century_are_read(written: str, milliseconds: int) -> None:
    assert parse_duration(written, "window") == milliseconds


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "not a duration"),
        ("0s", "not a duration"),
        ("5", "not a duration"),
        ("5M", "not a duration"),
        ("-5m", "not a duration"),
        ("1.5h", "not a duration"),
        (f"{CENTURY_MS + 1}ms", "longer than 100 years"),
        ("999999999999999w", "longer than 100 years"),
    ],
)
def test_other_durations_are_rejected_with_the_reason(written: str, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem) as refusal:
        parse_duration(written, "window")
    assert refusal.value.field == "window"


@pytest.mark.parametrize(
    ("moment", "milliseconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1970, 1, 2, 0, 0, 1, 999, tzinfo=UTC), 86_401_000),
        (datetime(1970, 1, 1, 0, 0, 0, 1_999, tzinfo=UTC), 1),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), 0),
    ],
)
def test_moments_are_rounded_down_to_milliseconds(moment: datetime, milliseconds: int) -> None:
    assert to_ms(moment) == milliseconds

"""Numbers with the digits of seconds or milliseconds are times; shorter ones are uptimes, and others are rejected."""

import pytest

from iotflow.readings import InvalidTime, decode, document, parse_time
from iotflow.readings.times import FIRST_MS, LAST_MS, ShortTime

NOW = 1_769_860_800_000
TEN, MS = 1_700_000_000, 1_700_000_000_250


@pytest.mark.parametrize(
    ("written", "time"),
    [
        (TEN, TEN * 1_000),
        (str(TEN), TEN * 1_000),
        (f" {TEN} ", TEN * 1_000),
        (float(TEN), TEN * 1_000),
        (TEN + 0.25, MS),
        (f"{TEN}.25", MS),
        (MS, MS),
        (str(MS), MS),
        (MS + 0.75, MS),
        (-TEN, -TEN * 1_000),
        (f"-{TEN}", -TEN * 1_000),
        ("2023-11-14T22:13:20.25Z", MS),
        ("2023-11-14t22:13:20.2509z", MS),
        ("2023-11-15 00:13:20.250 02:00", MS),
        ("2023-11-14T22:13:20.25", MS),
        ("now", NOW),
        ("-250ms", NOW - 250),
        ("-30s", NOW - 30_000),
        ("-5m", NOW - 300_000),
        ("-24h", NOW - 86_400_000),
        ("-7d", NOW - 7 * 86_400_000),
        ("-2w", NOW - 14 * 86_400_000),
        ("now-1d", NOW - 86_400_000),
        # Exactly at the ends of what can be stored, and of the numbers of digits.
        ("0001-01-01T00:00:00Z", FIRST_MS),
        ("9999-12-31T23:59:59.999Z", LAST_MS),
        (f"-{NOW - FIRST_MS}ms", FIRST_MS),
        (1_000_000_000, 1_000_000_000_000),
        (9_999_999_999, 9_999_999_999_000),
        (1_000_000_000_000, 1_000_000_000_000),
        (9_999_999_999_999, 9_999_999_999_999),
    ],
)
def test_valid_times_are_read(written: object, time: int) -> None:
    assert parse_time(written, NOW) == time


@pytest.mark.parametrize(
    "written", [0, "0", "-5", 12, "12", 12.75, "12.75", 123_456_789, "123456789", 20260131, 1e-3, -0.0]
)
def test_numbers_of_fewer_than_ten_digits_are_uptimes(written: object) -> None:
    with pytest.raises(ShortTime, match="fewer than 10 digits"):
        parse_time(written, NOW)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("21060614001", 11),
        ("210606140010", 12),
        ("20240131120000", 14),
        ("202401311200000", 15),
        (17_000_000_000, 11),
        (210606140010, 12),
        (210606140010.5, 12),
        ("1700000000000000", 16),
        ("1700000000000000000", 19),
        ("0000000012", 10),
        ("0000000000012", 13),
    ],
)
def test_other_numbers_of_digits_are_rejected(written: object, digits: int) -> None:
    with pytest.raises(InvalidTime, match=f"has {digits} digits|is not a time") as refused:
        parse_time(written, NOW)
    assert not isinstance(refused.value, ShortTime)


@pytest.mark.parametrize(
    "written",
    [
        *(True, [], {}, "soon", "--5", "+5", "1e9", 1e300, 1_700_000_000_000_000, "٣" * 10, "-99999999w", "0000-01-01"),
        # One step beyond the ends.
        *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59.999-00:01", f"-{NOW - FIRST_MS + 1}ms", 10**13),
    ],
)
def test_invalid_times_are_rejected(written: object) -> None:
    with pytest.raises(InvalidTime, match="."):
        parse_time(written, NOW)


@pytest.mark.parametrize("written", [b"null", b'""', b'"  "'])
def test_a_missing_time_is_none(written: bytes) -> None:
    payload = b'{"data": {"t": 1}, "timestamp": %s}' % written
    decoded = decode(payload, document(payload), NOW)
    assert (decoded.readings[0].time, decoded.notices) == (None, [])

"""A bucket allows the calls of one minute at once, then one call for each token."""

import pytest

from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors import token_buckets
from iotflow_server.interceptors.token_buckets import LocalBuckets, check_tokens


class Clock:
    """Seconds, by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


async def allowed(buckets: LocalBuckets, name: str, calls: int) -> int:
    """The number of calls that get a token."""
    return sum([await buckets.take(name) >= 1 for _ in range(calls)])


@pytest.mark.parametrize("per_minute", [1, 7, 60, 1_000])
async def test_exactly_the_limit_is_allowed_at_once_and_again_after_a_minute(per_minute: int) -> None:
    clock = Clock()
    buckets = LocalBuckets(per_minute, clock)
    for _ in range(3):
        assert await allowed(buckets, "caller", per_minute + 5) == per_minute
        clock.seconds += 60
    assert await allowed(buckets, "another caller", per_minute + 5) == per_minute


@pytest.mark.parametrize("per_minute", [1, 7, 60])
async def test_the_time_until_the_next_call_is_exact(per_minute: int) -> None:
    clock = Clock()
    buckets = LocalBuckets(per_minute, clock)
    await allowed(buckets, "caller", per_minute)
    clock.seconds += 0.25
    with pytest.raises(LimitExceeded) as refusal:
        check_tokens(await buckets.take("caller"), per_minute, "problem")
    wait = refusal.value.retry_after
    assert wait is not None
    assert wait == pytest.approx(60 / per_minute - 0.25)
    clock.seconds += wait - 0.001
    assert await buckets.take("caller") < 1
    clock.seconds += 0.002
    check_tokens(await buckets.take("caller"), per_minute, "problem")


async def test_left_takes_no_token() -> None:
    buckets = LocalBuckets(5, Clock())
    assert [await buckets.left("caller") for _ in range(3)] == [5, 5, 5]
    await allowed(buckets, "caller", 2)
    assert await buckets.left("caller") == 3


async def test_the_number_of_callers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_buckets, "MOST_CALLERS", 2)
    buckets = LocalBuckets(5, Clock())
    for name in ("first", "second", "first", "third"):
        await allowed(buckets, name, 1)
    assert [await buckets.left(name) for name in ("first", "second", "third")] == [3, 5, 4]

"""The pauses between attempts of the Python client."""

import pytest

from iotflow.channels import Backoff


def delays(backoff: Backoff, count: int, at_least: float | None = None) -> list[float]:
    return [backoff.delay(at_least) for _ in range(count)]


def test_pauses_double_up_to_the_longest() -> None:
    for delay, highest in zip(delays(Backoff(1.0, 8.0), 6), [1, 2, 4, 8, 8, 8], strict=True):
        assert highest / 2 <= delay <= highest


def test_a_fleet_does_not_return_at_once() -> None:
    assert len({Backoff(1.0, 8.0).delay(None) for _ in range(20)}) == 20


def test_after_a_success_the_pauses_begin_anew() -> None:
    backoff = Backoff(1.0, 8.0)
    delays(backoff, 5)
    backoff.reset()
    assert backoff.delay(None) <= 1.0


def test_the_delay_that_the_server_asks_for_is_added() -> None:
    assert 10.5 <= Backoff(1.0, 8.0).delay(10.0) <= 11.0


@pytest.mark.parametrize("failures", [61, 2_000])
def test_any_number_of_failures_has_a_pause(failures: int) -> None:
    assert delays(Backoff(1.0, 8.0), failures)[-1] <= 8.0

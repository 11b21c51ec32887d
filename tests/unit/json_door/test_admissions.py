"""The numbers of connections: each bound is named, and each end of a connection makes room."""

import random
from collections.abc import Callable

import pytest

from iotflow_gateway.json_door.admissions import Admission, Admissions, TooMany


def logged_in(admissions: Admissions, address: str, device_id: int) -> Admission:
    """A connection that has logged in."""
    admission = admissions.admit(address)
    admission.log_in(device_id)
    return admission


# A connection by its number, how many there may be, and the limit that the next one exceeds.
BOUNDS: list[tuple[Callable[[Admissions, int], Admission], int, str]] = [
    (lambda all_, number: logged_in(all_, f"a{number % 100}", number), 5_000, "5000 connections are open."),
    (lambda all_, number: logged_in(all_, "a", number), 1_000, "1000 connections of one address are open."),
    (lambda all_, number: logged_in(all_, f"a{number}", 7), 10, "10 connections of this device are open."),
    (lambda all_, number: all_.admit(f"a{number}"), 500, "500 connections have not logged in."),
    (lambda all_, _: all_.admit("a"), 50, "50 connections of one address have not logged in."),
]


@pytest.mark.parametrize(("connect", "most", "problem"), BOUNDS)
def test_each_bound_is_named(connect: Callable[[Admissions, int], Admission], most: int, problem: str) -> None:
    admissions = Admissions()
    connections = [connect(admissions, number) for number in range(1, most + 1)]
    with pytest.raises(TooMany, match=problem):
        connect(admissions, most + 1)
    connections.pop().end()
    connect(admissions, most + 2)


def test_tokens_have_no_bound_of_a_device() -> None:
    admissions = Admissions()
    assert len([logged_in(admissions, "a", 0) for _ in range(11)]) == len(admissions)


def test_all_counts_return_to_zero() -> None:
    admissions, rng = Admissions(), random.Random(1)  # noqa: S311
    for _ in range(20):
        open_connections = [admissions.admit(f"a{rng.randrange(5)}") for _ in range(40)]
        for one in open_connections:
            if rng.random() < 0.5:
                one.log_in(rng.randrange(20))
        for one in open_connections:
            one.end()
            # The end of a connection may be reported again, and a login may end after it.
            one.end()
            one.log_in(3)
        assert len(admissions) == 0
    assert len([admissions.admit("a0") for _ in range(50)]) == 50

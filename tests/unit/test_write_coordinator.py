"""Waits for other processes look at most once in a pause: they are no busy loop."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal.coordination.in_flight import InFlightCalls, OldestCall
from iotflow_server.telemetry.journal.coordination.shared_state import SharedState
from iotflow_server.telemetry.journal.coordination.write_coordinator import OthersInFlight, WriteCoordinator

LOOKS = 5


class Others:
    """Other processes, whose calls are in progress at the first LOOKS looks."""

    def __init__(self) -> None:
        self.looks = 0

    async def __call__(self) -> OthersInFlight:
        self.looks += 1
        begun = 1 if self.looks <= LOOKS else 0
        return {Path("other"): OldestCall(begun, begun)}


class Pauses:
    """Takes the place of asyncio.sleep. seconds: of each pause. after: called in each."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.after: Callable[[], object] = list

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.after()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    pauses = Pauses()
    monkeypatch.setattr(asyncio, "sleep", pauses)
    return pauses


@pytest.fixture
def shared(tmp_path: Path) -> SharedState:
    return SharedState(tmp_path)


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
def coordinator(tmp_path: Path, shared: SharedState, others: Others) -> WriteCoordinator:
    numbers = iter(range(1, 10 * LOOKS))
    # Each attempt of an append takes a number: a busy loop runs out of them.
    return WriteCoordinator(shared, InFlightCalls(tmp_path, lambda: next(numbers)), lambda: 1, others)


async def test_a_wait_for_backend_writes_pauses_before_each_look(
    coordinator: WriteCoordinator, others: Others, pauses: Pauses
) -> None:
    await coordinator.wait_for_backend_writes()
    assert (others.looks, len(pauses.seconds)) == (LOOKS + 1, LOOKS + 1)
    assert all(0 < one <= 0.01 for one in pauses.seconds)


async def test_a_wait_for_earlier_calls_pauses_before_each_look(
    coordinator: WriteCoordinator, others: Others, pauses: Pauses
) -> None:
    await coordinator.wait_started_before(2)
    assert (others.looks, len(pauses.seconds)) == (LOOKS + 1, LOOKS + 1)


async def test_calls_that_began_later_are_not_waited_for(coordinator: WriteCoordinator, others: Others) -> None:
    await coordinator.wait_started_before(1)
    assert others.looks == 1


async def test_a_wait_for_earlier_calls_ends_when_the_backend_falls_behind(
    coordinator: WriteCoordinator, others: Others
) -> None:
    coordinator.fall_behind()
    await coordinator.wait_started_before(2)
    assert others.looks == 1


async def test_a_blocked_append_pauses_before_each_look(
    coordinator: WriteCoordinator, shared: SharedState, pauses: Pauses
) -> None:
    shared.block_appends()

    def allow_at_last() -> None:
        if len(pauses.seconds) == LOOKS:
            shared.allow_appends()

    pauses.after = allow_at_last
    async with asyncio.timeout(5), coordinator.append():
        assert len(pauses.seconds) == LOOKS
    assert all(0 < one <= 0.01 for one in pauses.seconds)


@pytest.mark.usefixtures("pauses")
async def test_appends_are_blocked_within_the_block_only(coordinator: WriteCoordinator, shared: SharedState) -> None:
    async with coordinator.appends_blocked():
        assert shared.appends_blocked
    assert not shared.appends_blocked
    with pytest.raises(ZeroDivisionError):
        async with coordinator.appends_blocked():
            raise ZeroDivisionError
    assert not shared.appends_blocked

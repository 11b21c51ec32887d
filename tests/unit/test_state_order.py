"""A watcher never receives an older state of a command after a newer one."""

from datetime import UTC, datetime

import pytest

from iotflow_server.commands.command import Command
from iotflow_server.rpc.commands import watch
from iotflow_server.rpc.commands.watch import CommandStateOrder


def command(command_id: int, state: str) -> Command:
    return Command(command_id, 1, "x", {}, state, datetime(2026, 1, 31, tzinfo=UTC), None, None, None, None, None)


@pytest.mark.parametrize(
    ("published", "received"),
    [
        (["queued", "delivered", "succeeded"], ["queued", "delivered", "succeeded"]),
        (["queued", "queued", "delivered"], ["queued", "delivered"]),
        (["delivered", "queued", "failed", "delivered"], ["delivered", "failed"]),
        (["queued", "expired", "delivered", "succeeded"], ["queued", "expired", "succeeded"]),
        (["cancelled", "queued"], ["cancelled"]),
    ],
)
def test_older_states_are_dropped(published: list[str], received: list[str]) -> None:
    order = CommandStateOrder()
    assert [state for state in published if order.is_newer(command(1, state))] == received
    assert order.is_newer(command(2, "queued"))


def test_the_oldest_command_is_evicted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MOST_REMEMBERED", 1)
    order = CommandStateOrder()
    assert [order.is_newer(command(number, "queued")) for number in (1, 2, 2, 1)] == [True, True, False, True]

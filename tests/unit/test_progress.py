"""A watcher is never told that a command has gone back."""

from datetime import UTC, datetime

import pytest

from iotflow_server.commands.command import Command
from iotflow_server.rpc.telemetry import progress
from iotflow_server.rpc.telemetry.progress import Progress


def command(command_id: int, state: str) -> Command:
    return Command(command_id, 1, "x", {}, state, datetime(2026, 1, 31, tzinfo=UTC), None, None, None, None, None)


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        (["queued", "delivered", "succeeded"], ["queued", "delivered", "succeeded"]),
        (["queued", "queued", "delivered"], ["queued", "delivered"]),
        (["delivered", "queued", "failed", "delivered"], ["delivered", "failed"]),
        (["queued", "expired", "delivered", "succeeded"], ["queued", "expired", "succeeded"]),
        (["cancelled", "queued"], ["cancelled"]),
    ],
)
def test_it_goes_only_upwards(told: list[str], heard: list[str]) -> None:
    known = Progress()
    assert [state for state in told if known.is_news(command(1, state))] == heard
    assert known.is_news(command(2, "queued"))


def test_it_remembers_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MOST_REMEMBERED", 1)
    known = Progress()
    assert [known.is_news(command(number, "queued")) for number in (1, 2, 2, 1)] == [True, True, False, True]

"""Commands that reach a device: each is executed once, and answered as often as the service asks."""

import asyncio
from pathlib import Path

import pytest

from iotflow_simulators.running.device_commands import MOST_RESULTS
from iotflow_simulators.running.session import Session
from tests.unit.simulators.recorded_door import RecordedDoor, device_at


@pytest.fixture
async def device(tmp_path: Path) -> tuple[Session, list[str]]:
    """A connected device, and what it does."""
    door = RecordedDoor()
    session, _ = device_at(door, tmp_path)
    session.connect()
    return session, door.seen


async def until(seen: list[str], count: int) -> None:
    """Wait until the device did so much."""
    async with asyncio.timeout(5):
        while len(seen) < count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_a_repeated_command_is_answered_with_the_result_of_the_first(device: tuple[Session, list[str]]) -> None:
    session, seen = device
    for number, name, parameters in [
        (7, "set_setpoint", {"setpoint": 25}),
        # The service delivers it again while the device executes it, and afterwards.
        (7, "set_setpoint", {"setpoint": 12}),
        (8, "set_setpoint", {"setpoint": 99}),
    ]:
        session.command(number, name, parameters)
    await until(seen, 4)
    session.command(7, "set_setpoint", {"setpoint": 12})
    await until(seen, 5)
    result = "7 succeeded {'setpoint': 25.0}"
    assert seen[1:] == [result, result, "8 `setpoint` must be a number from 5 to 30. {}", result]


async def test_a_reboot_is_answered_and_reconnects_once(device: tuple[Session, list[str]]) -> None:
    session, seen = device
    session.command(7, "reboot", {})
    await until(seen, 4)
    session.command(7, "reboot", {})
    await until(seen, 5)
    assert seen == ["open first", "7 succeeded {}", "goodbye", "open first", "7 succeeded {}"]


async def test_a_configuration_is_followed_and_reported(device: tuple[Session, list[str]]) -> None:
    session, seen = device
    session.configured({"setpoint": 19, "unknown": 1})
    await until(seen, 2)
    assert seen == ["open first", "reports {'interval_ms': 5000, 'setpoint': 19.0, 'mode': 'heat'}"]


async def test_the_results_that_a_device_keeps_are_bounded(device: tuple[Session, list[str]]) -> None:
    session, seen = device
    session.command(0, "set_setpoint", {"setpoint": 25})
    for number in range(1, MOST_RESULTS + 1):
        session.command(number, "identify", {})
    await until(seen, MOST_RESULTS + 2)
    # The first one is forgotten, and executed again.
    session.command(0, "set_setpoint", {"setpoint": 12})
    await until(seen, MOST_RESULTS + 3)
    assert (seen[1], seen[-1]) == ("0 succeeded {'setpoint': 25.0}", "0 succeeded {'setpoint': 12.0}")

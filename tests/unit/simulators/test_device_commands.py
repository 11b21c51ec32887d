"""Commands that reach a device: each is executed once, and answered as often as the service asks."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing
from iotflow_simulators.ledger.entries import Header
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.plan import Plan
from iotflow_simulators.running.accounts import Accounts
from iotflow_simulators.running.device_commands import DeviceCommands
from iotflow_simulators.running.feed import Feed
from iotflow_simulators.running.measures import DoorMeasures, Measures
from iotflow_simulators.running.session import MOST_RESULTS, Session
from iotflow_simulators.running.states import States
from iotflow_simulators.running.surroundings import Surroundings
from iotflow_simulators.scenario.loader import loads

SCENARIO = loads("{name: one, duration: 1m, fleets: [{name: room, model: thermostat, devices: 1}]}")


class RecordedDoor(DoorWay):
    """Writes down what a device does at its door. Links open at once."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def link(self, login: Login, listener: Listener) -> Link:
        """A link that is not open yet."""
        return RecordedLink(self.seen, login, listener)


class RecordedLink(Link):
    """A link of a RecordedDoor."""

    def __init__(self, seen: list[str], login: Login, listener: Listener) -> None:
        super().__init__(login, listener)
        self._seen = seen

    def open(self) -> None:
        """Open at once."""
        self._seen.append("open")
        self.listener.opened()

    def send(self, readings: Sequence[Outgoing]) -> None:
        """Nothing is sent."""

    def close(self, *, clean: bool) -> None:
        """Note how."""
        self._seen.append("goodbye" if clean else "break")

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """Note the result of a command."""
        self._seen.append(f"{number} {'succeeded' if executed else message} {dict(result)}")

    def report(self, configuration: Mapping[str, Any]) -> None:
        """Note the reported configuration."""
        self._seen.append(f"reports {dict(configuration)}")


@pytest.fixture
async def device(tmp_path: Path) -> tuple[Session, list[str]]:
    """A connected device, and what it does."""
    ledger, door = LedgerWriter(tmp_path / "ledger", Header("one", 1, "", 0, 0, ""), []), RecordedDoor()
    measures = Measures({"rest": DoorMeasures()})
    commands = DeviceCommands(Feed(Plan(SCENARIO).run(), ledger, None, 1.0))
    accounts = Accounts(ledger, measures, measures.doors["rest"])
    around = Surroundings(door, accounts, States(1), 0, commands.command, commands.configured)
    session = Session(0, Login(1, "room-1", "key"), around)
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
    assert seen == ["open", result, result, "8 `setpoint` must be a number from 5 to 30. {}", result]


async def test_a_reboot_is_answered_and_reconnects_once(device: tuple[Session, list[str]]) -> None:
    session, seen = device
    session.command(7, "reboot", {})
    await until(seen, 4)
    session.command(7, "reboot", {})
    await until(seen, 5)
    assert seen == ["open", "7 succeeded {}", "goodbye", "open", "7 succeeded {}"]


async def test_a_configuration_is_followed_and_reported(device: tuple[Session, list[str]]) -> None:
    session, seen = device
    session.configured({"setpoint": 19, "unknown": 1})
    await until(seen, 2)
    assert seen == ["open", "reports {'interval_ms': 5000, 'setpoint': 19.0, 'mode': 'heat'}"]


async def test_the_results_that_a_device_keeps_are_bounded(device: tuple[Session, list[str]]) -> None:
    session, seen = device
    for number in range(1, MOST_RESULTS + 2):
        session.command(number, "identify", {})
    await until(seen, MOST_RESULTS + 2)
    assert list(session.results) == list(range(2, MOST_RESULTS + 2))

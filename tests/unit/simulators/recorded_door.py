"""A door that writes down what a device does at it, and a device there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from iotflow_simulators.doors.key_calls import KeyCalls
from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing
from iotflow_simulators.ledger.entries import Header
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.plan import Plan
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.accounts import Accounts
from iotflow_simulators.running.device_commands import DeviceCommands
from iotflow_simulators.running.feed import Feed
from iotflow_simulators.running.key_rotations import KeyRotations
from iotflow_simulators.running.measures import DoorMeasures, Measures
from iotflow_simulators.running.session import Session
from iotflow_simulators.running.states import States
from iotflow_simulators.running.surroundings import Surroundings
from iotflow_simulators.scenario.loader import loads

DOOR = "rest"
SCENARIO = loads("{name: one, duration: 1m, fleets: [{name: room, model: thermostat, devices: 1}]}")


class RecordedDoor(DoorWay):
    """Links open at once. seen: what devices do."""

    def __init__(self, key_calls: KeyCalls | None = None) -> None:
        super().__init__()
        self.key_calls = key_calls
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
        self._seen.append(f"open {self.login.key}")
        self.listener.opened()

    def send(self, readings: Sequence[Outgoing]) -> None:
        """Note the numbers of the readings."""
        self._seen += [f"reading {one.number}" for one in readings]

    def close(self, *, clean: bool) -> None:
        """Note how."""
        self._seen.append("goodbye" if clean else "break")

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """Note the result of a command."""
        self._seen.append(f"{number} {'succeeded' if executed else message} {dict(result)}")

    def report(self, configuration: Mapping[str, Any]) -> None:
        """Note the reported configuration."""
        self._seen.append(f"reports {dict(configuration)}")


def device_at(door: RecordedDoor, folder: Path) -> tuple[Session, Measures]:
    """A device with the key `first`, which is not connected yet. folder: of its keys."""
    ledger = LedgerWriter(folder / "ledger", Header("one", 1, "", 0, 0, ""), [])
    measures = Measures({DOOR: DoorMeasures()})
    commands = DeviceCommands(Feed(Plan(SCENARIO).run(), ledger, None, 1.0))
    accounts = Accounts(ledger, measures, measures.doors[DOOR])
    around = Surroundings(door, accounts, States(1), 0, commands, KeyRotations(KeyStore(folder)))
    return Session(0, Login(1, "room-1", "first"), around), measures

"""When a killed Mosquitto may have lost readings that it acknowledged."""

import time
from pathlib import Path

import pytest

from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.entries import DeviceEntry, Header
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.verify.broker_kills import MOSQUITTO_KILLED, noted_kills, stated_kill

BEGAN = time.time_ns() // 1_000_000 - 600_000
SECOND = BEGAN // 1_000 * 1_000 + 60_000


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Of a run that began ten minutes ago, and notes a kill."""
    header = Header("killed", 1, "", 0, BEGAN, "")
    with LedgerWriter(tmp_path / "ledger", header, [DeviceEntry("a", 1, "mqtt", True)]) as writer:
        writer.event("server_killed", autosave_seconds=1)
        writer.event(MOSQUITTO_KILLED, autosave_seconds=0.5)
        writer.end(0)
    return Ledger(tmp_path / "ledger")


def test_the_interval_before_a_noted_kill(ledger: Ledger) -> None:
    [kill] = noted_kills(ledger)
    assert (kill.at, kill.autosave) == (ledger.events[1].at, 500)
    assert kill.begin == kill.at - 2_500


@pytest.mark.parametrize(("stated", "at"), [(SECOND, SECOND + 999), (SECOND + 250, SECOND + 250)])
def test_a_time_of_whole_seconds_is_that_whole_second(ledger: Ledger, stated: int, at: int) -> None:
    kill = stated_kill(stated, 10_000, ledger)
    assert (kill.at, kill.begin) == (at, at - 12_000)


@pytest.mark.parametrize("offset", [-1, 10_000_000])
def test_a_time_before_the_run_or_to_come_is_refused(ledger: Ledger, offset: int) -> None:
    with pytest.raises(SimulationError, match=r"is none of this run: it began at \d{4}-.*Z, and now it is \d{4}-.*Z\."):
        stated_kill(BEGAN + offset, 10_000, ledger)


def test_a_kill_is_stated_in_words(ledger: Ledger) -> None:
    kill = stated_kill(SECOND, 10_000, ledger)
    assert str(kill).startswith("Mosquitto was killed at 20")
    assert ".999Z. Readings of MQTT that it acknowledged since 20" in str(kill)

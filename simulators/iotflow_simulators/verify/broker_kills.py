"""Kills of a Mosquitto, which acknowledges readings before it has written them to its file."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from iotflow_simulators import SimulationError
from iotflow_simulators.ledger.reader import Ledger

MOSQUITTO_KILLED = "mosquitto_killed"
# Mosquitto looks at its clock once a second, and compares whole seconds.
SLACK = 2_000


@dataclass(frozen=True, slots=True)
class BrokerKill:
    """at: when, or a little later. autosave: the `autosave_interval` of that Mosquitto. In ms, the first since 1970."""

    at: int
    autosave: int

    @property
    def begin(self) -> int:
        """What the broker acknowledged from then until `at` may be lost."""
        return self.at - self.autosave - SLACK

    def __str__(self) -> str:
        return (
            f"Mosquitto was killed at {_shown(self.at)}. Readings of MQTT that it acknowledged since {_shown(self.begin)} are "
            "counted apart where they are missing."
        )


def noted_kills(ledger: Ledger) -> list[BrokerKill]:
    """The kills that the ledger has. Raises SimulationError."""
    found = [event for event in ledger.events if event.name == MOSQUITTO_KILLED]
    try:
        return [BrokerKill(event.at, int(event.data["autosave_seconds"] * 1_000)) for event in found]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise SimulationError(
            f"{ledger.path} has a kill of Mosquitto without its autosave_seconds ({error})."
        ) from None


def stated_kill(at: int, autosave: int, ledger: Ledger) -> BrokerKill:
    """A kill that a person states. at: a time of whole seconds is that whole second. Raises SimulationError where it is not a time
    of the run or after it."""
    now = time.time_ns() // 1_000_000
    began = ledger.header.began
    if not began <= at <= now:
        raise SimulationError(
            f"A broker that was killed at {_shown(at)} is none of this run: it began at {_shown(began)}, and now it is {_shown(now)}."
        )
    return BrokerKill(at if at % 1_000 else at + 999, autosave)


def _shown(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""The fates of readings, as they become known: counted, and written into the ledger."""

from dataclasses import dataclass

from iotflow_simulators.doors.link import Outgoing, Problem
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.histogram import bucket
from iotflow_simulators.running.measures import DoorMeasures, Measures


@dataclass(frozen=True, slots=True)
class Accounts:
    """Of the devices of one door. own: the measures of this door. Times are in seconds of the running loop; devices are given by
    their index in the plan."""

    ledger: LedgerWriter
    measures: Measures
    own: DoorMeasures

    def left(self, outgoing: Outgoing, now: float) -> None:
        """A reading left the schedule."""
        measures, lag = self.measures, now - outgoing.due
        place, slot = bucket(lag), measures.timeline.at(outgoing.due)
        self.own.due += 1
        slot.due += 1
        measures.lag.add_one(place, lag)
        slot.lag.add_one(place, lag)

    def dropped(self, outgoing: Outgoing) -> None:
        """The device has no room for the reading."""
        outgoing.fate = "dropped by the device"
        self.own.dropped += 1
        self.measures.timeline.at(outgoing.due).dropped += 1

    def acknowledged(self, outgoing: Outgoing, now: float) -> None:
        """The service has acknowledged a reading."""
        outgoing.fate = "acknowledged"
        self.ledger.acknowledge(outgoing.number)
        latency = now - outgoing.due
        place, own, slot = bucket(latency), self.own, self.measures.timeline.at(outgoing.due)
        own.acknowledged += 1
        own.answered += 1
        slot.answered += 1
        own.latency.add_one(place, latency)
        slot.latency.add_one(place, latency)

    def refused(self, device: int, outgoing: Outgoing, reason: str, message: str, now: float) -> None:
        """The service has refused a reading."""
        outgoing.fate = f"refused: {reason}"
        self.ledger.refuse(outgoing.number, reason, "", message)
        self.measures.errors.refused(now, device, reason, message)
        slot = self.measures.timeline.at(outgoing.due)
        self.own.answered += 1
        self.own.refused += 1
        slot.answered += 1
        slot.refused += 1

    def refused_late(self, device: int, number: int, reason: str, message: str, now: float) -> None:
        """The service has refused a reading that it had acknowledged. When it was due is forgotten."""
        self.ledger.refuse(number, reason, "", message)
        self.measures.errors.refused(now, device, reason, message)
        self.own.refused += 1
        self.measures.timeline.at(now).refused += 1

    def refused_value(self, device: int, number: int, reason: str, measurement: str, message: str, now: float) -> None:
        """The service has refused one value of a reading, and stores the others."""
        self.ledger.refuse(number, reason, measurement, message)
        self.measures.errors.refused(now, device, reason, f"{measurement}: {message}")

    def key_not_replaced(self, device: int, problem: Problem, now: float) -> None:
        """A device has got no new key."""
        self.measures.errors.lost(now, device, problem.reason, f"the key was not replaced: {problem.message}")

    def lost(self, device: int, problem: Problem, now: float) -> None:
        """A device has lost its connection."""
        self.measures.errors.lost(now, device, problem.reason, problem.message)
        self.own.lost_connections += 1
        self.measures.timeline.at(now).lost_connections += 1

"""Faults of the connection. They become events, and change what is lost or late; never the values."""

from typing import ClassVar

import numpy as np

from iotflow_simulators.faults.base import PROBABILITY, FaultKind, Outage, Outcome
from iotflow_simulators.faults.occurrences import Spans
from iotflow_simulators.generation.events import BreakConnection, ConnectionEvent, UseRightKey, UseWrongKey
from iotflow_simulators.generation.rows import Rows
from iotflow_simulators.scenario.kinds import Field, Whole
from iotflow_simulators.scenario.scenario import Fault
from iotflow_simulators.scenario.times import Duration

_BUFFER = Field(Whole(0, 100_000), "most readings kept while offline; later ones are lost", 10_000, "10000")
_EVERY = Field(Duration("1s", "1d"), "time from one to the next", 30_000, "30s")
_DOWN = Field(Duration("100ms", "1h"), "length of each", 5_000, "5s")


class Offline(FaultKind):
    """The device keeps its readings, and sends them in batches when it is back."""

    KIND = "offline"
    SUMMARY = "the device keeps its readings, and sends them in late batches"
    parameters: ClassVar = {
        "buffer": _BUFFER,
        "batch": Field(Whole(1, 10_000), "kept readings sent at once", 100, "100"),
        "spacing": Field(Duration("0s", "1m"), "time between two batches", 100, "100ms"),
    }

    def outages(self) -> list[Outage]:
        settings = self.fault.parameters
        return [
            Outage(
                device, start, end, self.KIND, False, False, settings["buffer"], settings["batch"], settings["spacing"]
            )
            for device, start, end in _each(self.spans)
        ]


class ReconnectStorm(FaultKind):
    """All affected devices lose their connections at once, and connect at once."""

    KIND = "reconnect_storm"
    SUMMARY = "all affected devices go away and come back at the same moment"
    parameters: ClassVar = {"buffer": _BUFFER}

    def outages(self) -> list[Outage]:
        buffer = self.fault.parameters["buffer"]
        return [Outage(*span, self.KIND, lost=False, buffer=buffer) for span in _each(self.spans)]


class _Repeated(FaultKind):
    """A fault with short outages, one after another."""

    parameters: ClassVar = {"every": _EVERY, "down": _DOWN}
    lost: ClassVar[bool]

    @classmethod
    def check(cls, fault: Fault) -> str:
        return "`down` is not shorter than `every`" if fault.parameters["down"] >= fault.parameters["every"] else ""

    @classmethod
    def outages_in(cls, fault: Fault, length: int) -> int:
        every: int = fault.parameters["every"]
        return -(-length // every)

    def outages(self) -> list[Outage]:
        every, down = self.fault.parameters["every"], self.fault.parameters["down"]
        return [
            Outage(device, begin, min(begin + down, end), self.KIND, self.lost)
            for device, start, end in _each(self.spans)
            for begin in range(start, end, every)
        ]


class Flapping(_Repeated):
    """The connection is lost again and again; readings are kept meanwhile."""

    KIND = "flapping"
    SUMMARY = "the connection is lost again and again"
    lost = False


class RebootLoop(_Repeated):
    """The device starts anew again and again; it measures nothing while it is down."""

    KIND = "reboot_loop"
    SUMMARY = "the device starts anew again and again"
    lost = True


class WrongKey(FaultKind):
    """The device uses a wrong key: its readings must be refused."""

    KIND = "wrong_key"
    SUMMARY = "the device uses a wrong key"

    def events(self) -> list[ConnectionEvent]:
        found: list[ConnectionEvent] = []
        for device, start, end in _each(self.spans):
            member = self.context.members[device]
            found += [UseWrongKey(member, start), UseRightKey(member, end)]
        return found


class NetworkFailure(FaultKind):
    """The connection breaks while a reading is sent."""

    KIND = "network_failure"
    SUMMARY = "the connection breaks while readings are sent"
    ORDER = 70
    parameters: ClassVar = {"probability": Field(PROBABILITY, "of a break, for each reading", 0.05, "0.05")}

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        chosen = np.flatnonzero(self.chosen(rows))
        for device, due in zip(rows.device[chosen].tolist(), rows.due[chosen].tolist(), strict=True):
            outcome.events.append(BreakConnection(self.context.members[device], due))
        return rows


def _each(spans: Spans) -> "zip[tuple[int, int, int]]":
    return zip(spans.device.tolist(), spans.start.tolist(), spans.end.tolist(), strict=True)


CONNECTION_FAULTS: tuple[type[FaultKind], ...] = (
    Offline,
    ReconnectStorm,
    Flapping,
    RebootLoop,
    WrongKey,
    NetworkFailure,
)

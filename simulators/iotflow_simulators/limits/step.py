"""A step of the search for a limit: a rate, what was measured at it, and whether it kept the bounds."""

from dataclasses import dataclass
from enum import StrEnum

from iotflow_simulators.running.timeline import Slot


class Verdict(StrEnum):
    """What a step shows. SIMULATOR: a bound is broken, and the simulator's own lag is half of it or more."""

    HELD = "held"
    P99 = "p99"
    LOSS = "loss"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True)
class Bounds:
    """p99: in seconds, of the latency from when a reading was due. loss: share of readings without an acknowledgement."""

    p99: float = 0.5
    loss: float = 0.001


@dataclass(frozen=True, slots=True)
class Step:
    """rate: as a multiple of the scenario's. due, stored: readings in a second. p50, p99, lag: in seconds; lag is the p99 of how
    late readings left the simulator. loss: share. processor: the simulator's own use of one."""

    rate: float
    due: float
    stored: float
    p50: float
    p99: float
    loss: float
    lag: float
    processor: float
    verdict: Verdict

    @property
    def held(self) -> bool:
        """Whether all bounds were kept."""
        return self.verdict is Verdict.HELD


def judged(slot: Slot, rate: float, seconds: float, waited: float, processor: float, bounds: Bounds) -> Step:
    """The step of these readings. seconds: length of the step. waited: seconds after it, until when answers counted.

    A reading without an answer has at least the latency `waited`.
    """
    if slot.open:
        slot.latency.add(waited, slot.open)
    p99, lag = slot.latency.quantile(0.99), slot.lag.quantile(0.99)
    loss = (slot.due - slot.stored) / slot.due if slot.due else 1.0
    verdict = Verdict.P99 if p99 > bounds.p99 else Verdict.LOSS if loss > bounds.loss else Verdict.HELD
    if verdict is not Verdict.HELD and lag >= bounds.p99 / 2:
        verdict = Verdict.SIMULATOR
    p50 = slot.latency.quantile(0.5)
    return Step(rate, slot.due / seconds, slot.stored / seconds, p50, p99, loss, lag, processor, verdict)

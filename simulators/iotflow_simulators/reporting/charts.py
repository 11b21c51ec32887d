"""The charts of a report."""

from collections.abc import Sequence

from iotflow_simulators.reporting.svg import Time, Values, areas, lanes, lines, logarithmic_lines
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.running.timeline import Slot

# Points of a line.
MOST_PARTS = 200


def charts(measures: Measures) -> list[str]:
    """All charts as SVG, each with its heading. Readings count at the time at which they were due."""
    part, slots = measures.timeline.parts(MOST_PARTS)
    time = Time(part, len(slots))
    found = [_rates(time, slots), _latencies(time, slots), _fates(time, slots)]
    kinds = sorted({kind for slot in slots for kind in slot.faults})
    if kinds:
        active = {kind: [float(slot.faults.get(kind, 0)) for slot in slots] for kind in kinds}
        found.append(lanes("Faults", time, active, "devices with an active fault"))
    return [*found, _devices(time, slots), _own_lag(time, slots), _own_processor(time, slots)]


def _rates(time: Time, slots: Sequence[Slot]) -> str:
    series = {
        "due": [slot.due / time.part for slot in slots],
        "acknowledged": [slot.latency.count / time.part for slot in slots],
        "refused": [slot.refused / time.part for slot in slots],
    }
    return lines("Rates", time, series, "readings/s")


def _latencies(time: Time, slots: Sequence[Slot]) -> str:
    series = {
        f"p{share:g}": [_milliseconds(slot.latency.quantile(share / 100), slot.latency.count) for slot in slots]
        for share in (50, 95, 99)
    }
    return logarithmic_lines("Latency from due to acknowledged", time, series, "ms, each line ten times the one below")


def _fates(time: Time, slots: Sequence[Slot]) -> str:
    series = {
        "stored": [slot.stored / time.part for slot in slots],
        "no answer": [slot.open / time.part for slot in slots],
        "refused": [slot.refused / time.part for slot in slots],
        "dropped by the device": [slot.dropped / time.part for slot in slots],
    }
    return areas("Fates", time, series, "readings/s")


def _devices(time: Time, slots: Sequence[Slot]) -> str:
    series: dict[str, Values] = {
        "online": [None if slot.online is None else float(slot.online) for slot in slots],
        "lost connections": [float(slot.lost_connections) for slot in slots],
    }
    return lines("Devices", time, series, "fewest in each part")


def _own_lag(time: Time, slots: Sequence[Slot]) -> str:
    series = {"p99": [_milliseconds(slot.lag.quantile(0.99), slot.lag.count) for slot in slots]}
    return logarithmic_lines("How late readings left the simulator", time, series, "ms")


def _own_processor(time: Time, slots: Sequence[Slot]) -> str:
    series = {"simulator": [slot.processor / time.part * 100 for slot in slots]}
    return lines("Own processor", time, series, "% of one")


def _milliseconds(seconds: float, count: int) -> float | None:
    return seconds * 1_000 if count else None

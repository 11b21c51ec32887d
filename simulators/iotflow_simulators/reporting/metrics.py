"""The metrics of a run, for Prometheus. They are read at each scrape, and cost nothing between."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from iotflow_simulators import SimulationError
from iotflow_simulators.running.histogram import STEPS, Histogram, end_of
from iotflow_simulators.running.measures import DoorMeasures, Measures

LOOPBACK = "127.0.0.1"
_PREFIX = "iotflow_simulator_"
# Every factor of two from 0.6 ms to 84 s. These are ends of the histograms' own buckets.
_BOUNDS = range(7 * STEPS - 1, 24 * STEPS, STEPS)
_COUNTERS: tuple[tuple[str, str, Callable[[DoorMeasures], int]], ...] = (
    ("readings_due", "Readings that left the schedule.", lambda door: door.due),
    ("readings_acknowledged", "Readings that the service acknowledged.", lambda door: door.acknowledged),
    ("readings_refused", "Readings that the service refused.", lambda door: door.refused),
    ("readings_dropped", "Readings that a device had no room for.", lambda door: door.dropped),
    ("lost_connections", "Connections that were lost or could not be made.", lambda door: door.lost_connections),
    ("rotated_keys", "Keys that devices replaced.", lambda door: door.rotated_keys),
)


@contextmanager
def serving_metrics(port: int) -> Iterator[CollectorRegistry]:
    """Serve a registry on the loopback address. Raises SimulationError where the port is not free."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(port, LOOPBACK, registry)
    except OSError as error:
        raise SimulationError(f"Metrics cannot be served on port {port}: {error.strerror}.") from None
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class RunMetrics(Collector):
    """Of one run. Labels are doors, states of devices, kinds of faults, and a bounded number of reasons."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def collect(self) -> Iterable[Metric]:
        """All metrics now."""
        measures = self._measures
        for name, description, value in _COUNTERS:
            counts = {door: value(of) for door, of in measures.doors.items()}
            yield _counter(name, description, "door", counts)
        problems = dict(list(measures.errors.problems.items()))
        yield _counter("connection_problems", "Why connections were lost, by reason.", "reason", problems)
        refusals = dict(list(measures.errors.refusals.items()))
        yield _counter("refusals", "Why readings or single values were refused, by reason.", "reason", refusals)
        latency = HistogramMetricFamily(
            f"{_PREFIX}latency_seconds", "From when a reading was due until it was acknowledged.", labels=["door"]
        )
        for name, door in measures.doors.items():
            latency.add_metric([name], *_buckets(door.latency))
        yield latency
        buckets, total = _buckets(measures.lag)
        yield HistogramMetricFamily(
            f"{_PREFIX}lag_seconds", "How late readings left the simulator.", buckets=buckets, sum_value=total
        )
        states = {state.name.lower(): count for state, count in measures.states.counts().items()}
        yield _gauge("devices", "Devices by the state of their connection.", "state", states)
        yield _gauge("active_faults", "Devices with an active fault, by kind.", "kind", measures.active_faults())
        faulty = dict(list(measures.faults.readings.items()))
        yield _counter("faulty_readings", "Readings that faults changed, dropped or delayed.", "kind", faulty)


def _counter(name: str, description: str, label: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"{_PREFIX}{name}", description, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, description: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"{_PREFIX}{name}", description, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    """Cumulative counts up to each bound, and the sum."""
    counts = list(histogram.counts)
    found: list[tuple[str, float]] = [(f"{end_of(place):g}", sum(counts[: place + 1])) for place in _BOUNDS]
    return [*found, ("+Inf", sum(counts))], histogram.sum

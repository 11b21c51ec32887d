"""The figures that /metrics shows, in Prometheus' words."""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from iotflow_server.telemetry.outcome import Tally
from iotflow_server.telemetry.ports import JournalState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class TelemetryFigures(Collector):
    """Reads the tally when asked; counting costs the ingest path nothing more."""

    def __init__(self, tally: Tally, gauges: dict[str, tuple[str, Callable[[], float]]]) -> None:
        self._tally = tally
        self._gauges = gauges

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """One family a figure."""
        tally = self._tally
        yield CounterMetricFamily("iotflow_batches_stored", "Batches stored durably.", tally.batches)
        yield CounterMetricFamily("iotflow_readings_stored", "Readings stored durably.", tally.readings)
        yield CounterMetricFamily("iotflow_values_stored", "Values stored durably.", tally.values)
        yield CounterMetricFamily("iotflow_values_rejected", "Values refused by name.", tally.rejected)
        for name, (text, figure) in self._gauges.items():
            yield GaugeMetricFamily(name, text, figure())


class JournalFigures(Collector):
    """Asks the journal when asked; nothing where there is none."""

    def __init__(self, journal: Callable[[], JournalState | None]) -> None:
        self._journal = journal

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """One family a figure."""
        state = self._journal()
        if state is None:
            return
        gauges = {
            "bytes": ("Bytes in the journal.", state.bytes),
            "limit_bytes": ("Bytes the journal takes before it refuses.", state.limit_bytes),
            "entries": ("Groups of batches in the journal.", state.entries),
            "oldest_seconds": ("Age of the oldest entry.", state.oldest_seconds),
            "buffering": ("1: readings are acknowledged by the journal alone.", state.buffering),
            "replaying": ("1: the store is given what it lacks.", state.replaying),
            "store_available": ("1: the store answered when it was last spoken to.", state.backend_available),
        }
        for name, (text, figure) in gauges.items():
            yield GaugeMetricFamily(f"iotflow_journal_{name}", text, figure)
        yield CounterMetricFamily("iotflow_journal_replayed_values", "Values given to the store again.", state.replayed)
        refused = "Acknowledged values that the store refused when it got them at last; the log names them."
        yield CounterMetricFamily("iotflow_journal_refused_values", refused, state.refused)


class Metrics:
    """One registry for a server, so that tests can have several in a process."""

    def __init__(
        self,
        tally: Tally,
        gauges: dict[str, tuple[str, Callable[[], float]]],
        journal: Callable[[], JournalState | None],
    ) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(TelemetryFigures(tally, gauges))
        self._registry.register(JournalFigures(journal))
        self.calls = Histogram(
            "iotflow_call_seconds",
            "Time to answer a unary call, by method and outcome.",
            ("method", "outcome"),
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)

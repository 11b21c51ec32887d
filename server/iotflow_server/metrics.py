"""The metrics of /metrics, in the format of Prometheus."""

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


class TelemetryCollector(Collector):
    """Reads the tally when it is scraped, so that ingestion pays no extra cost."""

    def __init__(self, tally: Tally, gauges: dict[str, tuple[str, Callable[[], float]]]) -> None:
        self._tally = tally
        self._gauges = gauges

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Yield one family per metric."""
        tally = self._tally
        yield CounterMetricFamily("iotflow_batches_stored", "Batches stored durably.", tally.batches)
        yield CounterMetricFamily("iotflow_readings_stored", "Readings stored durably.", tally.readings)
        yield CounterMetricFamily("iotflow_values_stored", "Values stored durably.", tally.values)
        yield CounterMetricFamily("iotflow_values_rejected", "Values rejected.", tally.rejected)
        for name, (text, figure) in self._gauges.items():
            yield GaugeMetricFamily(name, text, figure())


class JournalCollector(Collector):
    """Reads the state of the journal when it is scraped; there are no metrics without a journal."""

    def __init__(self, journal: Callable[[], JournalState | None]) -> None:
        self._journal = journal

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Yield one family per metric."""
        state = self._journal()
        if state is None:
            return
        gauges = {
            "bytes": ("Size of the journal in bytes.", state.bytes),
            "limit_bytes": ("Size in bytes above which the journal accepts no more readings.", state.limit_bytes),
            "entries": ("Records in the journal, each a group of batches.", state.entries),
            "oldest_seconds": ("Age of the oldest record in seconds.", state.oldest_seconds),
            "buffering": ("1 while readings are acknowledged by the journal alone.", state.buffering),
            "replaying": ("1 while the journal is replayed to the store.", state.replaying),
            "store_available": ("1 if the store answered its last call.", state.backend_available),
        }
        for name, (text, figure) in gauges.items():
            yield GaugeMetricFamily(f"iotflow_journal_{name}", text, figure)
        yield CounterMetricFamily("iotflow_journal_replayed_values", "Values replayed to the store.", state.replayed)
        rejected = "Acknowledged values that the store rejected in a replay; the log names their measurements."
        yield CounterMetricFamily("iotflow_journal_rejected_values", rejected, state.rejected)


class Metrics:
    """The metrics of one server; a process may have several servers in tests."""

    def __init__(
        self,
        tally: Tally,
        gauges: dict[str, tuple[str, Callable[[], float]]],
        journal: Callable[[], JournalState | None],
    ) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(TelemetryCollector(tally, gauges))
        self._registry.register(JournalCollector(journal))
        self.calls = Histogram(
            "iotflow_call_seconds",
            "Duration of unary calls in seconds, by method and outcome.",
            ("method", "outcome"),
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)

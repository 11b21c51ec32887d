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

from iotflow_server.telemetry.tally import Tally

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


class Metrics:
    """One registry for a server, so that tests can have several in a process."""

    def __init__(self, tally: Tally, gauges: dict[str, tuple[str, Callable[[], float]]]) -> None:
        self._registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)
        self._registry.register(TelemetryFigures(tally, gauges))
        self.calls = Histogram(
            "iotflow_call_seconds",
            "Time to answer a unary call, by method and outcome.",
            ("method", "outcome"),
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)

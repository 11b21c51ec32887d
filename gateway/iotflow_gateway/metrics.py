"""What the adapter counts, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

LOOPBACK = "127.0.0.1"


class Metrics:
    """Figures of one adapter."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._received = Counter(
            "iotflow_gateway_messages", "Messages received from the broker.", ["kind"], registry=self._registry
        )
        self._refused = Counter("iotflow_gateway_refused", "Refusals, by reason.", ["reason"], registry=self._registry)
        self._untold = Counter(
            "iotflow_gateway_untold", "Refusals that could not be told to the device.", registry=self._registry
        )
        self._stored = Counter(
            "iotflow_gateway_finished", "Messages acknowledged to the broker.", registry=self._registry
        )
        self._by_kind: dict[str, Counter] = {}

    def received(self, kind: str) -> None:
        """A message came."""
        counter = self._by_kind.get(kind)
        if counter is None:
            counter = self._by_kind[kind] = self._received.labels(kind)
        counter.inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def untold(self) -> None:
        self._untold.inc()

    def finished(self) -> None:
        self._stored.inc()

    def gauge(self, name: str, description: str, value: Callable[[], float]) -> None:
        """A figure asked for when it is looked at."""
        Gauge(name, description, registry=self._registry).set_function(value)

    def serve(self, port: int) -> None:
        """On the loopback, in a thread."""
        start_http_server(port, LOOPBACK, self._registry)

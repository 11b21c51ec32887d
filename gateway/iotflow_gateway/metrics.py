"""Counters and gauges of the adapter, for Prometheus."""

import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, make_wsgi_app
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from iotflow_gateway.descriptors import USED_UP

LOOPBACK = "127.0.0.1"
# Pause before the next attempt to accept a scrape.
ACCEPT_AGAIN = 1.0


class _MessageCounts(Collector):
    """Counts of every message. They are plain numbers, because a counter of the library takes a lock for each message."""

    def __init__(self) -> None:
        self.received: Tally[str] = Tally()
        self.finished = 0

    def collect(self) -> Iterator[CounterMetricFamily]:
        received = CounterMetricFamily(
            "iotflow_gateway_messages", "Messages received from the broker.", labels=["kind"]
        )
        # The event loop may add a kind meanwhile.
        for kind, count in dict(self.received).items():
            received.add_metric([kind], count)
        yield received
        finished = "Messages acknowledged to the broker."
        yield CounterMetricFamily("iotflow_gateway_finished", finished, value=self.finished)


class GatewayMetrics:
    """GatewayMetrics of one adapter."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._messages = _MessageCounts()
        self._registry.register(self._messages)
        self._rejected = Counter(
            "iotflow_gateway_refused", "Rejections, by reason.", ["reason"], registry=self._registry
        )
        self._unpublished = Counter(
            "iotflow_gateway_untold", "Rejections that were not published to the device.", registry=self._registry
        )

    def record_received(self, kind: str) -> None:
        """Count a message of the broker."""
        self._messages.received[kind] += 1

    def record_rejected(self, reason: str) -> None:
        """Count a rejection."""
        self._rejected.labels(reason).inc()

    def record_unpublished_error(self) -> None:
        """Count a rejection that was not published to its device."""
        self._unpublished.inc()

    def record_finished(self) -> None:
        """Count a message that was acknowledged to the broker."""
        self._messages.finished += 1

    def gauge(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Add a gauge. value: called at each scrape."""
        Gauge(name, description, registry=self._registry).set_function(value)

    def serve(self, port: int) -> None:
        """Serve the metrics on the loopback address in a thread."""
        server = make_server(LOOPBACK, port, make_wsgi_app(self._registry), _MetricsServer, _SilentHandler)
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _MetricsServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        """Accept a scrape. If no file descriptor is free, accept fails at once and the connection stays in the queue; without
        the pause, the loop around this call would use a whole processor."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in USED_UP:
                time.sleep(ACCEPT_AGAIN)
            raise


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write nothing: wsgiref writes a line for each scrape."""

"""What the adapter counts, for Prometheus."""

import threading
import time
from collections.abc import Callable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, make_wsgi_app

from iotflow_gateway.descriptors import USED_UP

LOOPBACK = "127.0.0.1"
# Seconds until a scrape that cannot be accepted is tried again.
ACCEPT_AGAIN = 1.0


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
        """Serve the metrics on the loopback address, in a thread."""
        server = make_server(LOOPBACK, port, make_wsgi_app(self._registry), _MetricsServer, _SilentHandler)
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _MetricsServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        """Accept a scrape. With all file descriptors in use, accept fails at once and the connection stays in the queue: without
        the pause, the loop around this call would take a whole processor."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in USED_UP:
                time.sleep(ACCEPT_AGAIN)
            raise


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write nothing: wsgiref writes a line for each scrape."""

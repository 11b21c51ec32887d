"""Measures the duration of every unary call."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import Histogram

from iotflow_server.errors import DomainError
from iotflow_server.interceptors.middleware import CallScope, Context, Handler


class CallMetrics:
    """The outcome is OK, FAILED or the reason of the domain error. Gauges cover streams instead."""

    def __init__(self, calls: Histogram) -> None:
        self._calls = calls

    def wrap(self, method: str, handler: Handler) -> CallScope | None:
        if handler.request_streaming or handler.response_streaming:
            return None

        @asynccontextmanager
        async def measure(_request: Any, _context: Context) -> AsyncIterator[None]:
            began = time.perf_counter()
            outcome = "FAILED"
            try:
                yield
                outcome = "OK"
            except DomainError as refusal:
                outcome = refusal.reason
                raise
            finally:
                self._calls.labels(method, outcome).observe(time.perf_counter() - began)

        return measure

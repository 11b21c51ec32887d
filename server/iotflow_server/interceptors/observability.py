"""Logs calls and measures their duration."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from prometheus_client import Histogram

from iotflow_server.errors import DomainError
from iotflow_server.interceptors.call_context import principal_of, request_id_of
from iotflow_server.interceptors.middleware import CallScope, Context, Handler

log = structlog.get_logger(__name__)


class Logging:
    """Logs one line for each rejected call, and at debug level one line for each call.

    A line has the method, the caller, the outcome and the duration, and never a payload or a credential.
    """

    def wrap(self, method: str, _handler: Handler) -> CallScope:
        @asynccontextmanager
        async def log_outcome(_request: Any, context: Context) -> AsyncIterator[None]:
            began = time.perf_counter()
            try:
                yield
            except DomainError as refusal:
                log.info(
                    "call_rejected",
                    method=method,
                    caller=principal_of(context).name,
                    reason=refusal.reason,
                    request_id=request_id_of(context),
                    ms=_since(began),
                )
                raise
            log.debug("call_completed", method=method, caller=principal_of(context).name, ms=_since(began))

        return log_outcome


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1_000, 2)


class CallMetrics:
    """Measures the duration of every unary call; gauges cover streams instead.

    The outcome is OK, FAILED or the reason of the domain error.
    """

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

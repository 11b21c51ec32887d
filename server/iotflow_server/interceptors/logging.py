"""Logs one line for each rejected call, and at debug level one line for each call."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from iotflow_server.errors import DomainError
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import CallScope, Context, Handler

log = structlog.get_logger(__name__)


class Logging:
    """A line has the method, the caller, the outcome and the duration, and never a payload or a credential."""

    def wrap(self, method: str, _handler: Handler) -> CallScope:
        @asynccontextmanager
        async def log_outcome(_request: Any, context: Context) -> AsyncIterator[None]:
            began = time.perf_counter()
            try:
                yield
            except DomainError as refusal:
                caller = principal_of(context).name
                log.info("call_rejected", method=method, caller=caller, reason=refusal.reason, ms=_since(began))
                raise
            log.debug("call_completed", method=method, caller=principal_of(context).name, ms=_since(began))

        return log_outcome


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1_000, 2)

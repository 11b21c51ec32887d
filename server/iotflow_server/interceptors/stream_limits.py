"""Limits the number of concurrent streams of each caller."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from google.protobuf.descriptor import MethodDescriptor

from iotflow.contract import methods, path
from iotflow.words import Role
from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import CallScope, Context, Handler
from iotflow_server.interceptors.stalled_readers import when_gone

RETRY_SECONDS = 5.0


def reads() -> list[str]:
    """The streams that end after their last result, by full name: their answers are no events."""
    streams = [one for one in methods() if one.server_streaming and not one.client_streaming]
    return [path(method) for method in streams if _event(method) is None]


def subscriptions() -> list[str]:
    """The streams without an end that browsers may open, by full name: they have heartbeats."""
    return [path(method) for method in methods() if "heartbeat" in (_event(method) or ())]


def _event(method: MethodDescriptor) -> list[str] | None:
    """The kinds of events that a method answers with; None: its answers are no events."""
    event = method.output_type.oneofs_by_name.get("event")
    return [field.name for field in event.fields] if event else None


@dataclass(frozen=True, slots=True)
class StreamLimit:
    """most: the limit per caller. setting: the name of the setting with the limit."""

    reason: str
    kind: str
    most: int
    setting: str

    def refusal(self) -> LimitExceeded:
        return LimitExceeded(
            self.reason,
            f"A caller may have at most {self.most} {self.kind} ({self.setting}); end one, or try again later.",
            retry_after=RETRY_SECONDS,
        )


class StreamLimits:
    """Runs after authentication. Anonymous callers are identified by address. Gateways act for many devices and are exempt.

    limits: by the full name of a method; others: the common limit of all other streams.
    """

    def __init__(self, limits: Mapping[str, StreamLimit], others: StreamLimit) -> None:
        self._limits = limits
        self._others = others
        self._open: Counter[tuple[str, str]] = Counter()

    def wrap(self, method: str, handler: Handler) -> CallScope | None:
        if not handler.response_streaming:
            return None
        limit = self._limits.get(method, self._others)

        @asynccontextmanager
        async def count(_request: Any, context: Context) -> AsyncIterator[None]:
            principal = principal_of(context)
            if principal.role is Role.GATEWAY:
                yield
                return
            key = (limit.reason, principal.limit_key)
            if self._open[key] >= limit.most:
                raise limit.refusal()
            self._open[key] += 1
            try:
                yield
            finally:
                when_gone(partial(self._release, key))

        return count

    def _release(self, key: tuple[str, str]) -> None:
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

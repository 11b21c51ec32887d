"""Ends streams whose caller does not read."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from contextvars import ContextVar
from typing import Any

import grpc
import structlog

from iotflow_server.errors import LimitExceeded
from iotflow_server.interceptors.call_context import principal_of, with_principal
from iotflow_server.interceptors.errors import abort
from iotflow_server.interceptors.middleware import Context, Handler, handler_function, with_function

log = structlog.get_logger(__name__)


def ends_when_stalled(seconds: float, method: str, handler: Handler) -> Handler:
    """The same stream, ended if flow control delays one message for this time because the caller does not read.

    A stream without messages may be silent without limit.
    """
    function = handler_function(handler)
    if not inspect.isasyncgenfunction(function):
        # The services of grpc itself write to the context, and too little to stall.
        return handler

    async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
        context = with_principal(context)
        watch = Watch(method, context, seconds)
        _watch.set(watch)
        try:
            async with aclosing(function(request, context)) as responses:
                async for response in responses:
                    watch.begin()
                    yield response
                    watch.end()
        finally:
            watch.close()

    return with_function(handler, stream)


class Watch:
    """Ends a call if one of its messages waits too long. It uses one timer per stream, not per message."""

    def __init__(self, method: str, context: Context, seconds: float) -> None:
        self._method = method
        self._context = context
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._call = asyncio.current_task()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start the time of a message."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._check)

    def end(self) -> None:
        """The message was sent."""
        self._since = None

    def close(self) -> None:
        """The call has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def when_gone(self, callback: Callable[[], None]) -> None:
        """Call it when gRPC holds no data of the call: now, or when a stalled caller reads again or disconnects."""
        if self._ending is None:
            callback()
        else:
            self._ending.add_done_callback(lambda _: callback())

    def _check(self) -> None:
        self._timer = None
        if self._since is None or self._call is None:
            return
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._check)
            return
        caller = principal_of(self._context).name
        log.warning("stalled_stream_ended", method=self._method, caller=caller, seconds=self._seconds)
        self._ending = self._loop.create_task(self._end(), name="end of a stalled stream")
        self._call.cancel()

    async def _end(self) -> None:
        """gRPC cannot reset the stream: the status waits behind the message until the caller reads or disconnects."""
        message = f"The caller read nothing of a message for {self._seconds:g} s; read faster, or request less."
        with suppress(grpc.aio.AbortError, grpc.aio.InternalError):
            await abort(self._context, LimitExceeded("NOT_READ", message, retry_after=1.0), unary=False)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


def when_gone(callback: Callable[[], None]) -> None:
    """As Watch.when_gone, for the current call."""
    watch = _watch.get()
    if watch is None:
        callback()
    else:
        watch.when_gone(callback)

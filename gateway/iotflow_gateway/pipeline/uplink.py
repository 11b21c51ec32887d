"""The telemetry stream to the server, and the outcome of each message sent on it."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import ParamSpec

import grpc
import structlog

from iotflow.errors import ServerError
from iotflow.v1.telemetry_pb2 import Rejection
from iotflow.writer import TelemetryWriter
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Callbacks, Rejected
from iotflow_gateway.pipeline.pending_batches import MultiDeviceBatch, PendingBatch
from iotflow_gateway.retries import TRIES, StreamFailures, aborts_stream, gave_up

log = structlog.get_logger(__name__)
Arguments = ParamSpec("Arguments")

# Largest number of batches that wait for their acknowledgement.
WINDOW = 64
# Failed attempts after which a batch of several messages is split.
TRIES_TOGETHER = 2
# Consecutive aborts of the stream, by a server that is reachable, after which the batches in flight are suspected.
MOST_ABORTS = 3
# Interval at which an idle writer is checked for its end.
WATCH_SECONDS = 1.0
UPGRADE = (
    "this costs throughput: upgrade the server to the adapter's version, and restore the default limits on batches"
)


class Uplink:
    """Sends the batches of the batcher and reports their outcome.

    If the server fails while batches are in flight, they are sent again one at a time. The batch at fault is split until a single
    message remains; after TRIES failures that message is rejected.
    """

    def __init__(self, channel: grpc.aio.Channel, token: str, batcher: Batcher, callbacks: Callbacks) -> None:
        self._channel = channel
        self._token = token
        self._batcher = batcher
        self._callbacks = callbacks
        self._in_flight: deque[PendingBatch] = deque()
        # The writer's sequence number of the oldest batch in flight.
        self._oldest = 1
        self._is_interrupted = False
        # Batches rejected as a whole; the rows of each device are sent again separately.
        self._to_separate: set[MultiDeviceBatch] = set()
        # Batches to send again before all others, one at a time, and the number of failures over the first.
        self._retries: deque[PendingBatch] = deque()
        self._faults = 0
        self._aborts = 0
        self._failures = StreamFailures("telemetry", longest=1.0)

    async def run(self) -> None:
        """Run until cancelled. Raises ServerError if the server rejects this adapter."""
        while True:
            try:
                await self._stream()
            except ServerError as error:
                delay = self._failures.delay(error)
                self._requeue(error)
                await asyncio.sleep(delay)

    async def _stream(self) -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        writer = TelemetryWriter(
            self._channel,
            token=self._token,
            window=WINDOW,
            # The uplink divides a batch at which the server fails.
            gives_up_batches=False,
            on_acknowledged=_ending(ended, self._on_acknowledged),
            on_rejected=_ending(ended, self._on_rejected),
            on_interrupted=_ending(ended, self._on_interrupted),
        )
        async with writer:
            sending = asyncio.create_task(self._send_all(writer), name="uplink")
            watching = asyncio.create_task(self._watch(writer), name="uplink watch")
            try:
                done, _ = await asyncio.wait({sending, watching, ended}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in (sending, watching, ended):
                    task.cancel()
                await asyncio.gather(sending, watching, ended, return_exceptions=True)

    async def _send_all(self, writer: TelemetryWriter) -> None:
        while self._retries:
            await self._send(writer, self._retries.popleft())
            await writer.flush()
        while True:
            await self._send(writer, await self._batcher.next())

    async def _send(self, writer: TelemetryWriter, pending: PendingBatch) -> None:
        self._in_flight.append(pending)
        await writer.send(pending.batch())

    async def _watch(self, writer: TelemetryWriter) -> None:
        """Raise the error of a writer that has ended: without a call the writer does not raise it."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await writer.flush()

    def _requeue(self, error: ServerError) -> None:
        """Send the batches in flight again, one at a time. A single batch in flight is the one at fault."""
        is_single = len(self._in_flight) == 1
        self._retries.extendleft(reversed(self._in_flight))
        self._in_flight.clear()
        self._oldest = 1
        self._faults = self._faults + 1 if is_single else 0
        if not is_single:
            return
        parts = self._retries[0].split()
        if parts and self._faults >= TRIES_TOGETHER:
            self._split(parts)
        elif self._faults >= TRIES:
            self._reject(gave_up(error))

    def _split(self, parts: list[PendingBatch]) -> None:
        self._retries.popleft()
        self._retries.extendleft(reversed(parts))
        self._batcher.record_split(len(parts))
        self._faults = 0

    def _reject(self, rejected: Rejected) -> None:
        pending = self._retries.popleft()
        self._faults = 0
        for message, _, values in pending.affected_by(Rejection(count=len(pending))):
            message.stored_values -= values
            self._callbacks.reject(message, rejected)
        self._batcher.complete(pending)
        self._finish(pending)

    def _on_acknowledged(self, rows: int) -> None:
        if self._is_interrupted:
            self._is_interrupted = False
            log.info("server_available")
        self._failures.reset()
        self._faults = self._aborts = 0
        while rows > 0:
            pending = self._in_flight.popleft()
            self._oldest += 1
            rows -= len(pending)
            self._batcher.complete(pending)
            if isinstance(pending, MultiDeviceBatch) and pending in self._to_separate:
                self._to_separate.remove(pending)
                self._batcher.resend_separately(pending)
            else:
                self._finish(pending)

    def _finish(self, pending: PendingBatch) -> None:
        finish = self._callbacks.finish
        for message in pending.messages():
            message.pending_parts -= 1
            if not message.pending_parts:
                finish(message)

    def _on_rejected(self, rejection: Rejection) -> None:
        pending = self._in_flight[rejection.sequence - self._oldest]
        if isinstance(pending, MultiDeviceBatch) and pending.is_rejected_whole(rejection):
            if not (self._to_separate or self._batcher.is_separate):
                log.warning("devices_sent_separately", problem=rejection.message, hint=UPGRADE)
            self._to_separate.add(pending)
            return
        reason, text, retryable = rejection.reason, rejection.message, rejection.retryable
        field = f"data.{rejection.measurement}" if rejection.measurement else ""
        for message, index, values in pending.affected_by(rejection):
            message.stored_values -= values
            self._callbacks.reject(message, Rejected(reason, text, field=field, index=index, retryable=retryable))

    def _on_interrupted(self, error: ServerError, delay: float) -> None:
        self._aborts = self._aborts + 1 if aborts_stream(error) else 0
        if self._aborts >= MOST_ABORTS:
            # The server is reachable and aborts over its input.
            self._aborts = 0
            raise error
        if not self._is_interrupted:
            self._is_interrupted = True
            log.warning("server_unavailable", problem=str(error), next_attempt_seconds=round(delay, 1))


def _ending(ended: "asyncio.Future[None]", callback: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The callback, whose exception `ended` gets: a writer goes on after it."""

    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except Exception as error:
            if ended.done():
                raise
            ended.set_exception(error)

    return call

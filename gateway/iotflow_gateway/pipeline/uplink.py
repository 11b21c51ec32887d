"""The stream of telemetry to the server, and what becomes of each message that went into it."""

import asyncio
from collections import deque
from collections.abc import Callable

import grpc
import structlog

from iotflow.errors import ServerError
from iotflow.v1.telemetry_pb2 import Rejection
from iotflow.writer import TelemetryWriter
from iotflow_gateway.failures import TRIES, StreamFailures, breaks_off, given_up
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.multi_device_batch import MultiDeviceBatch
from iotflow_gateway.pipeline.pending_batch import PendingBatch
from iotflow_gateway.rejections.rejected import Rejected

log = structlog.get_logger(__name__)

# Batches that wait for their acknowledgement, at the most.
WINDOW = 64
# How often a batch of several messages is sent that the server fails over, until it is divided.
TRIES_TOGETHER = 2
# How often in a row a server may break off, and not be away, until what is under way is suspected.
MOST_BREAKS = 3
# How often to ask a writer whether it has ended, while nothing is sent.
WATCH_SECONDS = 1.0
UPGRADE = "it costs more: the server should be as new as the adapter, and its limits on batches the usual ones"

Tell = Callable[[Message, Rejected], None]


class Uplink:
    """refused: called with a message, and why something of it is not stored. finished: called with a message that the server
    is done with.

    Where the server fails over what was under way, that is sent again one batch at a time, the batch at fault in smaller and
    smaller parts, until the message is found that the server fails over however often it is sent: it is given up.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        token: str,
        joining: Batcher,
        refused: Tell,
        finished: Callable[[Message], None],
    ) -> None:
        self._channel = channel
        self._token = token
        self._joining = joining
        self._refused = refused
        self._finished = finished
        self._under_way: deque[PendingBatch] = deque()
        # The writer's number of the oldest batch under way.
        self._oldest = 1
        self._interrupted = False
        # Refused as a whole: their parts are sent again one by one.
        self._apart: set[MultiDeviceBatch] = set()
        # To be sent again before all others, one at a time, and how often the server has failed over the first.
        self._again: deque[PendingBatch] = deque()
        self._faults = 0
        # How often in a row the server has broken off.
        self._broken_off = 0
        self._failures = StreamFailures("telemetry", longest=1.0)

    async def run(self) -> None:
        """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
        while True:
            try:
                await self._stream()
            except ServerError as error:
                delay = self._failures.delay(error)
                self._failed(error)
                await asyncio.sleep(delay)

    async def _stream(self) -> None:
        writer = TelemetryWriter(
            self._channel,
            token=self._token,
            window=WINDOW,
            on_acknowledged=self._acknowledged,
            on_rejected=self._rejected,
            on_interrupted=self._interruption,
        )
        async with writer:
            sending = asyncio.create_task(self._send(writer), name="uplink")
            watching = asyncio.create_task(self._watch(writer), name="uplink's watch")
            try:
                done, _ = await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in (sending, watching):
                    task.cancel()
                await asyncio.gather(sending, watching, return_exceptions=True)

    async def _send(self, writer: TelemetryWriter) -> None:
        while self._again:
            await self._send_one(writer, self._again.popleft())
            await writer.flush()
        while True:
            await self._send_one(writer, await self._joining.next())

    async def _send_one(self, writer: TelemetryWriter, outgoing: PendingBatch) -> None:
        self._under_way.append(outgoing)
        await writer.send(outgoing.batch())

    async def _watch(self, writer: TelemetryWriter) -> None:
        """A writer that has ended says so to the next who sends: where nobody does, to whoever asks."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await writer.flush()

    def _failed(self, error: ServerError) -> None:
        """The server failed over one of those under way, or over the only one."""
        alone = len(self._under_way) == 1
        self._again.extendleft(reversed(self._under_way))
        self._under_way.clear()
        self._oldest = 1
        self._faults = self._faults + 1 if alone else 0
        if not alone:
            return
        parts = self._again[0].divided()
        if parts and self._faults >= TRIES_TOGETHER:
            self._divide(parts)
        elif self._faults >= TRIES:
            self._give_up(given_up(error))

    def _divide(self, parts: list[PendingBatch]) -> None:
        self._again.popleft()
        self._again.extendleft(reversed(parts))
        self._joining.divided(len(parts))
        self._faults = 0

    def _give_up(self, refused: Rejected) -> None:
        outgoing = self._again.popleft()
        self._faults = 0
        for message in outgoing.messages():
            self._refused(message, refused)
        self._joining.done(outgoing)
        self._finish(outgoing)

    def _acknowledged(self, rows: int) -> None:
        if self._interrupted:
            self._interrupted = False
            log.info("server back")
        self._failures.reset()
        self._faults = self._broken_off = 0
        while rows > 0:
            outgoing = self._under_way.popleft()
            self._oldest += 1
            rows -= len(outgoing)
            self._joining.done(outgoing)
            if outgoing in self._apart:
                self._apart.remove(outgoing)
                self._joining.again(outgoing)
            else:
                self._finish(outgoing)

    def _finish(self, outgoing: PendingBatch) -> None:
        for message in outgoing.messages():
            message.waiting -= 1
            if not message.waiting:
                self._finished(message)

    def _rejected(self, rejection: Rejection) -> None:
        outgoing = self._under_way[rejection.sequence - self._oldest]
        if isinstance(outgoing, MultiDeviceBatch) and outgoing.is_refused_whole(rejection):
            log.warning("devices are sent apart", problem=rejection.message, hint=UPGRADE)
            self._apart.add(outgoing)
            return
        reason, said, retryable = rejection.reason, rejection.message, rejection.retryable
        field = f"data.{rejection.measurement}" if rejection.measurement else ""
        for message, index in outgoing.concerned(rejection):
            self._refused(message, Rejected(reason, said, field=field, index=index, retryable=retryable))

    def _interruption(self, error: ServerError, delay: float) -> None:
        self._broken_off = self._broken_off + 1 if breaks_off(error) else 0
        if self._broken_off >= MOST_BREAKS:
            # That is no server that is away, but one that breaks off over what it gets.
            self._broken_off = 0
            raise error
        if not self._interrupted:
            self._interrupted = True
            log.warning("server away", problem=str(error), next_attempt_seconds=round(delay, 1))

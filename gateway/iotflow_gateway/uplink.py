"""The stream of telemetry to the server, and what becomes of each message that went into it."""

import asyncio
from collections import deque
from collections.abc import Callable

import grpc
import structlog

from iotflow.errors import ServerError
from iotflow.v1.telemetry_pb2 import Rejection
from iotflow.writer import TelemetryWriter
from iotflow_gateway.bundles import Bundle
from iotflow_gateway.joining import Joining
from iotflow_gateway.message import Message
from iotflow_gateway.outgoing import Outgoing
from iotflow_gateway.refusal import Refused

log = structlog.get_logger(__name__)

# Batches that wait for their acknowledgement, at the most.
WINDOW = 64
UPGRADE = "it costs more: the server should be as new as the adapter, and its limits on batches the usual ones"

Tell = Callable[[Message, Refused], None]


class Uplink:
    """refused: called with a message, and why something of it is not stored. finished: called with a message that the server
    is done with."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        token: str,
        joining: Joining,
        refused: Tell,
        finished: Callable[[Message], None],
    ) -> None:
        self._joining = joining
        self._refused = refused
        self._finished = finished
        self._under_way: deque[Outgoing] = deque()
        # The writer's number of the oldest batch under way.
        self._oldest = 1
        self._interrupted = False
        # Refused as a whole: their parts are sent again one by one.
        self._apart: set[Bundle] = set()
        self._writer = TelemetryWriter(
            channel,
            token=token,
            window=WINDOW,
            on_acknowledged=self._acknowledged,
            on_rejected=self._rejected,
            on_interrupted=self._interruption,
        )

    async def run(self) -> None:
        """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
        async with self._writer:
            sending = asyncio.create_task(self._send(), name="uplink")
            watching = asyncio.create_task(self._watch(), name="uplink's watch")
            try:
                done, _ = await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in (sending, watching):
                    task.cancel()
                await asyncio.gather(sending, watching, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            outgoing = await self._joining.next()
            self._under_way.append(outgoing)
            await self._writer.send(outgoing.batch())

    async def _watch(self) -> None:
        """A writer that has ended says so to the next who sends: where nobody does, to whoever asks."""
        while True:
            await asyncio.sleep(1)
            await self._writer.flush()

    def _acknowledged(self, rows: int) -> None:
        if self._interrupted:
            self._interrupted = False
            log.info("server back")
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

    def _finish(self, outgoing: Outgoing) -> None:
        for message in outgoing.messages():
            message.waiting -= 1
            if not message.waiting:
                self._finished(message)

    def _rejected(self, rejection: Rejection) -> None:
        outgoing = self._under_way[rejection.sequence - self._oldest]
        if isinstance(outgoing, Bundle) and outgoing.is_refused_whole(rejection):
            log.warning("devices are sent apart", problem=rejection.message, hint=UPGRADE)
            self._apart.add(outgoing)
            return
        reason, said, retryable = rejection.reason, rejection.message, rejection.retryable
        field = f"data.{rejection.measurement}" if rejection.measurement else ""
        for message, index in outgoing.concerned(rejection):
            self._refused(message, Refused(reason, said, field=field, index=index, retryable=retryable))

    def _interruption(self, error: ServerError, delay: float) -> None:
        if not self._interrupted:
            self._interrupted = True
            log.warning("server away", problem=str(error), next_attempt_seconds=round(delay, 1))

"""A device that streams, breaks connections, reconnects and resends, and records every acknowledgement."""

import asyncio
from collections import deque
from contextlib import suppress

import grpc

from iotflow.channels import credentials, open_channel
from iotflow.errors import ServerError, server_error
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.faults.ledger import Ledger
from tests.faults.progress import Progress
from tests.faults.readings import Piece, Source

# Number of unacknowledged batches, and longest delay of the next attempt.
_WINDOW = 16
_LONGEST_SECONDS = 1.0


class Sender:
    """Sends a batch every `rhythm` seconds until it is stopped, and then waits until all are acknowledged.

    forgetful: batches that were not acknowledged when the connection broke are not resent. refusals: reasons of ended streams.
    """

    def __init__(self, target: str, api_key: str, source: Source, ledger: Ledger, progress: Progress) -> None:
        self.ledger = ledger
        self.rhythm = 0.04
        self.forgetful = False
        self.refusals: list[ServerError] = []
        self._target = target
        self._metadata = credentials(api_key)
        self._source = source
        self._progress = progress
        self._unacknowledged: deque[Piece] = deque()
        self._acknowledged = asyncio.Event()
        self._refused = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set() or self._unacknowledged:
            try:
                await self._stream(stop)
            except grpc.aio.AioRpcError as error:
                refusal = server_error(error)
                assert refusal.retryable, refusal
                self.refusals.append(refusal)
                self._refused.set()
                if self.forgetful:
                    self._unacknowledged.clear()
                await asyncio.sleep(min(refusal.retry_after or 0.1, _LONGEST_SECONDS))

    async def refused(self, reason: str) -> None:
        """Wait until a stream has ended for this reason."""
        while all(refusal.reason != reason for refusal in self.refusals):
            self._refused.clear()
            await self._refused.wait()

    async def _stream(self, stop: asyncio.Event) -> None:
        async with open_channel(self._target) as channel:
            call = TelemetryServiceStub(channel).StreamTelemetry(metadata=self._metadata)
            giver = asyncio.create_task(self._give(call, stop))
            try:
                async for answer in call:
                    assert not answer.rejected, answer.rejected
                    self._note(answer.committed_sequence, answer.buffered)
            finally:
                giver.cancel()
                await asyncio.gather(giver, return_exceptions=True)

    async def _give(self, call: "grpc.aio.StreamStreamCall", stop: asyncio.Event) -> None:  # type: ignore[type-arg]
        # The status of an ended call is raised by reading it.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            for piece in list(self._unacknowledged):
                await call.write(piece.encoded())
            while not await set_within(stop, self.rhythm):
                await self._room()
                piece = self._source.next()
                self.ledger.sent(piece)
                self._unacknowledged.append(piece)
                await call.write(piece.encoded())
            await call.done_writing()

    async def _room(self) -> None:
        while len(self._unacknowledged) >= _WINDOW:
            self._acknowledged.clear()
            await self._acknowledged.wait()

    def _note(self, sequence: int, buffered: bool) -> None:
        numbers = []
        while self._unacknowledged and self._unacknowledged[0].number <= sequence:
            numbers.append(self._unacknowledged.popleft().number)
        self.ledger.acknowledged(numbers)
        self._acknowledged.set()
        self._progress.add(len(numbers), buffered=buffered)


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event is set within this time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()

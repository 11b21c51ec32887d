"""Readings over StreamTelemetry, of one device or, for a gateway, of many."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

import grpc

from iotflow.errors import server_error
from iotflow.open_batch import OpenBatch, cells
from iotflow.v1.telemetry_pb2 import Rejection
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_simulators.doors.link import Listener, Outgoing, Problem
from iotflow_simulators.tasks import OwnedTasks

# Rows of one batch.
MOST_ROWS = 1_000


class StreamOwner(Protocol):
    """Takes what a stream reports."""

    def stream_opened(self) -> None:
        """The server has accepted the stream."""

    def stream_lost(self, problem: Problem) -> None:
        """The stream has ended."""


@dataclass(slots=True)
class _Batch:
    rows: list[tuple[Listener, Outgoing]] = field(default_factory=list)
    open: OpenBatch = field(default_factory=OpenBatch)


class BatchStream:
    """One call. gather: seconds in which rows come together in one batch. tasks: of the door."""

    def __init__(
        self, channel: grpc.aio.Channel, metadata: Any, owner: StreamOwner, tasks: OwnedTasks, gather: float = 0.0
    ) -> None:
        self._channel = channel
        self._metadata = metadata
        self._owner = owner
        self._gather = gather
        self._batches: list[_Batch] = []
        self._sent: dict[int, list[tuple[Listener, Outgoing]]] = {}
        self._sequence = 0
        self._has_rows = asyncio.Event()
        self._is_over = False
        self._task = tasks.start(self._run(), "batch stream")

    def add(self, device_id: int, listener: Listener, outgoing: Outgoing) -> None:
        """Send a reading with the next batch. device_id: 0 for the device of the key."""
        row = cells(outgoing.values)
        last = self._batches[-1] if self._batches else None
        if last is None or len(last.rows) >= MOST_ROWS or not last.open.accepts(device_id, row):
            last = _Batch()
            self._batches.append(last)
        last.open.add_row(outgoing.time, device_id, row)
        last.rows.append((listener, outgoing))
        self._has_rows.set()

    def close(self) -> None:
        """End the call at once. Nothing is reported afterwards."""
        self._is_over = True
        self._task.cancel()

    async def _run(self) -> None:
        problem = Problem("ENDED", "the server ended the stream")
        call = TelemetryServiceStub(self._channel).StreamTelemetry(metadata=self._metadata)
        sender: asyncio.Task[None] | None = None
        try:
            await call.initial_metadata()
            if call.done():
                await call.read()
            self._owner.stream_opened()
            sender = asyncio.create_task(self._send(call), name="batch stream's sender")
            async for answer in call:
                self._answered(answer.committed_sequence, answer.rejected)
        except grpc.aio.AioRpcError as error:
            problem = _problem(error)
        finally:
            call.cancel()
            if sender:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
        if not self._is_over:
            self._is_over = True
            self._owner.stream_lost(problem)

    async def _send(self, call: Any) -> None:
        # The reader of answers gets the status of a call that has ended.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while True:
                await self._has_rows.wait()
                if self._gather:
                    await asyncio.sleep(self._gather)
                batches, self._batches = self._batches, []
                self._has_rows.clear()
                for each in batches:
                    self._sequence += 1
                    self._sent[self._sequence] = each.rows
                    message = each.open.encoded()
                    message.sequence = self._sequence
                    await call.write(message)

    def _answered(self, committed: int, rejected: Any) -> None:
        for rejection in rejected:
            self._refuse(rejection)
        for sequence in [each for each in self._sent if each <= committed]:
            for listener, outgoing in self._sent.pop(sequence):
                listener.acknowledged(outgoing)

    def _refuse(self, rejection: Rejection) -> None:
        rows = self._sent.get(rejection.sequence, [])
        for listener, outgoing in rows[rejection.index : rejection.index + max(rejection.count, 1)]:
            listener.refused(outgoing, rejection.reason, rejection.measurement, rejection.message)


def _problem(error: grpc.aio.AioRpcError) -> Problem:
    found = server_error(error)
    is_refusal = found.code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
    return Problem(found.reason or found.code.name, found.message, is_refusal, found.retry_after)

"""The reports that a client sends on a stream of commands, and the receipt for each of them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from iotflow.v1 import command_pb2
from iotflow_server.commands.command import Command, CommandResult
from iotflow_server.errors import DomainError
from iotflow_server.interceptors.serialization import MalformedRequest
from iotflow_server.interceptors.validation import check, malformed
from iotflow_server.rpc.commands.messages import decode_report, size_error

Wire = TypeVar("Wire")
Decode = Callable[[Wire], CommandResult]
Record = Callable[[Sequence[CommandResult]], Awaitable[Sequence[Command | DomainError]]]

# Reports that are received and whose receipts are not sent. At this limit, the stream is not read.
MOST_WAITING = 256
# Characters of a state and of a message in a receipt. No valid state is longer.
MOST_STATE, MOST_MESSAGE = 100, 1_000


class CommandAcknowledgements(Generic[Wire]):
    """Processes reports in order, all queued ones together. wake: called when receipts are available or a task has ended."""

    def __init__(self, decode: Decode[Wire], record: Record, wake: Callable[[], None]) -> None:
        self._decode = decode
        self._record = record
        self._wake = wake
        self._waiting: deque[Any] = deque()
        self._arrived = asyncio.Event()
        self._receipts: deque[command_pb2.CommandReceipt] = deque()
        self._room = asyncio.Semaphore(MOST_WAITING)
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def receiving(self, reports: AsyncIterator[Wire]) -> AsyncIterator[None]:
        """Process reports until the block is left, even if the client closes its direction of the stream."""
        self._tasks = [
            asyncio.create_task(self._read(reports), name="command report reader"),
            asyncio.create_task(self._process(), name="command report recorder"),
        ]
        for task in self._tasks:
            task.add_done_callback(lambda _: self._wake())
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def take_receipts(self) -> list[command_pb2.CommandReceipt]:
        """The receipts since the last call. Raises the error that ended a task, such as InvalidArgument for a malformed message."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
        taken = list(self._receipts)
        self._receipts.clear()
        for _ in taken:
            self._room.release()
        return taken

    async def _read(self, reports: AsyncIterator[Wire]) -> None:
        async for report in reports:
            if isinstance(report, MalformedRequest):
                raise malformed()
            await self._room.acquire()
            self._waiting.append(_bounded(report))
            self._arrived.set()

    async def _process(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            group = list(self._waiting)
            self._waiting.clear()
            self._receipts += await self._receipts_for(group)
            self._wake()

    async def _receipts_for(self, group: Sequence[Any]) -> list[command_pb2.CommandReceipt]:
        decoded = [await self._decoded(report) for report in group]
        results = [result for result in decoded if isinstance(result, CommandResult)]
        try:
            outcomes = iter(await self._record(results) if results else ())
        except DomainError as error:
            outcomes = iter([error] * len(results))
        return [
            _receipt(report, next(outcomes) if isinstance(result, CommandResult) else result)
            for report, result in zip(group, decoded, strict=True)
        ]

    async def _decoded(self, report: Any) -> CommandResult | DomainError:
        if isinstance(report, _TooLarge):
            return report.error
        try:
            return await decode_report(report, self._checked)
        except DomainError as error:
            return error

    def _checked(self, report: Any) -> CommandResult:
        check(report)
        return self._decode(report)


@dataclass(frozen=True, slots=True)
class _TooLarge:
    """Replaces a report that is too large, so that the queue uses little memory."""

    command_id: int
    state: str
    error: DomainError


def _bounded(report: Any) -> Any:
    error = size_error(report)
    return _TooLarge(report.command_id, report.state[:MOST_STATE], error) if error else report


def _receipt(report: Any, outcome: Command | DomainError) -> command_pb2.CommandReceipt:
    receipt = command_pb2.CommandReceipt(command_id=report.command_id, state=report.state[:MOST_STATE])
    if isinstance(outcome, DomainError):
        receipt.reason, receipt.message = outcome.reason, outcome.message[:MOST_MESSAGE]
        receipt.retryable = outcome.retry_after is not None
    return receipt

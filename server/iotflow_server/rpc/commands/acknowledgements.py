"""What comes up a stream of commands: answers, each followed by its receipt."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from iotflow.v1 import command_pb2
from iotflow_server.commands.command import Command, CommandResult
from iotflow_server.errors import DomainError
from iotflow_server.interceptors.middleware import Malformed
from iotflow_server.interceptors.validation import malformed
from iotflow_server.rpc.commands.results import decoded_answer, too_large

Wire = TypeVar("Wire")
Decode = Callable[[Wire], CommandResult]
Note = Callable[[Sequence[CommandResult]], Awaitable[Sequence[Command | DomainError]]]

# Answers on their way, their receipts included; beyond that nothing more is read.
MOST_WAITING = 256
# Of a state, in a receipt; longer ones are none.
LONGEST_STATE = 100


class CommandAcknowledgements(Generic[Wire]):
    """Works through answers in order, all that wait at a time. wake: called when there is something to take or to check."""

    def __init__(self, decode: Decode[Wire], note: Note, wake: Callable[[], None]) -> None:
        self._decode = decode
        self._note = note
        self._wake = wake
        self._waiting: deque[Any] = deque()
        self._come = asyncio.Event()
        self._receipts: deque[command_pb2.CommandReceipt] = deque()
        self._room = asyncio.Semaphore(MOST_WAITING)
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def coming(self, answers: AsyncIterator[Wire]) -> AsyncIterator[None]:
        """Work until the block is left, whether or not more will come."""
        self._tasks = [
            asyncio.create_task(self._read(answers), name="answers are read"),
            asyncio.create_task(self._work(), name="answers are noted"),
        ]
        for task in self._tasks:
            task.add_done_callback(lambda _: self._wake())
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def take(self) -> list[command_pb2.CommandReceipt]:
        """The receipts since the last call. Raises what ended the work: InvalidArgument where something was no message."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and (error := task.exception()):
                raise error
        taken = list(self._receipts)
        self._receipts.clear()
        for _ in taken:
            self._room.release()
        return taken

    async def _read(self, answers: AsyncIterator[Wire]) -> None:
        async for answer in answers:
            if isinstance(answer, Malformed):
                raise malformed()
            await self._room.acquire()
            self._waiting.append(_bounded(answer))
            self._come.set()

    async def _work(self) -> None:
        while True:
            await self._come.wait()
            self._come.clear()
            group = list(self._waiting)
            self._waiting.clear()
            self._receipts += await self._noted(group)
            self._wake()

    async def _noted(self, group: Sequence[Any]) -> list[command_pb2.CommandReceipt]:
        decoded = [await self._decoded(answer) for answer in group]
        answers = [answer for answer in decoded if isinstance(answer, CommandResult)]
        try:
            outcomes = iter(await self._note(answers) if answers else ())
        except DomainError as refusal:
            outcomes = iter([refusal] * len(answers))
        return [
            _receipt(answer, next(outcomes) if isinstance(found, CommandResult) else found)
            for answer, found in zip(group, decoded, strict=True)
        ]

    async def _decoded(self, answer: Any) -> CommandResult | DomainError:
        if isinstance(answer, _TooLarge):
            return answer.refusal
        try:
            return await decoded_answer(answer, self._decode)
        except DomainError as refusal:
            return refusal


@dataclass(frozen=True, slots=True)
class _TooLarge:
    """Stands in place of an answer, so that none waits that takes much memory."""

    command_id: int
    state: str
    refusal: DomainError


def _bounded(answer: Any) -> Any:
    refusal = too_large(answer)
    return _TooLarge(answer.command_id, answer.state[:LONGEST_STATE], refusal) if refusal else answer


def _receipt(answer: Any, outcome: Command | DomainError) -> command_pb2.CommandReceipt:
    receipt = command_pb2.CommandReceipt(command_id=answer.command_id, state=answer.state)
    if isinstance(outcome, DomainError):
        receipt.reason, receipt.message = outcome.reason, outcome.message
        receipt.retryable = outcome.retry_after is not None
    return receipt

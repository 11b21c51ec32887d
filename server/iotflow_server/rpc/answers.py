"""What comes up a stream of commands: answers, each followed by its receipt."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

from iotflow.v1 import command_pb2
from iotflow_server.errors import Refusal
from iotflow_server.interceptors.behaviours import Malformed
from iotflow_server.interceptors.validation import malformed

Answer = TypeVar("Answer")

# Receipts that wait to go down; beyond that nothing more is read.
MOST_WAITING = 256


class Answers(Generic[Answer]):
    """Works through answers one after the other. wake: called when there is something to take."""

    def __init__(self, work: Callable[[Answer], Awaitable[object]], wake: Callable[[], None]) -> None:
        self._work = work
        self._wake = wake
        self._receipts: deque[command_pb2.CommandReceipt] = deque()
        self._room = asyncio.Semaphore(MOST_WAITING)

    async def read(self, answers: AsyncIterator[Answer]) -> None:
        """All of them; returns when no more will come. One that is refused ends nothing; raises InvalidArgument for no message."""
        async for answer in answers:
            if isinstance(answer, Malformed):
                raise malformed()
            await self._room.acquire()
            self._receipts.append(await self._receipt(answer))
            self._wake()

    def take(self) -> list[command_pb2.CommandReceipt]:
        """The receipts since the last call."""
        taken = list(self._receipts)
        self._receipts.clear()
        for _ in taken:
            self._room.release()
        return taken

    async def _receipt(self, answer: Any) -> command_pb2.CommandReceipt:
        receipt = command_pb2.CommandReceipt(command_id=answer.command_id, state=answer.state)
        try:
            await self._work(answer)
        except Refusal as refusal:
            receipt.reason, receipt.message = refusal.reason, refusal.message
            receipt.retryable = refusal.retry_after is not None
        return receipt

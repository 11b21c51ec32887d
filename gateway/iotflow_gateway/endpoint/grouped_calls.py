"""Joins the requests that arrive during a call into the next call."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupedCalls(Generic[Item, Answer]):
    """One call at a time, in the order of the requests. call: returns an answer for each request. most: requests of a call."""

    def __init__(self, call: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]], most: int) -> None:
        self._call = call
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._task: asyncio.Task[None] | None = None

    def submit(self, item: Item) -> "asyncio.Future[Answer]":
        """The answer to a request, or the error of its call."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        # Marks the exception as retrieved: the requester may have gone.
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._waiting.append((item, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="grouped calls")
        return answer

    async def finish(self, seconds: float) -> None:
        """Wait for the calls in progress, and those that wait, for a limited time."""
        if self._task:
            await asyncio.wait([self._task], timeout=seconds)

    async def close(self) -> None:
        """Cancel the call in progress, and those that wait."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for _, answer in self._waiting:
            answer.cancel()
        self._waiting.clear()

    async def _run(self) -> None:
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            try:
                answers = await self._call([item for item, _ in group])
            except asyncio.CancelledError:
                _resolve(group, lambda answer, _: answer.cancel())
                raise
            except Exception as error:  # noqa: BLE001 - the requesters handle it
                _fail(group, error)
            else:
                _resolve(group, lambda answer, place: answer.set_result(answers[place]))  # noqa: B023


def _fail(group: Sequence[tuple[Item, "asyncio.Future[Answer]"]], error: Exception) -> None:
    _resolve(group, lambda answer, _: answer.set_exception(error))


def _resolve(
    group: Sequence[tuple[Item, "asyncio.Future[Answer]"]],
    resolve: Callable[["asyncio.Future[Answer]", int], object],
) -> None:
    """Resolve the answers that are not cancelled. resolve: called with each, and its place."""
    for place, (_, answer) in enumerate(group):
        if not answer.done():
            resolve(answer, place)

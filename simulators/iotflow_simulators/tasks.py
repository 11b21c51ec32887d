"""Tasks of asyncio with an owner, which waits for the end of each."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class OwnedTasks:
    """owner: of something that ends without waiting, such as a link: the owner waits for its tasks."""

    def __init__(self, owner: "OwnedTasks | None" = None) -> None:
        self._owner = owner
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run a coroutine beside the caller."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._add(task)
        return task

    def cancel(self) -> None:
        """Cancel all tasks, each once: a second time would interrupt what it does at its end."""
        for task in self._running:
            if not task.cancelling():
                task.cancel()

    async def close(self) -> None:
        """Cancel all tasks, and return when they have ended."""
        self.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _add(self, task: asyncio.Task[Any]) -> None:
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        if self._owner:
            self._owner._add(task)

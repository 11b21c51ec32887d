"""Messages that take long: each device's one after the other, with what comes behind them, while those of others go on."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from iotflow_gateway.pipeline.message import Message

# Whether the message says itself whose it is, and what its topic begins with.
Owner = tuple[bool, str]


class Turns:
    """take: sees to a message, and never fails. Bounded by what the broker hands over without an acknowledgement."""

    def __init__(self, take: Callable[[Message], Awaitable[None]]) -> None:
        self._take = take
        self._waiting: dict[Owner, deque[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def is_under_way(self, message: Message) -> bool:
        """Whether an earlier message of the same device is, which this one must not overtake."""
        return bool(self._waiting) and _owner(message) in self._waiting

    def add(self, message: Message) -> None:
        """See to it after the device's earlier ones."""
        owner = _owner(message)
        if owner in self._waiting:
            self._waiting[owner].append(message)
            return
        self._waiting[owner] = deque([message])
        task = asyncio.create_task(self._run(owner), name="long messages of a device")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel what is under way; the broker keeps it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, owner: Owner) -> None:
        waiting = self._waiting[owner]
        while waiting:
            await self._take(waiting.popleft())
            # Also after short ones, of which there may be many.
            await asyncio.sleep(0)
        del self._waiting[owner]


def _owner(message: Message) -> Owner:
    return message.address.keyed, message.address.root or message.topic

"""Messages that wait: for their processing, in order for each device, or for their acknowledgement."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from iotflow_gateway.pipeline.message import Message

# Payloads of unacknowledged messages, in all. Above it the adapter reads nothing from the broker.
MOST_BYTES = 128 * 2**20

# Whether the message's key identifies the device, and the root of its topics.
Owner = tuple[bool, str]


class PerDeviceQueue:
    """handle: processes one message, and raises nothing. The queues are bounded by the number of messages that the broker delivers
    without an acknowledgement."""

    def __init__(self, handle: Callable[[Message], Awaitable[None]]) -> None:
        self._handle = handle
        self._waiting: dict[Owner, deque[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def is_busy(self, message: Message) -> bool:
        """Whether an earlier message of the same device is not processed yet; this message must not overtake it."""
        return bool(self._waiting) and _owner(message) in self._waiting

    def add(self, message: Message) -> None:
        """Process the message after earlier ones of its device."""
        owner = _owner(message)
        if owner in self._waiting:
            self._waiting[owner].append(message)
            return
        self._waiting[owner] = deque([message])
        task = asyncio.create_task(self._run(owner), name="messages of a device")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel the messages in progress. They are not acknowledged, so the broker keeps them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, owner: Owner) -> None:
        waiting = self._waiting[owner]
        while waiting:
            await self._handle(waiting.popleft())
            # A short message does not yield to the event loop, and many may follow each other.
            await asyncio.sleep(0)
        del self._waiting[owner]


def _owner(message: Message) -> Owner:
    return message.address.keyed, message.address.root or message.topic


class Unacknowledged:
    """Messages in the order of arrival, which is the order of their acknowledgements in MQTT. acknowledge: sends PUBACK."""

    def __init__(self, acknowledge: Callable[[Message], None]) -> None:
        self._acknowledge = acknowledge
        self._messages: deque[Message] = deque()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Size of all payloads."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, *messages: Message) -> None:
        """Record messages that arrived."""
        self._messages.extend(messages)
        for message in messages:
            self._bytes += len(message.payload)

    def unfinished(self) -> list[Message]:
        """Messages whose processing is not complete."""
        return [message for message in self._messages if not message.is_finished]

    def finish(self, message: Message) -> None:
        """Mark a message as processed; acknowledge it once all earlier ones are processed."""
        message.is_finished = True
        messages = self._messages
        while messages and messages[0].is_finished:
            self._bytes -= len(messages[0].payload)
            self._acknowledge(messages.popleft())

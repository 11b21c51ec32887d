"""Calls to the server, one for each message: in order for each device, concurrent between devices."""

import asyncio

import structlog

from iotflow_gateway.pipeline.message import Callbacks, Message
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.retries import Call, call_with_retries

# Concurrent calls. The waiting ones are bounded by the window of the broker's messages.
AT_ONCE = 16

log = structlog.get_logger(__name__)


class OrderedCalls:
    """Makes each call until the server answers, and finishes its message."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        # The last call of each device.
        self._latest: dict[int, asyncio.Task[None]] = {}

    def submit(self, message: Message, device_id: int, call: Call) -> None:
        """Make the call after earlier ones of the device."""
        task = asyncio.create_task(self._run(message, self._latest.get(device_id), call))
        self._tasks.add(task)
        self._latest[device_id] = task
        task.add_done_callback(lambda _: self._remove(device_id, task))

    async def close(self) -> None:
        """Cancel the calls in progress. Their messages are not acknowledged, so the broker keeps them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _remove(self, device_id: int, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._latest.get(device_id) is task:
            del self._latest[device_id]

    async def _run(self, message: Message, before: "asyncio.Task[None] | None", call: Call) -> None:
        if before:
            await asyncio.wait([before])
        async with self._slots:
            try:
                await call_with_retries(call)
            except Rejected as rejected:
                self._callbacks.reject(message, rejected)
            except Exception:
                # An unexpected error must not block the messages behind it.
                log.exception("message_not_sent", topic=message.topic)
                problem = "The adapter failed to send this message to the server; its log has the cause."
                self._callbacks.reject(message, Rejected("INTERNAL", problem))
        self._callbacks.finish(message)

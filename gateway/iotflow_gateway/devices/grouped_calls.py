"""Messages of devices that become one call of the server each: answers to commands, reported configurations."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import structlog

from iotflow.channels import Backoff
from iotflow.errors import ServerError, server_error
from iotflow_gateway.failures import TRIES, given_up, is_fault
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.rejections.rejected import Rejected

# Calls at a time; what comes meanwhile waits, bounded by the window of the broker's messages.
AT_ONCE = 16
ANSWER_SECONDS = 10.0

Call = Callable[[], Awaitable[object]]

log = structlog.get_logger(__name__)


class GroupedCalls:
    """refused, finished: called with what becomes of a message."""

    def __init__(self, refused: Callable[[Message, Rejected], None], finished: Callable[[Message], None]) -> None:
        self._refused = refused
        self._finished = finished
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        # By device.
        self._latest: dict[int, asyncio.Task[None]] = {}

    def give(self, message: Message, device_id: int, call: Call) -> None:
        """Make the call after the device's earlier ones, again while the server is away, and be done with the message."""
        task = asyncio.create_task(self._give(message, self._latest.get(device_id), call))
        self._tasks.add(task)
        self._latest[device_id] = task
        task.add_done_callback(lambda _: self._done(device_id, task))

    async def close(self) -> None:
        """Cancel what is under way; the broker keeps it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, device_id: int, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._latest.get(device_id) is task:
            del self._latest[device_id]

    async def _give(self, message: Message, before: "asyncio.Task[None] | None", call: Call) -> None:
        if before:
            await asyncio.wait([before])
        async with self._room:
            try:
                await persistently(call)
            except Rejected as refused:
                self._refused(message, refused)
            except Exception:
                # Those behind it must not wait for it.
                log.exception("message_not_sent", topic=message.topic)
                self._refused(message, Rejected("INTERNAL", "the adapter cannot send this message to the server"))
        self._finished(message)


async def persistently(call: Call, tries: int = TRIES) -> object:
    """The call's answer, however long that takes. Raises Refused where the server says that it never will, or has failed over
    this call so many times."""
    backoff, faults = Backoff(longest=5.0), 0
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await call()
        except TimeoutError:
            await asyncio.sleep(backoff.delay(None))
        except grpc.aio.AioRpcError as failed:
            error = server_error(failed)
            faults += is_fault(error)
            if refused := _refusal(error, faults, tries):
                raise refused from None
            await asyncio.sleep(backoff.delay(error.retry_after))


def _refusal(error: ServerError, faults: int, tries: int) -> Rejected | None:
    """What to tell the device; None: the call is to be made again."""
    if is_fault(error):
        return given_up(error) if faults >= tries else None
    # Without a credential that counts, it is the adapter that is refused, not the message.
    if error.retryable or error.code is grpc.StatusCode.UNAUTHENTICATED:
        return None
    return Rejected(error.reason or error.code.name, error.message, field=error.field)

"""Takes each message as it comes and hands it to who carries it out."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import structlog

from iotflow.readings import Decoded, InvalidReading
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.accounts.lookups import UNKNOWN, Lookups
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.json_readings import merged_notice, more_problems, readings, refused
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.payloads import api_key, checked, divided, in_slices, is_long, is_protobuf, read_content
from iotflow_gateway.pipeline.protobuf_batches import batch
from iotflow_gateway.pipeline.turns import Turns
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.topics import Kind

log = structlog.get_logger(__name__)

Params = ParamSpec("Params")
Answer = TypeVar("Answer")

Handler = Callable[[Message, int, Any], None]


class MessageRouter:
    """keyed: whose a message is, is told by an `api_key` in it. handlers: what is done with messages that are no telemetry, given
    the message, the device's id and the JSON that it holds; finish() is theirs to call.

    refused, finished: called with what becomes of a message.
    """

    def __init__(
        self,
        directory: Directory,
        lookups: Lookups,
        joining: Batcher,
        handlers: Mapping[Kind, Handler],
        refused: Callable[[Message, Rejected], None],
        finished: Callable[[Message], None],
        metrics: Metrics,
        *,
        keyed: bool,
    ) -> None:
        self._directory = directory
        self._lookups = lookups
        self._joining = joining
        self._handlers = handlers
        self._refused = refused
        self._finished = finished
        self._metrics = metrics
        self._keyed = keyed
        self._turns = Turns(self._take_in_turn)
        # Of threads that compute the interpreter runs one at a time, and the event loop waits for its turn among all of them.
        self._reading = asyncio.Lock()

    async def close(self) -> None:
        """Cancel what is under way; the broker keeps it."""
        await self._turns.close()

    def take(self, message: Message) -> None:
        """Never waits and never fails: what cannot be taken is refused, and done."""
        kind = message.address.kind
        self._metrics.received(kind or "unknown")
        if message.stale:
            # It was taken when it was published; the broker gives it to each new subscription once more.
            self._finished(message)
        elif self._turns.is_under_way(message) or is_long(kind, message):
            self._turns.add(message)
        else:
            with self._refusing(message):
                self._take(message)

    async def _take_in_turn(self, message: Message) -> None:
        with self._refusing(message):
            if is_long(message.address.kind, message):
                await self._take_long(message)
            else:
                self._take(message)

    def _take(self, message: Message) -> None:
        kind = checked(message)
        self._pass_on(kind, message, None if is_protobuf(kind, message) else read_content(kind, message))

    async def _take_long(self, message: Message) -> None:
        """As _take, of JSON."""
        kind = checked(message)
        content = await self._beside(read_content, kind, message)
        if kind is not Kind.TELEMETRY:
            self._pass_on(kind, message, content)
            return
        device = self._device(message, content)
        device_id = device if isinstance(device, int) else await asyncio.shield(device)
        self._check_device(message, device_id, content)
        decoded = await self._beside(readings, message.payload, content)
        # It is not done before all its readings are passed on.
        message.waiting += 1
        for problems in divided(decoded.problems):
            self._tell_problems(message, problems)
            await asyncio.sleep(0)
        self._tell_notices(message, decoded)
        for some in in_slices(decoded.readings):
            self._joining.add(device_id, message, some)
            await asyncio.sleep(0)
        message.waiting -= 1
        if not message.waiting:
            self._finished(message)

    async def _beside(self, work: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs) -> Answer:
        """What work(…) returns, beside the event loop."""
        async with self._reading:
            return await asyncio.to_thread(work, *args, **kwargs)

    def _pass_on(self, kind: Kind, message: Message, content: Any) -> None:
        if kind is Kind.REGISTER:
            self._handlers[kind](message, UNKNOWN, content)
            return
        device = self._device(message, content)
        if isinstance(device, int):
            self._carry_out(kind, message, device, content)
        else:
            device.add_done_callback(lambda task: self._found(kind, message, task, content))

    def _device(self, message: Message, content: Any) -> "int | asyncio.Task[int]":
        if self._is_keyed(message):
            return self._lookups.by_key(api_key(message, content))
        if message.device_id:
            return message.device_id
        username = message.address.device
        found = None if self._lookups.is_asking(username) else self._directory.find(username)
        return found if found is not None else self._lookups.by_username(username)

    def _is_keyed(self, message: Message) -> bool:
        return self._keyed or message.address.keyed

    def _found(self, kind: Kind, message: Message, task: "asyncio.Task[int]", content: Any) -> None:
        if task.cancelled():
            # The adapter goes down; the broker keeps the message.
            return
        with self._refusing(message):
            self._carry_out(kind, message, task.result(), content)

    def _carry_out(self, kind: Kind, message: Message, device_id: int, content: Any) -> None:
        self._check_device(message, device_id, content)
        if content is None and kind in (Kind.TELEMETRY, Kind.BATCH):
            self._joining.add_batch(device_id, message, batch(message.payload, device_id))
        elif kind is Kind.TELEMETRY:
            self._take_readings(message, device_id, content)
        else:
            self._handlers[kind](message, device_id, content)

    def _check_device(self, message: Message, device_id: int, content: Any) -> None:
        if device_id == UNKNOWN:
            raise _unknown(message, keyed=self._is_keyed(message))
        if self._is_keyed(message):
            self._check_own(message, device_id)
            message.device_id = device_id
            if message.shown:
                message.shown.api_key = api_key(message, content)

    def _take_readings(self, message: Message, device_id: int, content: Any) -> None:
        decoded = readings(message.payload, content)
        self._tell_problems(message, decoded.problems)
        self._tell_notices(message, decoded)
        self._joining.add(device_id, message, decoded.readings)
        if not decoded.readings:
            self._finished(message)

    def _tell_problems(self, message: Message, problems: Sequence[InvalidReading]) -> None:
        for problem in problems:
            self._refused(message, refused(problem))

    def _tell_notices(self, message: Message, decoded: Decoded) -> None:
        # One notice a message: a device whose clock was never set would hear of every reading in its list.
        for notice in decoded.notices[:1]:
            self._refused(message, refused(notice, is_notice=True))
        if decoded.more_problems:
            self._refused(message, more_problems(decoded.more_problems))
        if merged := decoded.merged:
            self._refused(message, merged_notice(merged))

    def _check_own(self, message: Message, device_id: int) -> None:
        account = self._directory.account(device_id)
        if account is not None and message.address.device not in account.usernames:
            raise Rejected("NOT_YOUR_DEVICE", "the key is another device's", field="api_key")

    @contextmanager
    def _refusing(self, message: Message) -> Iterator[None]:
        try:
            yield
        except Rejected as refused:
            self._refuse(message, refused)
        except Exception:
            # Whatever is wrong with it, or with us: those behind it must not wait for it.
            log.exception("message not understood", topic=message.topic)
            self._refuse(message, Rejected("INTERNAL", "the adapter does not understand this message"))

    def _refuse(self, message: Message, refused: Rejected) -> None:
        self._refused(message, refused)
        self._finished(message)


def _unknown(message: Message, *, keyed: bool) -> Rejected:
    if keyed:
        return Rejected("WRONG_KEY", "no device has this key", field="api_key")
    return Rejected("DEVICE_NOT_FOUND", f"there is no device {message.address.device:.100}")

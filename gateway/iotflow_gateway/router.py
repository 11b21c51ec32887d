"""Routes each message of the broker to the component that processes it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import structlog

from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.accounts.lookups import UNKNOWN, Lookups
from iotflow_gateway.metrics import GatewayMetrics
from iotflow_gateway.pipeline.message import Callbacks, Message, Rejected
from iotflow_gateway.pipeline.message_queues import PerDeviceQueue
from iotflow_gateway.pipeline.payloads import (
    api_key,
    checked_kind,
    device_batch,
    is_long,
    is_protobuf,
    read_content,
    readings,
)
from iotflow_gateway.pipeline.telemetry_handler import TelemetryHandler
from iotflow_gateway.topics import Kind

log = structlog.get_logger(__name__)

Params = ParamSpec("Params")
Result = TypeVar("Result")

# Called with a message, the device's id and the JSON document; finishes the message.
Handler = Callable[[Message, int, Any], None]


class MessageRouter:
    """handlers: for messages other than telemetry. keyed: the `api_key` in each message identifies its device."""

    def __init__(
        self,
        *,
        directory: Directory,
        lookups: Lookups,
        telemetry: TelemetryHandler,
        handlers: Mapping[Kind, Handler],
        callbacks: Callbacks,
        metrics: GatewayMetrics,
        keyed: bool,
    ) -> None:
        self._directory = directory
        self._lookups = lookups
        self._handlers = handlers
        self._callbacks = callbacks
        self._metrics = metrics
        self._keyed = keyed
        self._telemetry = telemetry
        self._queue = PerDeviceQueue(self._process_queued)
        # The interpreter runs one computing thread at a time; several would each delay the event loop.
        self._decoding = asyncio.Lock()

    async def close(self) -> None:
        """Cancel the messages in progress. They are not acknowledged, so the broker keeps them."""
        await self._queue.close()

    def route(self, message: Message) -> None:
        """Accept or reject a message. Returns at once and raises nothing."""
        kind = message.address.kind
        self._metrics.record_received(kind or "unknown")
        if message.is_replay:
            # The broker repeats a retained message for each new subscription. It was stored when it was published.
            self._callbacks.finish(message)
        elif self._queue.is_busy(message) or is_long(kind, message):
            self._queue.add(message)
        else:
            try:
                self._process(message)
            except Exception as error:  # noqa: BLE001 - it must not block the messages behind this one
                self._reject(message, error)

    async def _process_queued(self, message: Message) -> None:
        try:
            if is_long(message.address.kind, message):
                await self._process_long(message)
            else:
                self._process(message)
        except Exception as error:  # noqa: BLE001 - it must not block the messages behind this one
            self._reject(message, error)

    def _process(self, message: Message) -> None:
        kind = checked_kind(message)
        self._dispatch(kind, message, None if is_protobuf(kind, message) else read_content(kind, message))

    async def _process_long(self, message: Message) -> None:
        """Process JSON that is decoded in a thread."""
        kind = checked_kind(message)
        content = await self._in_thread(read_content, kind, message)
        if kind is not Kind.TELEMETRY:
            self._dispatch(kind, message, content)
            return
        device = self._device(message, content)
        device_id = device if isinstance(device, int) else await asyncio.shield(device)
        self._check_device(message, device_id, content)
        decoded = await self._in_thread(readings, message.payload, content)
        await self._telemetry.handle_long(message, device_id, decoded)

    async def _in_thread(self, work: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs) -> Result:
        async with self._decoding:
            return await asyncio.to_thread(work, *args, **kwargs)

    def _dispatch(self, kind: Kind, message: Message, content: Any) -> None:
        """Process a decoded message, after a lookup of its device if one is necessary."""
        if kind is Kind.REGISTER:
            self._handlers[kind](message, UNKNOWN, content)
            return
        device = self._device(message, content)
        if isinstance(device, int):
            self._process_for(device, kind, message, content)
        else:
            device.add_done_callback(lambda task: self._process_found(task, kind, message, content))

    def _device(self, message: Message, content: Any) -> "int | asyncio.Task[int]":
        """The id of the message's device, UNKNOWN, or the lookup in progress."""
        if self._is_keyed(message):
            return self._lookups.by_key(api_key(message, content))
        if message.device_id:
            return message.device_id
        username = message.address.device
        # A message must not overtake earlier ones that wait for the same lookup.
        found = None if self._lookups.is_pending(username) else self._directory.find(username)
        return found if found is not None else self._lookups.by_username(username)

    def _is_keyed(self, message: Message) -> bool:
        return self._keyed or message.address.keyed

    def _process_found(self, task: "asyncio.Task[int]", kind: Kind, message: Message, content: Any) -> None:
        if task.cancelled():
            # The adapter stops. The broker keeps the message.
            return
        try:
            self._process_for(task.result(), kind, message, content)
        except Exception as error:  # noqa: BLE001 - it must not block the messages behind this one
            self._reject(message, error)

    def _process_for(self, device_id: int, kind: Kind, message: Message, content: Any) -> None:
        self._check_device(message, device_id, content)
        if content is None and kind in (Kind.TELEMETRY, Kind.BATCH):
            self._telemetry.handle_batch(message, device_id, device_batch(message.payload, device_id))
        elif kind is Kind.TELEMETRY:
            self._telemetry.handle(message, device_id, readings(message.payload, content))
        else:
            self._handlers[kind](message, device_id, content)

    def _check_device(self, message: Message, device_id: int, content: Any) -> None:
        """Raises Rejected if the device is unknown, or if the key in the message is of another device than the topic."""
        is_keyed = self._is_keyed(message)
        if device_id == UNKNOWN:
            raise _unknown(message, keyed=is_keyed)
        if not is_keyed:
            return
        account = self._directory.account(device_id)
        if account is not None and message.address.device not in account.usernames:
            problem = "The key belongs to another device than the topic. Publish to the topics of the key's device."
            raise Rejected("NOT_YOUR_DEVICE", problem, field="api_key")
        message.device_id = device_id
        if message.connection_key:
            message.connection_key.api_key = api_key(message, content)

    def _reject(self, message: Message, error: Exception) -> None:
        """Reject a message whose processing has failed. An unexpected error must not block the messages behind it."""
        if isinstance(error, Rejected):
            rejected = error
        else:
            log.error("message_failed", topic=message.topic, exc_info=error)
            rejected = Rejected("INTERNAL", "The adapter failed over this message; its log has the cause.")
        self._callbacks.reject(message, rejected)
        self._callbacks.finish(message)


def _unknown(message: Message, *, keyed: bool) -> Rejected:
    if keyed:
        problem = "No device has this key. Check the key, or register the device."
        return Rejected("WRONG_KEY", problem, field="api_key")
    problem = f"There is no device {message.address.device:.100}. Check the topic, or register the device."
    return Rejected("DEVICE_NOT_FOUND", problem)

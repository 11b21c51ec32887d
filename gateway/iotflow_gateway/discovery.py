"""Registration by MQTT."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import orjson
from google.protobuf.json_format import MessageToDict

from iotflow.channels import credentials
from iotflow.errors import ServerError, server_error
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics

SECONDS = 10.0
# Registrations under way; others are told to come again.
MOST = 100
FIELDS = ("device_type", "description", "location", "firmware_version", "hardware_version")


class Discovery:
    """A device says `{device_type, …, token?}` on discovery/register/{name} and hears, once, its id and key.

    The adapter lends nobody its own token: where registration is not open, the message holds a registrar's.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        topics: Topics,
        publish: Callable[[str, bytes], bool],
        finished: Callable[[Message], None],
    ) -> None:
        self._stub = DeviceServiceStub(channel)
        self._topics = topics
        self._publish = publish
        self._finished = finished
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, message: Message, _device_id: int, content: Any) -> None:
        """Register, and answer."""
        if len(self._tasks) >= MOST:
            self._answer(message, _error("TOO_MANY_REGISTRATIONS", "come again in a moment", retryable=True))
            return
        if refused := _refused(content):
            self._answer(message, refused)
            return
        task = asyncio.create_task(self._register(message, content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel what is under way; the broker keeps it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _register(self, message: Message, content: dict[str, Any]) -> None:
        said = {name: content[name] for name in FIELDS if content.get(name) is not None}
        request = RegisterDeviceRequest(name=message.address.device, **said)
        metadata = credentials(token=content.get("token") or "")
        try:
            answer = await self._stub.RegisterDevice(request, metadata=metadata, timeout=SECONDS)
        except grpc.aio.AioRpcError as failed:
            self._answer(message, _refusal(server_error(failed)))
        else:
            device = MessageToDict(
                answer.device, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            self._answer(message, {"status": "success", "message": answer.message, "device": device})

    def _answer(self, message: Message, content: dict[str, Any]) -> None:
        self._publish(self._topics.response(message.address.device), orjson.dumps(content))
        self._finished(message)


def _refused(content: Any) -> dict[str, Any] | None:
    """What is said to content that asks for nothing."""
    if not isinstance(content, dict):
        return _error("INVALID_PAYLOAD", "a registration is an object in JSON, or nothing", retryable=False)
    if wrong := [name for name in (*FIELDS, "token") if not isinstance(content.get(name), str | None)]:
        return _error("INVALID_PAYLOAD", f"{wrong[0]} is a text", retryable=False)
    token = content.get("token") or ""
    if not (token.isascii() and token.isprintable()):
        # No call can carry it.
        return _error("WRONG_TOKEN", "token: no token has such characters", retryable=False)
    return None


def _refusal(error: ServerError) -> dict[str, Any]:
    return _error(error.reason or error.code.name, error.message, retryable=error.retryable)


def _error(reason: str, message: str, *, retryable: bool) -> dict[str, Any]:
    return {"status": "error", "reason": reason, "message": message, "retryable": retryable}

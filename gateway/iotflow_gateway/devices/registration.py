"""Registration of devices by MQTT."""

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

ANSWER_SECONDS = 10.0
# Registrations in progress; further ones are rejected as retryable.
MOST = 100
FIELDS = ("device_type", "description", "location", "firmware_version", "hardware_version")


class MqttRegistrationHandler:
    """Answers `{device_type, …, token?}` on discovery/register/{name} with the device's id and key, once.

    The adapter does not use its own token. If registration is not open, the message must hold the token of a registrar.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        topics: Topics,
        publish: Callable[[str, bytes], bool],
        finish: Callable[[Message], None],
    ) -> None:
        self._stub = DeviceServiceStub(channel)
        self._topics = topics
        self._publish = publish
        self._finish = finish
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, message: Message, _device_id: int, content: Any) -> None:
        """Register the device that the topic names."""
        if len(self._tasks) >= MOST:
            problem = f"{MOST} registrations are in progress. Try again later."
            self._answer(message, _error("TOO_MANY_REGISTRATIONS", problem, retryable=True))
            return
        if error := _problem(content):
            self._answer(message, error)
            return
        task = asyncio.create_task(self._register(message, content))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel the registrations in progress. They are not acknowledged, so the broker keeps them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _register(self, message: Message, content: dict[str, Any]) -> None:
        fields = {name: content[name] for name in FIELDS if content.get(name) is not None}
        request = RegisterDeviceRequest(name=message.address.device, **fields)
        metadata = credentials(token=content.get("token") or "")
        try:
            answer = await self._stub.RegisterDevice(request, metadata=metadata, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as failure:
            self._answer(message, _server_error(server_error(failure)))
        else:
            device = MessageToDict(
                answer.device, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
            )
            self._answer(message, {"status": "success", "message": answer.message, "device": device})

    def _answer(self, message: Message, content: dict[str, Any]) -> None:
        self._publish(self._topics.response(message.address.device), orjson.dumps(content))
        self._finish(message)


def _problem(content: Any) -> dict[str, Any] | None:
    """The answer to a body that is not a registration; None if it is one."""
    if not isinstance(content, dict):
        problem = "The payload is not a registration. Send a JSON object, or an empty payload."
        return _error("INVALID_PAYLOAD", problem, retryable=False)
    if wrong := [name for name in (*FIELDS, "token") if not isinstance(content.get(name), str | None)]:
        problem = f"The field {wrong[0]} is not a string. Send a string, or omit the field."
        return _error("INVALID_PAYLOAD", problem, retryable=False)
    token = content.get("token") or ""
    if not (token.isascii() and token.isprintable()):
        # The metadata of a call cannot hold it.
        problem = "The token has characters that no token has. Send the token of a registrar."
        return _error("WRONG_TOKEN", problem, retryable=False)
    return None


def _server_error(error: ServerError) -> dict[str, Any]:
    return _error(error.reason or error.code.name, error.message, retryable=error.retryable)


def _error(reason: str, message: str, *, retryable: bool) -> dict[str, Any]:
    return {"status": "error", "reason": reason, "message": message, "retryable": retryable}

"""Messages that the server answers once: readings, results of commands, and reports of a configuration."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

from iotflow.errors import ServerError, server_error
from iotflow.v1.device_service_pb2 import AckCommandRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_gateway.contract_json import message_json
from iotflow_gateway.json_door.callers import Caller, is_login_error
from iotflow_gateway.json_door.closing import login_rejected
from iotflow_gateway.json_door.limits import CALL_SECONDS
from iotflow_gateway.json_door.messages import (
    COMMAND_RESULT,
    CONFIG_REPORT,
    READINGS,
    ClientMessage,
    InvalidMessage,
    error_answer,
)

_RECEIPT = "receipt"
# Fields of a message that are no fields of the request.
_ENVELOPE = ("type", "id")


class Requests:
    """Calls with the credentials of one caller."""

    def __init__(self, channel: grpc.aio.Channel, caller: Caller) -> None:
        devices, telemetry = DeviceServiceStub(channel), TelemetryServiceStub(channel)
        self._metadata = caller.metadata
        # The server itself reads the message, as a body of REST, in which it ignores the type and the id.
        self._calls: dict[str, Callable[[ClientMessage], Awaitable[Message]]] = {
            READINGS: lambda message: self._call(telemetry.SubmitReadingsJson, _body(message)),
            CONFIG_REPORT: lambda message: self._call(devices.UpdateDeviceConfigJson, _body(message)),
            COMMAND_RESULT: lambda message: self._call(devices.AckCommand, request_of(message, AckCommandRequest())),
        }

    async def answer(self, message: ClientMessage) -> dict[str, Any]:
        """The receipt, with the answer of REST, or the error. Raises Closing if the credential is no longer valid."""
        try:
            answer = await self._calls[message.type](message)
        except InvalidMessage as problem:
            return problem.answer
        except grpc.aio.AioRpcError as failure:
            error: ServerError = server_error(failure)
            if is_login_error(error):
                raise login_rejected(error) from None
            return error_answer(message.id, error)
        return {"type": _RECEIPT, "id": message.id, **message_json(answer)}

    def _call(self, method: Any, request: Message) -> Awaitable[Message]:
        call: Awaitable[Message] = method(request, metadata=self._metadata, timeout=CALL_SECONDS)
        return call


def request_of(message: ClientMessage, request: Any, *, without: tuple[str, ...] = ()) -> Any:
    """The request with the fields of the message. Unknown fields are ignored, as in REST. Raises InvalidMessage."""
    fields = {name: value for name, value in message.content.items() if name not in (*_ENVELOPE, *without)}
    try:
        return ParseDict(fields, request, ignore_unknown_fields=True)
    except ParseError as problem:
        raise InvalidMessage("INVALID_ARGUMENT", f"{problem}", id=message.id) from None


def _body(message: ClientMessage) -> HttpBody:
    return HttpBody(content_type="application/json", data=message.body)

"""What devices answer to commands, and report of their configuration."""

from typing import Any

import grpc
from google.protobuf.json_format import ParseDict, ParseError

from iotflow.v1.gateway_service_pb2 import AckDeviceCommandRequest, ReportDeviceConfigRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.words import CommandOutcome
from iotflow_gateway.devices.grouped_calls import GroupedCalls
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.rejections.rejected import Rejected

LARGEST_ID = 2**31 - 1


class AcknowledgementHandler:
    """The handlers of two topics."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], answers: GroupedCalls) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._answers = answers

    def command(self, message: Message, device_id: int, content: Any) -> None:
        """`{command_id or group_command, state: succeeded|failed, result?}`."""
        request = _answer(device_id, content)
        self._answers.give(message, device_id, lambda: self._stub.AckDeviceCommand(request, metadata=self._metadata))

    def config(self, message: Message, device_id: int, content: Any) -> None:
        """As the body of PUT /api/v1/devices/config."""
        request = _report(device_id, content)
        self._answers.give(message, device_id, lambda: self._stub.ReportDeviceConfig(request, metadata=self._metadata))


def _answer(device_id: int, content: Any) -> AckDeviceCommandRequest:
    said = content if isinstance(content, dict) else {}
    command_id, group_command = said.get("command_id", 0), said.get("group_command", "")
    state = str(said.get("state", CommandOutcome.SUCCEEDED)).lower()
    if type(command_id) is not int or not 0 <= command_id <= LARGEST_ID or not (command_id or group_command):
        raise Rejected("INVALID_PAYLOAD", "an answer has the command's id, a whole number", field="command_id")
    if not isinstance(group_command, str):
        raise Rejected("INVALID_PAYLOAD", "a text, as the command had it", field="group_command")
    if state not in tuple(CommandOutcome):
        raise Rejected("INVALID_PAYLOAD", "a command ends as succeeded or failed", field="state")
    request = AckDeviceCommandRequest(
        device_id=device_id, command_id=command_id, state=state, group_command=group_command
    )
    if (result := said.get("result")) is not None:
        _parse(result if isinstance(result, dict) else {"value": result}, request.result)
    return request


def _report(device_id: int, content: Any) -> ReportDeviceConfigRequest:
    if not isinstance(content, dict):
        raise Rejected("INVALID_PAYLOAD", "a configuration is an object")
    request = ReportDeviceConfigRequest(device_id=device_id)
    # Also where nothing of it is known: the server then names what there is.
    request.config.SetInParent()
    _parse({name: value for name, value in content.items() if name not in ("api_key", "message_id")}, request.config)
    return request


def _parse(content: dict[str, Any], message: Any) -> None:
    try:
        ParseDict(content, message, ignore_unknown_fields=True)
    except ParseError as error:
        raise Rejected("INVALID_PAYLOAD", str(error)[:300]) from None

"""Acknowledgements of commands and reported configurations, passed to the server in order for each device."""

import asyncio
from typing import Any

import grpc
import structlog
from google.protobuf.json_format import ParseDict, ParseError

from iotflow.readings import EXACT
from iotflow.v1.gateway_service_pb2 import AckDeviceCommandRequest, ReportDeviceConfigRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.words import CommandOutcome
from iotflow_gateway.pipeline.message import Callbacks, Message, Rejected
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


class AcknowledgementHandler:
    """Passes both kinds of messages to the server."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], calls: OrderedCalls) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._calls = calls

    def handle_command(self, message: Message, device_id: int, content: Any) -> None:
        """Acknowledge a command: `{command_id or group_command, state: succeeded|failed, result?}`."""
        request = _acknowledgement(device_id, content)
        self._calls.submit(message, device_id, lambda: self._stub.AckDeviceCommand(request, metadata=self._metadata))

    def handle_config(self, message: Message, device_id: int, content: Any) -> None:
        """Report a configuration: the body of PUT /api/v1/devices/config."""
        request = _report(device_id, content)
        self._calls.submit(message, device_id, lambda: self._stub.ReportDeviceConfig(request, metadata=self._metadata))


def _acknowledgement(device_id: int, content: Any) -> AckDeviceCommandRequest:
    fields = content if isinstance(content, dict) else {}
    command_id, group_command = fields.get("command_id", 0), fields.get("group_command", "")
    state = str(fields.get("state", CommandOutcome.SUCCEEDED)).lower()
    if type(command_id) is not int or not 0 <= command_id <= EXACT or not (command_id or group_command):
        raise _invalid(
            "command_id",
            f"The command's id is missing, or not an integer of at most {EXACT}. Send the id of the command.",
        )
    if not isinstance(group_command, str):
        raise _invalid("group_command", "The value is not a string. Send the `group_command` of the command.")
    if state not in tuple(CommandOutcome):
        raise _invalid("state", "The state of a command is `succeeded` or `failed`. Send one of them.")
    request = AckDeviceCommandRequest(
        device_id=device_id, command_id=command_id, state=state, group_command=group_command
    )
    if (result := fields.get("result")) is not None:
        _parse(result if isinstance(result, dict) else {"value": result}, request.result)
    return request


def _report(device_id: int, content: Any) -> ReportDeviceConfigRequest:
    if not isinstance(content, dict):
        raise _invalid("", "The payload is not a configuration. Send a JSON object.")
    request = ReportDeviceConfigRequest(device_id=device_id)
    # An empty configuration is sent too: the server's error then names the known fields.
    request.config.SetInParent()
    _parse({name: value for name, value in content.items() if name not in ("api_key", "message_id")}, request.config)
    return request


def _parse(content: dict[str, Any], message: Any) -> None:
    try:
        ParseDict(content, message, ignore_unknown_fields=True)
    except ParseError as error:
        raise _invalid("", str(error)[:300]) from None


def _invalid(field: str, problem: str) -> Rejected:
    return Rejected("INVALID_PAYLOAD", problem, field=field)

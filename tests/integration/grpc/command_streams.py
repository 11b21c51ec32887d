"""Open streams of commands: the test puts messages and takes the responses."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from iotflow.v1 import (
    command_pb2,
    command_service_pb2,
    config_service_pb2,
    device_service_pb2,
    gateway_service_pb2,
    token_service_pb2,
)
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.integration.grpc.device import Caller
from tests.support.admin_stubs import AdminStubs

Metadata = tuple[tuple[str, str], ...]
PATIENCE = 30.0


class Stream:
    """An open stream of a device or a gateway."""

    def __init__(self, method: Any, metadata: Metadata, answer: Any) -> None:
        self._up: queue.Queue[Any] = queue.Queue()
        self._answer = answer
        self.call = method(iter(self._up.get, None), metadata=metadata, timeout=PATIENCE)

    def answer(self, command_id: int, state: str, **more: Any) -> command_pb2.CommandReceipt:
        """Report the outcome of a command; the receipt, which must be the next response."""
        self.put(command_id, state, **more)
        message = next(self.call)
        assert message.HasField("receipt"), message
        receipt: command_pb2.CommandReceipt = message.receipt
        return receipt

    def put(self, command_id: int, state: str, **more: Any) -> None:
        """Send a message without taking the response."""
        self._up.put(self._answer(command_id=command_id, state=state, **more))

    def next(self) -> Any:
        """The next response, which must be a command."""
        message = next(self.call)
        assert message.HasField("command"), message
        return message.command

    def close(self) -> None:
        self.call.cancel()
        self._up.put(None)


@contextmanager
def of_device(stub: DeviceServiceStub, device: Caller) -> Iterator[Stream]:
    stream = Stream(stub.StreamCommands, device.metadata, device_service_pb2.StreamCommandsRequest)
    try:
        yield stream
    finally:
        stream.close()


@contextmanager
def of_gateway(stub: GatewayServiceStub, metadata: Metadata) -> Iterator[Stream]:
    stream = Stream(stub.StreamDeviceCommands, metadata, gateway_service_pb2.StreamDeviceCommandsRequest)
    try:
        yield stream
    finally:
        stream.close()


class Admin:
    """Calls of an admin."""

    def __init__(self, stub: AdminStubs, metadata: Metadata) -> None:
        self.stub = stub
        self.metadata = metadata

    def send(self, device_id: int, name: str, **more: Any) -> command_pb2.Command:
        request = command_service_pb2.SendCommandRequest(device_id=device_id, name=name, **more)
        return self.stub.commands.SendCommand(request, metadata=self.metadata, timeout=PATIENCE).command

    def get(self, command_id: int) -> command_pb2.Command:
        request = command_service_pb2.GetCommandRequest(command_id=command_id)
        return self.stub.commands.GetCommand(request, metadata=self.metadata).command

    def all_commands(self) -> list[int]:
        """The ids of the newest thousand commands."""
        request = command_service_pb2.ListCommandsRequest(page_size=1_000)
        return [command.id for command in self.stub.commands.ListCommands(request, metadata=self.metadata).commands]

    def cancel(self, command_id: int) -> command_pb2.Command:
        request = command_service_pb2.CancelCommandRequest(command_id=command_id)
        return self.stub.commands.CancelCommand(request, metadata=self.metadata).command

    def until(self, command_id: int, state: str) -> None:
        """Wait until the command is in this state."""
        request = command_service_pb2.WatchCommandsRequest(command_id=command_id)
        call = self.stub.commands.WatchCommands(request, metadata=self.metadata, timeout=PATIENCE)
        next(event for event in call if event.HasField("command") and event.command.state == state)
        call.cancel()

    def gateway(self, name: str) -> Metadata:
        """The credentials of a new gateway, as metadata."""
        request = token_service_pb2.CreateTokenRequest(name=name, role="gateway")
        made = self.stub.tokens.CreateToken(request, metadata=self.metadata)
        return (("authorization", f"Bearer {made.secret}"),)

    def configure(self, device_id: int, **content: Any) -> int:
        """Set the desired configuration; its version."""
        request = config_service_pb2.SetDesiredConfigRequest(device_id=device_id)
        request.configuration.update(content)
        return self.stub.config.SetDesiredConfig(request, metadata=self.metadata).desired_version

"""A server is killed while commands are in progress: acknowledged ones are stored, and all others are delivered again in order."""

import signal
from contextlib import AbstractContextManager
from pathlib import Path

import grpc
import pytest

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.integration.grpc.command_streams import Admin, Stream, of_device, of_gateway
from tests.integration.grpc.conftest import register
from tests.support.admin_stubs import AdminStubs
from tests.support.server_process import server

COMMANDS, ANSWERED = 60, 25


def admin_calls(channel: grpc.Channel, folder: Path) -> Admin:
    token = (folder / "admin-token").read_text().strip()
    return Admin(AdminStubs(channel), (("authorization", f"Bearer {token}"),))


@pytest.mark.parametrize("door", ["device", "gateway"])
def test_no_acknowledged_command_or_result_is_lost(tmp_path: Path, door: str) -> None:
    with server(tmp_path) as (process, channel):
        admin, devices = admin_calls(channel, tmp_path), DeviceServiceStub(channel)
        device = register(devices, "outlives it")
        adapter = admin.gateway("adapter")
        sent = [admin.send(device.id, f"c{number}").id for number in range(COMMANDS)]

        def opened(through: grpc.Channel) -> AbstractContextManager[Stream]:
            if door == "device":
                return of_device(DeviceServiceStub(through), device)
            return of_gateway(GatewayServiceStub(through), adapter)

        with opened(channel) as stream:
            stored = []
            for message in stream.call:
                if message.HasField("command"):
                    command = message.command if door == "device" else message.command.command
                    more = {} if door == "device" else {"device_id": device.id}
                    stream.put(command.id, "succeeded", **more)
                elif not message.receipt.reason:
                    stored.append(message.receipt.command_id)
                    if len(stored) == ANSWERED:
                        process.signal(signal.SIGKILL)
                        break
            with pytest.raises(grpc.RpcError):
                stored += [message.receipt.command_id for message in stream.call if message.HasField("receipt")]
    with server(tmp_path) as (_, channel):
        admin = admin_calls(channel, tmp_path)
        states = {command_id: admin.get(command_id).state for command_id in sent}
        assert {states[command_id] for command_id in stored} == {"succeeded"}
        left = [command_id for command_id in sent if states[command_id] != "succeeded"]
        last = admin.send(device.id, "last").id
        with opened(channel) as stream:
            received: list[int] = []
            while not received or received[-1] != last:
                command = next(stream.call).command
                received.append(command.id if door == "device" else command.command.id)
        assert received == [*left, last]

"""MQTT end to end: a server, a broker and adapters, each a real process."""

import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from iotflow.batches import decode_batch
from iotflow.channels import credentials
from iotflow.v1 import (
    command_service_pb2,
    config_service_pb2,
    device_pb2,
    device_service_pb2,
    fleet_service_pb2,
)
from iotflow.v1.command_pb2 import Command
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_cli.mosquitto.broker import ENVIRONMENT, Mosquitto
from iotflow_cli.mqtt import chosen_broker
from tests.faults.server import Server, server_process
from tests.support.admin_stubs import AdminStubs
from tests.support.processes import PATIENCE, Running, free_port, running, wait_until_listening

EMBEDDED, MOSQUITTO = "embedded", "mosquitto"
QUIET = {"IOTFLOW_LOG_LEVEL": "warning"}


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device."""

    id: int
    name: str
    key: str


class Part:
    """A process that a test starts, kills and starts again. env: its settings."""

    def __init__(self, command: list[str], env: Mapping[str, str], ready: str | int) -> None:
        self._command = command
        self.env = env
        self._ready = ready
        self._stack = ExitStack()
        self.process: Running | None = None

    def start(self) -> None:
        """Start, and wait until the process logs that it is ready, or listens on its port."""
        self.process = self._stack.enter_context(running(self._command, self.env))
        if isinstance(self._ready, int):
            wait_until_listening(self._ready, self.process)
        else:
            word = self._ready
            self.process.wait_for_lines(lambda line: word in line)

    @property
    def pid(self) -> int:
        """The id of the started process."""
        assert self.process
        return self.process.pid

    def logged(self, word: str) -> int:
        """Number of lines with this word since the start."""
        assert self.process
        return sum(word in line for line in self.process.lines)

    def wait_for(self, word: str, times: int) -> None:
        """Wait until this many lines since the start have the word."""
        assert self.process
        self.process.wait_for_lines(lambda line: word in line, times)

    def kill(self) -> None:
        """End the process with SIGKILL."""
        if self.process and self.process.alive:
            self.process.signal(signal.SIGKILL)
            self.process.exit_code()

    def stop(self) -> None:
        """End the process with SIGTERM."""
        assert self.process
        self.process.terminate()

    def close(self) -> None:
        self._stack.close()


class Stack:
    """A server, a broker, and the adapters that a test makes. v5: whether clients use MQTT 5, if they may use either."""

    def __init__(self, server: Server, kind: str, folder: Path) -> None:
        self.server = server
        self.kind = kind
        self.v5 = True
        self.folder = folder
        self.port = free_port()
        self.adapters: list[Part] = []
        self.broker = self._broker()
        self.ending = ExitStack()
        self.ending.callback(self.broker.close)

    @property
    def env(self) -> dict[str, str]:
        """The settings of an adapter."""
        settings = {
            "IOTFLOW_GATEWAY_SERVER": self.server.target,
            "IOTFLOW_GATEWAY_TOKEN_FILE": str(self.server.folder / "gateway-token"),
            "IOTFLOW_GATEWAY_MQTT_PORT": str(self.port),
            "IOTFLOW_GATEWAY_DISCOVERY": "true",
        }
        if self.kind == EMBEDDED:
            return settings | dict(chosen_broker(EMBEDDED, "", self.port).env)
        return settings | {"IOTFLOW_GATEWAY_MOSQUITTO_DIR": str(self.folder / "mosquitto")}

    def _broker(self) -> Part:
        if self.kind == EMBEDDED:
            # It comes with the adapter.
            return Part([sys.executable, "-c", "print('started')"], {}, "started")
        mosquitto = Mosquitto(self.folder / "mosquitto", "127.0.0.1", self.port, "iotflow", anonymous=True)
        mosquitto.prepare()
        return Part(mosquitto.command(), ENVIRONMENT, self.port)

    def adapter(self, **settings: str) -> Part:
        """A further adapter, not yet started."""
        env = self.env | {f"IOTFLOW_GATEWAY_{name.upper()}": value for name, value in settings.items()}
        ready = "broker_listening" if self.kind == EMBEDDED else "broker_connected"
        part = Part([sys.executable, "-m", "iotflow_gateway"], env, ready)
        self.ending.callback(part.close)
        self.adapters.append(part)
        return part

    def register(self, name: str, device_type: str = "") -> Device:
        """Register a device."""
        with grpc.insecure_channel(self.server.target) as channel:
            request = device_service_pb2.RegisterDeviceRequest(name=name, device_type=device_type)
            made = DeviceServiceStub(channel).RegisterDevice(request, wait_for_ready=True, timeout=PATIENCE).device
        return Device(made.id, made.name, made.api_key)

    def readings(self, device_id: int) -> dict[int, dict[str, object]]:
        """All stored readings of a device, by time."""
        stored: dict[int, dict[str, object]] = {}
        with grpc.insecure_channel(self.server.target) as channel:
            request = ReadTelemetryRequest(device_ids=[device_id])
            for answer in TelemetryServiceStub(channel).ReadTelemetry(request, metadata=self.admin, timeout=PATIENCE):
                times, columns = decode_batch(answer.batch)
                for name, column in columns.items():
                    present = ~np.ma.getmaskarray(column)
                    for time, value in zip(times[present].tolist(), column.data[present].tolist(), strict=True):
                        stored.setdefault(time, {})[name] = value
        return stored

    def count(self, devices: Iterable[Device]) -> int:
        """The number of stored readings of devices."""
        request = ReadTelemetryRequest(device_ids=[device.id for device in devices])
        with grpc.insecure_channel(self.server.target) as channel:
            answers = TelemetryServiceStub(channel).ReadTelemetry(request, metadata=self.admin, timeout=PATIENCE)
            return sum(len(decode_batch(answer.batch)[0]) for answer in answers)

    @property
    def admin(self) -> tuple[tuple[str, str], ...]:
        """The metadata of an admin."""
        return credentials(token=self.server.admin_token)

    def set_status(self, device: Device, status: str) -> None:
        """As an admin does."""
        with grpc.insecure_channel(self.server.target) as channel:
            request = fleet_service_pb2.SetDeviceStatusRequest(device_id=device.id, status=status)
            AdminStubs(channel).fleet.SetDeviceStatus(request, metadata=self.admin, timeout=PATIENCE)

    def send_command(self, device: Device, name: str, parameters: dict[str, Any], seconds: int = 0) -> Command:
        """As an admin does. seconds: until it expires; 0: never."""
        request = command_service_pb2.SendCommandRequest(device_id=device.id, name=name, time_to_live_seconds=seconds)
        request.parameters.update(parameters)
        with grpc.insecure_channel(self.server.target) as channel:
            return AdminStubs(channel).commands.SendCommand(request, metadata=self.admin, timeout=PATIENCE).command

    def send_group_command(
        self, group: str, name: str, parameters: dict[str, Any], *, announce: bool
    ) -> command_service_pb2.SendGroupCommandResponse:
        """As an admin does."""
        request = command_service_pb2.SendGroupCommandRequest(group=group, name=name, announce=announce)
        request.parameters.update(parameters)
        with grpc.insecure_channel(self.server.target) as channel:
            return AdminStubs(channel).commands.SendGroupCommand(request, metadata=self.admin, timeout=PATIENCE)

    def commands(self, device: Device) -> dict[str, str]:
        """The states of a device's commands, by name."""
        request = command_service_pb2.ListCommandsRequest(device_id=device.id)
        with grpc.insecure_channel(self.server.target) as channel:
            answer = AdminStubs(channel).commands.ListCommands(request, metadata=self.admin, timeout=PATIENCE)
        return {command.name: command.state for command in answer.commands}

    def command(self, command_id: int) -> Command:
        """The current state of a command."""
        request = command_service_pb2.GetCommandRequest(command_id=command_id)
        with grpc.insecure_channel(self.server.target) as channel:
            return AdminStubs(channel).commands.GetCommand(request, metadata=self.admin, timeout=PATIENCE).command

    def set_desired(self, device: Device, configuration: dict[str, Any]) -> None:
        """As an admin does."""
        request = config_service_pb2.SetDesiredConfigRequest(device_id=device.id)
        request.configuration.update(configuration)
        with grpc.insecure_channel(self.server.target) as channel:
            AdminStubs(channel).config.SetDesiredConfig(request, metadata=self.admin, timeout=PATIENCE)

    def device(self, device: Device) -> device_pb2.Device:
        """As an admin sees it."""
        request = fleet_service_pb2.GetDeviceRequest(device_id=device.id)
        with grpc.insecure_channel(self.server.target) as channel:
            return AdminStubs(channel).fleet.GetDevice(request, metadata=self.admin, timeout=PATIENCE).device

    def remove(self, device: Device) -> None:
        """As an admin does."""
        with grpc.insecure_channel(self.server.target) as channel:
            request = fleet_service_pb2.DeleteDeviceRequest(device_id=device.id)
            AdminStubs(channel).fleet.DeleteDevice(request, metadata=self.admin, timeout=PATIENCE)

    def remove_all(self) -> None:
        """Remove all devices of the server, as an admin does."""
        with grpc.insecure_channel(self.server.target) as channel:
            fleet, request = AdminStubs(channel).fleet, fleet_service_pb2.ListDevicesRequest(page_size=100)
            while devices := fleet.ListDevices(request, metadata=self.admin, timeout=PATIENCE).devices:
                for device in devices:
                    removal = fleet_service_pb2.DeleteDeviceRequest(device_id=device.id)
                    fleet.DeleteDevice(removal, metadata=self.admin, timeout=PATIENCE)

    def rename(self, device: Device, name: str) -> Device:
        """As an admin does."""
        with grpc.insecure_channel(self.server.target) as channel:
            request = fleet_service_pb2.UpdateDeviceRequest(device_id=device.id, name=name)
            AdminStubs(channel).fleet.UpdateDevice(request, metadata=self.admin, timeout=PATIENCE)
        return Device(device.id, name, device.key)

    def rotate(self, device: Device) -> Device:
        """Rotate the device's key; the device with its new key."""
        with grpc.insecure_channel(self.server.target) as channel:
            request = device_service_pb2.RotateApiKeyRequest()
            metadata = credentials(api_key=device.key)
            answer = DeviceServiceStub(channel).RotateApiKey(request, metadata=metadata, timeout=PATIENCE)
        return Device(device.id, device.name, answer.api_key)


@contextmanager
def mqtt_stack(
    folder: Path,
    kind: str,
    env: dict[str, str] | None = None,
    make: type[Stack] | None = None,
    telemetry: str = "sqlite",
) -> Iterator[Stack]:
    """A running server and broker. make: the class of the stack. telemetry: the server's store. Raises UsageError if Mosquitto is not
    installed."""
    data = folder / "data"
    data.mkdir()
    with (
        server_process(data, telemetry, {**QUIET, **(env or {})}) as server,
        stack_at(server, folder, kind, make) as stack,
    ):
        yield stack


@contextmanager
def stack_at(server: Server, folder: Path, kind: str, make: type[Stack] | None = None) -> Iterator[Stack]:
    """As mqtt_stack, with a server that other stacks may have used before. Its devices are removed first."""
    server.ensure_running()
    stack = (make or Stack)(server, kind, folder)
    stack.remove_all()
    with stack.ending:
        stack.broker.start()
        yield stack

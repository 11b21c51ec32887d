"""The real server in its own thread, as the fixtures of pytest-grpc."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import grpc
import pytest

from iotflow.v1 import (
    device_service_pb2,
    device_service_pb2_grpc,
    gateway_service_pb2_grpc,
    telemetry_service_pb2_grpc,
)
from iotflow_server.app import running_server
from iotflow_server.settings import Settings
from tests.integration.grpc.command_streams import Admin
from tests.integration.grpc.device import Caller
from tests.support.admin_stubs import AdminStubs

PATIENCE = 30.0


class ServerThread:
    """running_server on its own event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._started: Future[int] = Future()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.port = self._started.result(PATIENCE)

    def stop(self) -> None:
        """Drain the server, and wait for its end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(PATIENCE)
            assert not self._thread.is_alive(), "the server did not stop"

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        try:
            async with running_server(self._settings) as port:
                self._started.set_result(port)
                await self._stop.wait()
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            raise


def settings(folder: Path, **changed: object) -> Settings:
    """Settings of a server with open registration on any free port."""
    fixed: dict[str, object] = {"data_dir": folder, "grpc_port": 0, "registration": "open", "drain_seconds": 5}
    return Settings.model_validate({**fixed, **changed})


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    """Settings that a module overrides."""
    return {}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def grpc_server(data_dir: Path, server_settings: dict[str, object]) -> Iterator[ServerThread]:
    server = ServerThread(settings(data_dir, **server_settings))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def grpc_addr(grpc_server: ServerThread) -> str:
    return f"127.0.0.1:{grpc_server.port}"


@pytest.fixture(scope="module")
def grpc_stub_cls() -> Callable[[grpc.Channel], telemetry_service_pb2_grpc.TelemetryServiceStub]:
    return telemetry_service_pb2_grpc.TelemetryServiceStub


@pytest.fixture(scope="module")
def devices(grpc_channel: grpc.Channel) -> device_service_pb2_grpc.DeviceServiceStub:
    return device_service_pb2_grpc.DeviceServiceStub(grpc_channel)


@pytest.fixture(scope="module")
def admin(grpc_channel: grpc.Channel) -> AdminStubs:
    return AdminStubs(grpc_channel)


@pytest.fixture(scope="module")
def admin_metadata(grpc_addr: str, data_dir: Path) -> tuple[tuple[str, str], ...]:
    assert grpc_addr, "the running server creates the file of the token"
    return (("authorization", f"Bearer {(data_dir / 'admin-token').read_text().strip()}"),)


@pytest.fixture(scope="module")
def gateway(grpc_channel: grpc.Channel) -> gateway_service_pb2_grpc.GatewayServiceStub:
    return gateway_service_pb2_grpc.GatewayServiceStub(grpc_channel)


@pytest.fixture(scope="module")
def admin_calls(admin: AdminStubs, admin_metadata: tuple[tuple[str, str], ...]) -> Admin:
    return Admin(admin, admin_metadata)


@pytest.fixture
def device(devices: device_service_pb2_grpc.DeviceServiceStub, request: pytest.FixtureRequest) -> Caller:
    """A new device for the test."""
    return register(devices, request.node.nodeid[-90:].replace("/", "|"))


def register(devices: device_service_pb2_grpc.DeviceServiceStub, name: str, kind: str = "probe") -> Caller:
    """Register a device."""
    answer = devices.RegisterDevice(device_service_pb2.RegisterDeviceRequest(name=name, device_type=kind))
    return Caller(answer.device.id, (("x-api-key", answer.device.api_key),))

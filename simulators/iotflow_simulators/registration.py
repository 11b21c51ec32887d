"""The keys of simulated devices: kept in a file, or given at registration."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc import StatusCode

from iotflow.channels import credentials
from iotflow.errors import ServerError, server_error
from iotflow.private_files import make_private_folder, write_private
from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest, RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_simulators import SimulationError

FILE_NAME = "device-keys.json"
CALL_SECONDS = 10.0
NEEDS_TOKEN = (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED)


class KeyStore:
    """API keys by device name, in a file of the data folder that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def key(self, device: str) -> str | None:
        """The device's key, or None. Raises SimulationError where the file cannot be read."""
        return self.all().get(device)

    def check_writable(self) -> None:
        """Raise SimulationError where a key cannot be kept. Called before a registration."""
        if os.access(self.path.parent, os.W_OK) or not self.path.parent.exists():
            return
        raise SimulationError(
            f"{self.path} cannot be written, and the server shows a key only once. Make the folder writable."
        )

    def keep(self, device: str, key: str) -> None:
        """Add or replace a key. A crash leaves the old or the new file. Raises SimulationError."""
        self.keep_all({device: key})

    def keep_all(self, keys: Mapping[str, str]) -> None:
        """Add or replace keys. A crash leaves the old or the new file. Raises SimulationError."""
        try:
            with self._locked():
                text = json.dumps({**self.all(), **keys}, indent=2, ensure_ascii=False)
                write_private(self.path, text + "\n")
        except OSError as error:
            raise SimulationError(f"{self.path} cannot be written: {error.strerror}.") from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Other programs add their keys after these. Raises OSError."""
        make_private_folder(self.path.parent)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def all(self) -> dict[str, str]:
        """All keys by device name. Raises SimulationError where the file cannot be read."""
        try:
            keys = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SimulationError(f"{self.path} cannot be read: {error.strerror}.") from None
        except ValueError:
            keys = None
        if not isinstance(keys, dict):
            raise SimulationError(f"{self.path} is not a JSON object of device names and keys. Repair or move it.")
        return keys


@dataclass(frozen=True, slots=True)
class Registration:
    """Registers devices at a server. token: used only where registration is not open; empty: there is none."""

    channel: grpc.aio.Channel
    server: str
    keys: KeyStore
    token: str = ""

    async def key(self, device: str) -> str:
        """A key of the device that the server accepts. Raises SimulationError."""
        try:
            kept = self.keys.key(device)
            if kept is None:
                return await self._register_and_keep(device)
            await self._check(kept)
        except ServerError as error:
            raise SimulationError(self._message(error, device)) from error
        return kept

    async def _register_and_keep(self, device: str) -> str:
        self.keys.check_writable()
        try:
            key = await self._register(device)
        except ServerError as error:
            if error.code not in NEEDS_TOKEN or not self.token:
                raise
            key = await self._register(device, self.token)
        self.keys.keep(device, key)
        return key

    async def _register(self, device: str, token: str = "") -> str:
        try:
            response = await DeviceServiceStub(self.channel).RegisterDevice(
                RegisterDeviceRequest(name=device), metadata=credentials(token=token), timeout=CALL_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None
        key: str = response.device.api_key
        return key

    async def _check(self, key: str) -> None:
        try:
            await DeviceServiceStub(self.channel).GetDeviceStatus(
                GetDeviceStatusRequest(), metadata=credentials(key), timeout=CALL_SECONDS
            )
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None

    def _message(self, error: ServerError, device: str) -> str:
        if error.reason == "NAME_TAKEN":
            return (
                f"{self.server} already has a device named {device!r}, and its key is not in {self.keys.path}. Choose "
                "another name, put the key into that file, or delete the device as an admin."
            )
        if error.reason == "WRONG_KEY":
            return (
                f"{self.server} does not accept the key of {device!r} in {self.keys.path}: the device was deleted, or "
                "this is another server. Choose another name, or remove the key from the file to register the device again."
            )
        if error.code is StatusCode.UNAVAILABLE and not error.reason:
            return (
                f"No server answers at {self.server}. Start one with `iotflow up`, or name another with --server or "
                f"--profile. ({error.message})"
            )
        return f"{self.server} does not accept {device!r}: {error}"

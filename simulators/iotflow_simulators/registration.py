"""A device's key: kept from before, or of a device registered now."""

from dataclasses import dataclass

import grpc
from grpc import StatusCode

from iotflow.channels import credentials
from iotflow.errors import ServerError, server_error
from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest, RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_simulators.errors import SimulationFailed
from iotflow_simulators.key_store import KeyStore

# Seconds one call may take.
PATIENCE = 10.0
NEEDS_TOKEN = (StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED)


@dataclass(frozen=True, slots=True)
class Registration:
    """Registers devices at a server. token: shown only where registration is not open; empty: there is none."""

    channel: grpc.aio.Channel
    server: str
    keys: KeyStore
    token: str = ""

    async def key(self, device: str) -> str:
        """The device's key, accepted by the server; raises SimulationFailed, which says what to do."""
        try:
            kept = self.keys.key(device)
            if kept is None:
                return await self._registered(device)
            await self._check(kept)
        except ServerError as error:
            raise SimulationFailed(self._explained(error, device)) from None
        return kept

    async def _registered(self, device: str) -> str:
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
                RegisterDeviceRequest(name=device), metadata=credentials(token=token), timeout=PATIENCE
            )
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None
        key: str = response.device.api_key
        return key

    async def _check(self, key: str) -> None:
        try:
            await DeviceServiceStub(self.channel).GetDeviceStatus(
                GetDeviceStatusRequest(), metadata=credentials(key), timeout=PATIENCE
            )
        except grpc.aio.AioRpcError as error:
            raise server_error(error) from None

    def _explained(self, error: ServerError, device: str) -> str:
        if error.reason == "NAME_TAKEN":
            return (
                f"{self.server} has a device named {device!r} already, and its key is not in {self.keys.path}. Choose "
                "another name, put the key there, or have an admin delete the device."
            )
        if error.reason == "WRONG_KEY":
            return (
                f"{self.server} does not know the key kept for {device!r} in {self.keys.path}: it is gone, or this is "
                "another server. Choose another name, or take the key out of the file to register anew."
            )
        if error.code is StatusCode.UNAVAILABLE and not error.reason:
            return f"No server answers at {self.server}; `iotflow up` starts one, --server HOST:PORT names another. ({error.message})"
        return f"{self.server} does not let {device!r} in: {error}"

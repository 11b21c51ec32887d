"""Registers all devices of a scenario, with limited concurrency, and keeps their keys."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from iotflow.channels import Backoff, credentials
from iotflow.errors import ServerError, server_error
from iotflow.v1.device_pb2 import Device
from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest, RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_simulators import SimulationError
from iotflow_simulators.registration import CALL_SECONDS, NEEDS_TOKEN, KeyStore

AT_ONCE = 32
# New keys that are kept together. A crash loses at most these.
GROUP = 200
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Member:
    """A device to register. location: where the metadata of its fleet has one."""

    name: str
    device_type: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """A device of the server."""

    name: str
    id: int
    key: str
    is_new: bool


class FleetRegistration:
    """token: used where registration is not open; empty: there is none. progress: called with the number of registered devices."""

    def __init__(
        self, channel: grpc.aio.Channel, keys: KeyStore, token: str, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        self._stub = DeviceServiceStub(channel)
        self._keys = keys
        self._token = token
        self._progress = progress
        self._new: dict[str, str] = {}

    async def all(self, members: Sequence[Member]) -> list[Registered]:
        """The devices in the given order. Raises SimulationError."""
        self._keys.check_writable()
        kept = self._keys.all()
        limit, done = asyncio.Semaphore(AT_ONCE), 0
        problems: list[SimulationError] = []

        async def one(member: Member) -> Registered | None:
            nonlocal done
            async with limit:
                # Calls on their way go on after an error: the server shows a key only once.
                if problems:
                    return None
                try:
                    found = await self._one(member, kept)
                except SimulationError as error:
                    problems.append(error)
                    return None
            done += 1
            self._progress(done)
            return found

        try:
            found = await asyncio.gather(*map(one, members))
        finally:
            self._keep()
        if problems:
            raise problems[0]
        return [each for each in found if each is not None]

    async def _one(self, member: Member, kept: Mapping[str, str]) -> Registered:
        key = kept.get(member.name)
        try:
            if key is not None:
                status = await self._call("GetDeviceStatus", GetDeviceStatusRequest(), credentials(key))
                return Registered(member.name, status.device.id, key, is_new=False)
            device = await self._register(member)
        except ServerError as error:
            raise SimulationError(self._message(error, member.name)) from error
        self._new[member.name] = device.api_key
        if len(self._new) >= GROUP:
            self._keep()
        return Registered(member.name, device.id, device.api_key, is_new=True)

    async def _register(self, member: Member) -> Device:
        request = RegisterDeviceRequest(name=member.name, device_type=member.device_type, location=member.location)
        try:
            answer = await self._call("RegisterDevice", request, credentials())
        except ServerError as error:
            if error.code not in NEEDS_TOKEN or not self._token:
                raise
            answer = await self._call("RegisterDevice", request, credentials(token=self._token))
        device: Device = answer.device
        return device

    async def _call(self, method: str, request: Message, metadata: Any) -> Any:
        """Call, again and again while the server asks to wait. Raises ServerError."""
        backoff, deadline = Backoff(), asyncio.get_running_loop().time() + _PATIENCE
        while True:
            try:
                return await getattr(self._stub, method)(request, metadata=metadata, timeout=CALL_SECONDS)
            except grpc.aio.AioRpcError as failure:
                error = server_error(failure)
                is_late = asyncio.get_running_loop().time() > deadline
                # Without a reason, no server answered.
                if not error.retryable or not error.reason or is_late:
                    raise error from None
            await asyncio.sleep(backoff.delay(error.retry_after))

    def _keep(self) -> None:
        new, self._new = self._new, {}
        if new:
            self._keys.keep_all(new)

    def _message(self, error: ServerError, device: str) -> str:
        if error.reason == "NAME_TAKEN":
            return (
                f"The server already has a device named {device!r}, and its key is not in {self._keys.path}. Change `names` "
                "of the fleet, put the key into that file, or delete the device as an admin."
            )
        if error.reason == "WRONG_KEY":
            return (
                f"The server does not accept the key of {device!r} in {self._keys.path}: the device was deleted, or this is "
                "another server. Remove the key from the file to register the device again."
            )
        return f"The server does not register {device!r}: {error}"

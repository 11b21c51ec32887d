"""The registration of a fleet: keys that a server has shown are kept, whatever becomes of the other devices."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from iotflow.v1 import device_service_pb2 as wire
from iotflow.v1.device_pb2 import Device
from iotflow_simulators import SimulationError
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.fleet_registration import FleetRegistration, Member
from tests.support.scripted_server import key_of, reason_details, serving

TAKEN = reason_details("NAME_TAKEN")


class Registrar:
    """A server with open registration. taken: a name that a device has. registered: names in the order of the calls."""

    def __init__(self, taken: str = "") -> None:
        self.taken = taken
        self.registered: list[str] = []

    async def RegisterDevice(self, request: wire.RegisterDeviceRequest, context: Any) -> wire.RegisterDeviceResponse:
        if request.name == self.taken:
            await context.abort(grpc.StatusCode.ALREADY_EXISTS, "taken", TAKEN)
        self.registered.append(request.name)
        number = len(self.registered)
        return wire.RegisterDeviceResponse(
            device=Device(id=number, name=request.name, api_key=f"key of {request.name}")
        )

    async def GetDeviceStatus(
        self, _request: wire.GetDeviceStatusRequest, context: Any
    ) -> wire.GetDeviceStatusResponse:
        return wire.GetDeviceStatusResponse(device=Device(id=100, name=key_of(context).removeprefix("key of ")))

    @asynccontextmanager
    async def registration(self, keys: KeyStore) -> AsyncIterator[FleetRegistration]:
        """A registration at this server."""
        methods: dict[str, Callable[..., Any]] = {
            "RegisterDevice": self.RegisterDevice,
            "GetDeviceStatus": self.GetDeviceStatus,
        }
        async with serving(wire.DESCRIPTOR, methods) as address, grpc.aio.insecure_channel(address) as channel:
            yield FleetRegistration(channel, keys, "")


def members(*names: str) -> list[Member]:
    return [Member(name, "probe") for name in names]


async def test_devices_are_registered_once_and_returned_in_the_given_order(tmp_path: Path) -> None:
    server, keys = Registrar(), KeyStore(tmp_path)
    async with server.registration(keys) as registration:
        first = await registration.all(members("a", "b"))
    async with server.registration(keys) as registration:
        again = await registration.all(members("c", "b", "a"))
    assert [(one.name, one.is_new) for one in first] == [("a", True), ("b", True)]
    assert [(one.name, one.is_new) for one in again] == [("c", True), ("b", False), ("a", False)]
    assert sorted(server.registered) == ["a", "b", "c"]


async def test_a_name_that_is_taken_is_reported_and_the_other_keys_are_kept(tmp_path: Path) -> None:
    server, keys = Registrar(taken="c"), KeyStore(tmp_path)
    async with server.registration(keys) as registration:
        with pytest.raises(SimulationError, match="already has a device named 'c'"):
            await registration.all(members("a", "b", "c"))
    assert keys.all() == {name: f"key of {name}" for name in server.registered}

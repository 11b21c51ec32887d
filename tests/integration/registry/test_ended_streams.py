"""The streams of a device end with the change that invalidates their key, before the change is answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from iotflow.v1 import device_service_pb2, fleet_service_pb2
from iotflow.words import DeviceStatus, Role
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.keys import DeviceKeys, KeyPair
from iotflow_server.errors import Unavailable
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.devices.registration import OwnKeyHandler
from iotflow_server.rpc.fleet.device_changes import DeviceChangeHandler, KeyResetHandler
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.streams.credential_rechecks import CredentialRechecks
from tests.integration.registry.parts import GRACE, Parts

ADMIN = Principal(Role.ADMIN, "token:me")


@dataclass(frozen=True)
class Device:
    """A device with the handlers that change it. key: its first key. successor: the key after it, if it rotated."""

    parts: Parts
    id: int
    key: str
    successor: str = ""

    async def caller(self, key: str) -> Principal:
        found = await self.parts.keys.find(key)
        assert found is not None
        return Principal(Role.DEVICE, f"device:{self.id}", found)

    @property
    def admins(self) -> DeviceChangeHandler:
        # No change deletes telemetry.
        writer: Any = None
        last_seen = LastSeen(self.parts.database)
        online = Online(database=self.parts.database, last_seen=last_seen, window=timedelta(minutes=1))
        return DeviceChangeHandler(
            registry=self.parts.registry, encoder=DeviceEncoder(last_seen, online), writer=writer
        )

    async def reset(self, grace: timedelta) -> None:
        request = fleet_service_pb2.ResetDeviceKeyRequest(device_id=self.id, grace_seconds=int(grace.total_seconds()))
        await KeyResetHandler(keys=self.parts.keys).reset(request, ADMIN)

    async def set_status(self, status: str) -> None:
        request = fleet_service_pb2.SetDeviceStatusRequest(device_id=self.id, status=status)
        await self.admins.set_status(request, ADMIN)

    async def update(self, status: str) -> None:
        await self.admins.update(fleet_service_pb2.UpdateDeviceRequest(device_id=self.id, status=status), ADMIN)

    async def delete(self) -> None:
        await self.admins.delete(fleet_service_pb2.DeleteDeviceRequest(device_id=self.id), ADMIN)

    async def unregister(self) -> None:
        await OwnKeyHandler(keys=self.parts.keys).unregister(await self.caller(self.key))

    async def rotate(self, key: str) -> str:
        answer = await OwnKeyHandler(keys=self.parts.keys).rotate(
            device_service_pb2.RotateApiKeyRequest(), await self.caller(key)
        )
        return answer.api_key

    async def end_grace(self) -> None:
        await OwnKeyHandler(keys=self.parts.keys).end_grace(await self.caller(self.successor))


Change = Callable[[Device], Awaitable[object]]

# With the reason for which a stream of the first key ends.
CHANGES: dict[str, tuple[Change, str | None]] = {
    "delete": (Device.delete, "DEVICE_REMOVED"),
    "unregister": (Device.unregister, "DEVICE_REMOVED"),
    "reset": (lambda device: device.reset(timedelta()), "WRONG_KEY"),
    "reset with grace": (lambda device: device.reset(GRACE), None),
    "rotate": (lambda device: device.rotate(device.key), None),
}
for status in DeviceStatus:
    reason = "DEVICE_INACTIVE" if status is DeviceStatus.INACTIVE else None
    CHANGES[f"set_status {status}"] = (lambda device, status=status: device.set_status(status)), reason  # type: ignore[misc]
    CHANGES[f"update {status}"] = (lambda device, status=status: device.update(status)), reason  # type: ignore[misc]

# The same after a rotation whose successor is in use.
ROTATED: dict[str, tuple[Change, str | None]] = {
    "end the grace": (Device.end_grace, "WRONG_KEY"),
    "rotate again": (lambda device: device.rotate(device.successor), "WRONG_KEY"),
    "reset with grace": (lambda device: device.reset(GRACE), "WRONG_KEY"),
}


@pytest.fixture
def streams() -> ActiveStreams:
    return ActiveStreams()


@pytest.fixture(autouse=True)
def rechecks(parts: Parts, streams: ActiveStreams) -> CredentialRechecks:
    """Rechecks by the changes alone: the background task does not run."""
    return CredentialRechecks(parts.registry, parts.keys, parts.tokens, streams)


@pytest.fixture
async def device(parts: Parts) -> Device:
    made, key = await parts.registry.register(NewDevice("changed"), actor="token:me")
    return Device(parts, made.id, key)


@pytest.fixture
async def stream(streams: ActiveStreams, device: Device) -> AsyncIterator[ActiveStream]:
    """A stream of the device's first key."""
    async with streams.open(await device.caller(device.key)) as stream:
        yield stream


@pytest.fixture
async def others(parts: Parts, streams: ActiveStreams) -> AsyncIterator[ActiveStream]:
    """A stream of another device."""
    made, key = await parts.registry.register(NewDevice("unchanged"), actor="token:me")
    async with streams.open(await Device(parts, made.id, key).caller(key)) as stream:
        yield stream


def reason_of(stream: ActiveStream) -> str | None:
    return stream.end_error.reason if stream.end_error else None


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES)
async def test_streams_end_before_the_change_is_answered(
    device: Device, stream: ActiveStream, others: ActiveStream, change: Change, reason: str | None
) -> None:
    await change(device)
    assert reason_of(stream) == reason
    assert others.end_error is None


@pytest.mark.parametrize(("change", "reason"), ROTATED.values(), ids=ROTATED)
async def test_streams_of_the_key_before_end_before_the_change_is_answered(
    parts: Parts, device: Device, stream: ActiveStream, change: Change, reason: str | None
) -> None:
    rotated = Device(parts, device.id, device.key, await device.rotate(device.key))
    await rotated.caller(rotated.successor)
    assert reason_of(stream) is None
    await change(rotated)
    assert reason_of(stream) == reason


async def test_a_change_succeeds_although_its_recheck_fails_and_is_repeated(
    device: Device, stream: ActiveStream, rechecks: CredentialRechecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change is stored, and its answer may hold the only copy of a key."""

    async def unavailable(_keys: DeviceKeys, _ids: object) -> dict[int, KeyPair]:
        raise Unavailable("REGISTRY_UNAVAILABLE", "not now")

    with monkeypatch.context() as patched:
        patched.setattr(DeviceKeys, "pairs", unavailable)
        await device.reset(timedelta())
    assert stream.end_error is None
    await rechecks.start()
    async with asyncio.timeout(10):
        assert (await stream.ended).reason == "WRONG_KEY"
    await rechecks.close()

"""The streams of a device end with the change that makes it inactive or removes it, before the change is answered."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from iotflow.v1 import fleet_service_pb2 as wire
from iotflow.words import DeviceStatus, Role
from iotflow_server.auth.principal import Principal
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.fleet.device_changes import DeviceChangeHandler
from iotflow_server.streams.active_streams import ActiveStreams
from tests.integration.registry.parts import Parts

ADMIN = Principal(Role.ADMIN, "token:me")

Change = Callable[[DeviceChangeHandler, int], Awaitable[object]]


def set_status(status: str) -> Change:
    return lambda handler, device_id: handler.set_status(
        wire.SetDeviceStatusRequest(device_id=device_id, status=status), ADMIN
    )


def update(status: str) -> Change:
    return lambda handler, device_id: handler.update(
        wire.UpdateDeviceRequest(device_id=device_id, status=status), ADMIN
    )


def delete(handler: DeviceChangeHandler, device_id: int) -> Awaitable[object]:
    return handler.delete(wire.DeleteDeviceRequest(device_id=device_id), ADMIN)


CHANGES: dict[str, tuple[Change, str | None]] = {"delete": (delete, "DEVICE_REMOVED")}
for status in DeviceStatus:
    reason = "DEVICE_INACTIVE" if status is DeviceStatus.INACTIVE else None
    CHANGES[f"set_status {status}"] = set_status(status), reason
    CHANGES[f"update {status}"] = update(status), reason


@pytest.mark.parametrize(("change", "reason"), CHANGES.values(), ids=CHANGES)
async def test_streams_end_before_the_change_is_answered(parts: Parts, change: Change, reason: str | None) -> None:
    # No change deletes telemetry.
    writer: Any = None
    streams, last_seen = ActiveStreams(), LastSeen(parts.database)
    online = Online(database=parts.database, last_seen=last_seen, window=timedelta(minutes=1))
    handler = DeviceChangeHandler(
        registry=parts.registry, encoder=DeviceEncoder(last_seen, online), writer=writer, active_streams=streams
    )
    device, other = await parts.make("changed"), await parts.make("unchanged")
    async with (
        streams.open(Principal(Role.DEVICE, f"device:{device.id}")) as own,
        streams.open(Principal(Role.DEVICE, f"device:{other.id}")) as others,
    ):
        await change(handler, device.id)
        assert (own.end_error and own.end_error.reason) == reason
        assert others.end_error is None

"""What a device does besides writing."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc
import pytest

from iotflow.channels import credentials
from iotflow.clock import ServerClock
from iotflow.commands import Command
from iotflow.device import DesiredConfig, Device, Registered
from iotflow.errors import ServerError
from iotflow.v1.device_service_pb2 import (
    DESCRIPTOR,
    RegisterDeviceRequest,
    RegisterDeviceResponse,
    RotateApiKeyRequest,
    RotateApiKeyResponse,
    SendHeartbeatRequest,
    SendHeartbeatResponse,
    StreamCommandsRequest,
    StreamCommandsResponse,
    UpdateDeviceConfigRequest,
    UpdateDeviceConfigResponse,
    WatchConfigRequest,
    WatchConfigResponse,
)
from tests.support.scripted_server import connected, key_of

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

# The time of the server, milliseconds since 1970 UTC.
NOW = 1_700_000_000_123


class Devices:
    """Answers the calls of a device. keys, requests: of the calls."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.requests: list[Any] = []

    async def register(self, request: RegisterDeviceRequest, context: Any) -> RegisterDeviceResponse:
        self._record(request, context)
        answer = RegisterDeviceResponse()
        answer.device.id, answer.device.api_key = 7, "registered"
        return answer

    async def heartbeat(self, request: SendHeartbeatRequest, context: Any) -> SendHeartbeatResponse:
        self._record(request, context)
        answer = SendHeartbeatResponse(status="online", device_id=7)
        answer.timestamp.FromMilliseconds(NOW)
        return answer

    async def update(self, request: UpdateDeviceConfigRequest, context: Any) -> UpdateDeviceConfigResponse:
        self._record(request, context)
        return UpdateDeviceConfigResponse()

    async def rotate(self, request: RotateApiKeyRequest, context: Any) -> RotateApiKeyResponse:
        self._record(request, context)
        return RotateApiKeyResponse(api_key="rotated")

    def _record(self, request: Any, context: Any) -> None:
        self.keys.append(key_of(context))
        self.requests.append(request)


async def test_a_registered_device_uses_its_key_from_now_on() -> None:
    devices = Devices()
    methods: Any = {"RegisterDevice": devices.register, "SendHeartbeat": devices.heartbeat}
    async with connected(DESCRIPTOR, methods, api_key="", token="registers") as connection:
        device = Device(connection)
        assert await device.register("pump", "actuator", location="hall") == Registered(7, "registered")
        await device.register("other")
        await device.heartbeat()
        assert connection.metadata == credentials("registered")
    assert devices.requests[:2] == [
        RegisterDeviceRequest(name="pump", device_type="actuator", location="hall"),
        RegisterDeviceRequest(name="other"),
    ]
    assert devices.keys == ["", "registered", "registered"]


async def test_registration_uses_the_token_of_the_connection() -> None:
    seen = list[Any]()

    async def register(request: RegisterDeviceRequest, context: Any) -> RegisterDeviceResponse:
        seen.append(dict(context.invocation_metadata()).get("authorization"))
        return await Devices().register(request, context)

    async with connected(DESCRIPTOR, {"RegisterDevice": register}, api_key="", token="t") as connection:
        await Device(connection).register("pump")
    assert seen == ["Bearer t"]


async def test_a_heartbeat_reports_online_unless_another_status_is_given_and_sets_the_clock() -> None:
    devices, clock = Devices(), ServerClock()
    async with connected(DESCRIPTOR, {"SendHeartbeat": devices.heartbeat}) as connection:
        assert (await Device(connection).heartbeat()).device_id == 7
        answer = await Device(connection, clock=clock).heartbeat("offline")
    assert answer.timestamp.ToMilliseconds() == NOW
    assert [request.status.string_value for request in devices.requests] == ["online", "offline"]
    assert clock.now() is not None


async def test_the_whole_configuration_is_reported() -> None:
    devices = Devices()
    async with connected(DESCRIPTOR, {"UpdateDeviceConfig": devices.update}) as connection:
        await Device(connection).report({"rate": 5, "tags": {"a": [True, None]}})
    expected = UpdateDeviceConfigRequest()
    expected.configuration.update({"rate": 5, "tags": {"a": [True, None]}})
    assert (devices.requests, devices.keys) == ([expected], ["key"])


async def test_a_rotated_key_is_saved_before_it_is_used() -> None:
    devices = Devices()
    methods: Any = {"RotateApiKey": devices.rotate, "SendHeartbeat": devices.heartbeat}
    async with connected(DESCRIPTOR, methods) as connection:
        saved = list[tuple[str, Any]]()
        assert await Device(connection).rotate(lambda key: saved.append((key, connection.metadata))) == "rotated"
        assert saved == [("rotated", credentials("key"))]
        await Device(connection).heartbeat()
    assert devices.keys == ["key", "rotated"]


async def test_a_rotated_key_can_be_saved_by_a_coroutine() -> None:
    async with connected(DESCRIPTOR, {"RotateApiKey": Devices().rotate}) as connection:
        saved = list[tuple[str, Any]]()

        async def save(key: str) -> None:
            await asyncio.sleep(0)
            saved.append((key, connection.metadata))

        await Device(connection).rotate(save)
        assert saved == [("rotated", credentials("key"))]
        assert connection.metadata == credentials("rotated")


async def test_a_key_that_could_not_be_saved_is_not_used() -> None:
    def fail(_key: str) -> None:
        raise OSError("The disk is full.")

    async with connected(DESCRIPTOR, {"RotateApiKey": Devices().rotate}) as connection:
        with pytest.raises(OSError, match="full"):
            await Device(connection).rotate(fail)
        assert connection.metadata == credentials("key")


def config(version: int, **desired: Any) -> WatchConfigResponse:
    response = WatchConfigResponse()
    response.config.desired_version = version
    response.config.desired.update(desired)
    return response


@pytest.mark.usefixtures("short_pauses")
async def test_each_version_of_the_configuration_comes_once_also_after_a_break() -> None:
    streams = [
        # Nothing is desired yet; then a version, which a change of the device's name sends again; an event of a later contract.
        [config(0), config(3, rate=5), config(3, rate=5), WatchConfigResponse()],
        # After a break the present version comes again. A database that was restored has an older one.
        [config(3, rate=5), config(2), config(4, rate=6, units={"t": "C"})],
    ]
    keys, interruptions = list[str](), list[ServerError]()

    async def watch(_request: WatchConfigRequest, context: Any) -> AsyncIterator[WatchConfigResponse]:
        keys.append(key_of(context))
        for response in streams.pop(0):
            yield response
        if not streams:
            await context.abort(grpc.StatusCode.NOT_FOUND, "unregistered")

    found = list[DesiredConfig]()
    async with connected(DESCRIPTOR, {"WatchConfig": watch}) as connection:
        versions = Device(connection).configurations(lambda error, _pause: interruptions.append(error))
        with pytest.raises(ServerError, match="unregistered"):
            async for version in versions:
                found.append(version)
    assert found == [
        DesiredConfig(3, {"rate": 5}),
        DesiredConfig(2, {}),
        DesiredConfig(4, {"rate": 6, "units": {"t": "C"}}),
    ]
    assert keys == ["key", "key"]
    assert [error.code for error in interruptions] == [grpc.StatusCode.UNAVAILABLE]


async def test_a_version_that_json_cannot_express_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def watch(_request: WatchConfigRequest, _context: Any) -> AsyncIterator[WatchConfigResponse]:
        for version in (config(1, rate=math.nan), config(1, rate=math.nan), config(2, rate=5)):
            yield version

    async with (
        connected(DESCRIPTOR, {"WatchConfig": watch}) as connection,
        aclosing(Device(connection).configurations()) as found,
    ):
        assert await anext(found) == DesiredConfig(2, {"rate": 5})
    assert [record.message.split(":")[0] for record in caplog.records] == ["version 1 of the configuration left out"]


@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
async def test_a_configuration_that_json_cannot_express_is_not_reported(value: object) -> None:
    async with connected(DESCRIPTOR, {}) as connection:
        with pytest.raises(ValueError, match=r"NaN|Infinity|Unexpected type"):
            await Device(connection).report({"rate": value})


@pytest.mark.parametrize("key", ["", "a key", "key\n", "k" * 129])
async def test_a_new_key_of_another_form_is_neither_saved_nor_used(key: str) -> None:
    async def rotate(_request: RotateApiKeyRequest, _context: Any) -> RotateApiKeyResponse:
        return RotateApiKeyResponse(api_key=key)

    saved = list[str]()
    async with connected(DESCRIPTOR, {"RotateApiKey": rotate}) as connection:
        with pytest.raises(ServerError, match="api_key"):
            await Device(connection).rotate(saved.append)
        assert (saved, connection.metadata) == ([], credentials("key"))


@pytest.mark.usefixtures("short_pauses")
async def test_interruptions_of_a_watch_need_no_callback() -> None:
    versions = [1, 2]

    async def watch(_request: WatchConfigRequest, _context: Any) -> AsyncIterator[WatchConfigResponse]:
        yield config(versions.pop(0))

    async with (
        connected(DESCRIPTOR, {"WatchConfig": watch}) as connection,
        aclosing(Device(connection).configurations()) as found,
    ):
        assert [(await anext(found)).version for _ in range(2)] == [1, 2]


async def test_commands_are_handed_to_the_handler_until_an_error_that_stays() -> None:
    async def stream(
        requests: AsyncIterator[StreamCommandsRequest], context: Any
    ) -> AsyncIterator[StreamCommandsResponse]:
        response = StreamCommandsResponse()
        response.command.id, response.command.name = 1, "reboot"
        yield response
        results.append(await anext(aiter(requests)))
        await context.abort(grpc.StatusCode.NOT_FOUND, "unregistered")

    results, handled = list[StreamCommandsRequest](), list[Command]()

    async def handle(command: Command) -> None:
        handled.append(command)

    async with connected(DESCRIPTOR, {"StreamCommands": stream}) as connection:
        with pytest.raises(ServerError, match="unregistered"):
            await Device(connection).handle_commands(handle)
    assert handled == [Command(1, "reboot", {})]
    assert [(result.command_id, result.state) for result in results] == [(1, "succeeded")]

"""Rate limits: wrong credentials are limited before they are looked up, and streams count as calls."""

import itertools
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from iotflow.v1 import device_service_pb2, gateway_service_pb2, presence_pb2, token_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, reason, trailing
from tests.support.admin_stubs import AdminStubs

# Few, so that none is refilled during a test.
PER_MINUTE = 15
Metadata = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"rate_limit_per_minute": PER_MINUTE}


def heartbeat(devices: DeviceServiceStub, metadata: Metadata) -> Callable[[], object]:
    return lambda: devices.SendHeartbeat(device_service_pb2.SendHeartbeatRequest(), metadata=metadata)


def watch(devices: DeviceServiceStub, metadata: Metadata) -> Callable[[], object]:
    """Open a stream, receive its first message, and close it."""

    def opened() -> None:
        call = devices.WatchConfig(device_service_pb2.WatchConfigRequest(), metadata=metadata)
        next(call)
        call.cancel()

    return opened


def refused(call: Callable[[], Any], most: int) -> grpc.RpcError:
    """The first error in this number of calls."""
    for _ in range(most):
        try:
            call()
        except grpc.RpcError as error:
            return error
    raise AssertionError(f"{most} calls were let through")


def reasons(call: Callable[[], Any], count: int) -> list[str]:
    found = []
    for _ in range(count):
        with pytest.raises(grpc.RpcError) as error:
            call()
        found.append(reason(error.value))
    return found


def test_streams_count_when_they_are_opened(devices: DeviceServiceStub, device: Caller) -> None:
    error = refused(watch(devices, device.metadata), 2 * PER_MINUTE)
    assert (error.code(), reason(error)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMIT")
    assert int(trailing(error)["retry-after"]) >= 1
    assert reason(refused(heartbeat(devices, device.metadata), 10)) == "RATE_LIMIT"


def test_gateways_have_no_limit_because_they_call_for_many_devices(
    admin: AdminStubs, gateway: GatewayServiceStub, admin_metadata: Metadata, device: Caller
) -> None:
    request = token_service_pb2.CreateTokenRequest(name="busy", role="gateway")
    token = admin.tokens.CreateToken(request, metadata=admin_metadata).secret
    reports = [presence_pb2.PresenceReport(device_id=device.id, state="heartbeat")]
    for _ in range(PER_MINUTE + 1):
        gateway.ReportPresence(
            gateway_service_pb2.ReportPresenceRequest(reports=reports), metadata=(("authorization", f"Bearer {token}"),)
        )


def test_a_wrong_credential_used_repeatedly_is_limited_separately(devices: DeviceServiceStub) -> None:
    """A device with a wrong key does not lock out others with the same address."""
    neighbour = register(devices, "neighbour")
    wrong = (("x-api-key", "w" * 32),)
    error = refused(lambda: expect_wrong(heartbeat(devices, wrong)), 2 * PER_MINUTE)
    assert reason(error) == "RATE_LIMIT"
    heartbeat(devices, neighbour.metadata)()


def expect_wrong(call: Callable[[], object]) -> None:
    """Expect the error of a wrong credential."""
    try:
        call()
    except grpc.RpcError as error:
        if reason(error) not in ("WRONG_KEY", "WRONG_TOKEN"):
            raise


def test_wrong_credentials_are_limited_by_address(devices: DeviceServiceStub) -> None:
    """Different ones of any kind, which bounds guesses and lookups; known callers continue."""
    known, silent = register(devices, "known"), register(devices, "never known")
    heartbeat(devices, known.metadata)()
    shown = itertools.count()

    def guess() -> None:
        number = next(shown)
        wrong = (("x-api-key", f"{number:032}"),) if number % 2 else (("authorization", f"Bearer {number:040}"),)
        expect_wrong(heartbeat(devices, wrong))

    assert reason(refused(guess, PER_MINUTE + 1)) == "RATE_LIMIT"
    assert next(shown) > PER_MINUTE / 2
    for header, value in (("x-api-key", "1" * 32), ("authorization", "Bearer " + "1" * 40)):
        assert reasons(heartbeat(devices, ((header, value),)), 1) == ["RATE_LIMIT"]
        assert reasons(watch(devices, ((header, value),)), 1) == ["RATE_LIMIT"]
    assert reasons(heartbeat(devices, silent.metadata), 1) == ["RATE_LIMIT"], "no credential is looked up, valid or not"
    heartbeat(devices, known.metadata)()
    # The error has the delay until the next attempt.
    with pytest.raises(grpc.RpcError) as error:
        heartbeat(devices, silent.metadata)()
    assert 1 <= int(trailing(error.value)["retry-after"]) <= 60

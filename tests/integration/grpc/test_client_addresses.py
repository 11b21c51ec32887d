"""Callers without a credential are distinguished by address, and cannot choose their address."""

import grpc
import pytest

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.integration.grpc.device import reason

SECRET = "s" * 32
LIMIT = 3


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"rate_limit_per_minute": LIMIT, "envoy_secret": SECRET}


def calls_until_refused(
    devices: DeviceServiceStub, *headers: tuple[str, str], addresses: int, form: str = "10.0.0.{}"
) -> int:
    """Number of successful calls, each of which claims another address."""
    for number in range(addresses):
        request = RegisterDeviceRequest(name=f"{form} {number} {headers}"[:100])
        try:
            devices.RegisterDevice(request, metadata=(("x-forwarded-for", form.format(number)), *headers))
        except grpc.RpcError as error:
            assert reason(error) == "RATE_LIMIT"
            return number
    return addresses


def test_a_claimed_address_counts_if_envoy_forwards_it_only(devices: DeviceServiceStub) -> None:
    assert calls_until_refused(devices, addresses=2 * LIMIT) == LIMIT
    assert calls_until_refused(devices, ("x-iotflow-envoy", "guess"), addresses=1) == 0
    assert calls_until_refused(devices, ("x-iotflow-envoy", ""), addresses=1) == 0
    assert calls_until_refused(devices, ("x-iotflow-envoy", SECRET), addresses=2 * LIMIT) == 2 * LIMIT


def test_a_caller_is_one_ipv6_network(devices: DeviceServiceStub) -> None:
    """It may use 2^64 addresses."""
    envoy = ("x-iotflow-envoy", SECRET)
    passed = {
        form: calls_until_refused(devices, envoy, addresses=2 * LIMIT, form=form)
        for form in ("2001:db8:1:1::{}", "2001:db8:3:{}::1", "::ffff:10.1.0.{}", "2001:db8:2:1:{}::1", "nonsense:{}:1")
    }
    assert list(passed.values()) == [LIMIT, 2 * LIMIT, 2 * LIMIT, LIMIT, 2 * LIMIT]

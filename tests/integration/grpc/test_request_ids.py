"""Each error has the id of its call, which the server's log has too."""

from collections.abc import Sequence

import grpc
import pytest

from iotflow.v1 import device_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.integration.grpc.device import trailing

WRONG_KEY = ("x-api-key", "wrong")


def request_id(devices: DeviceServiceStub, metadata: Sequence[tuple[str, str]]) -> str:
    """The id in the error of a call with a wrong key."""
    with pytest.raises(grpc.RpcError) as error:
        devices.SendHeartbeat(device_service_pb2.SendHeartbeatRequest(), metadata=(WRONG_KEY, *metadata))
    return str(trailing(error.value)["x-request-id"])


def test_an_error_has_the_id_that_the_caller_chose(
    devices: DeviceServiceStub, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = "8c1b:a+/=_-." + "x" * 52
    assert request_id(devices, [("x-request-id", chosen)]) == chosen
    assert chosen in capsys.readouterr().out


@pytest.mark.parametrize("unusable", ["", "x" * 65, "two words", "a;b", "*"])
def test_the_server_chooses_an_id_where_the_callers_is_unusable(devices: DeviceServiceStub, unusable: str) -> None:
    found = request_id(devices, [("x-request-id", unusable)])
    assert found != unusable
    assert len(found) == 16


def test_each_call_has_its_own_id(devices: DeviceServiceStub) -> None:
    assert len({request_id(devices, []) for _ in range(3)}) == 3

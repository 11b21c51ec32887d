"""Lists that older versions returned whole have pages, and the response names the next one."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory

from iotflow.contract import methods, path
from iotflow.v1.audit_service_pb2 import ListAuditEntriesRequest
from iotflow.v1.command_service_pb2 import ListCommandsRequest
from iotflow.v1.config_service_pb2 import ListConfigVersionsRequest
from iotflow.v1.device_service_pb2 import PollCommandsRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import ListDevicesRequest, ListMeasurementsRequest
from iotflow.v1.telemetry_service_pb2 import (
    GetTelemetryRangeRequest,
    GetTelemetryRequest,
    ListLatestTelemetryRequest,
)
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow.v1.token_service_pb2 import ListTokensRequest
from tests.integration.grpc.command_streams import Admin
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, Caller, batch, reason, stream

SINCE = "2026-01-01T00:00:00Z"


def pages(call: Callable[..., Any], request: Any, metadata: Any) -> Iterator[Any]:
    """All pages."""
    while True:
        answer = call(request, metadata=metadata)
        yield answer
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


# The request of each paged RPC about one device or its type. The device has four items in each list.
PAGED: dict[str, Callable[[int], Any]] = {
    "ListAuditEntries": lambda device: ListAuditEntriesRequest(target=f"device:{device}"),
    "ListCommands": lambda device: ListCommandsRequest(device_id=device),
    "ListConfigVersions": lambda device: ListConfigVersionsRequest(device_id=device),
    "ListDevices": lambda _device: ListDevicesRequest(device_type="exactly paged"),
    "ListLatestTelemetry": lambda _device: ListLatestTelemetryRequest(device_type="exactly paged"),
    "ListMeasurements": lambda device: ListMeasurementsRequest(device_id=device),
    "ListTokens": lambda _device: ListTokensRequest(),
    "GetTelemetry": lambda device: GetTelemetryRequest(device_id=device, start_time=SINCE),
    "GetTelemetryRange": lambda device: GetTelemetryRangeRequest(device_id=device, start_time=SINCE),
    "PollCommands": lambda _device: PollCommandsRequest(),
}


@pytest.fixture(scope="module")
def listed(grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, admin_calls: Admin) -> Caller:
    """The first of four devices of one type, with four commands, configurations, measurements and readings."""
    first, *_ = [register(devices, f"exactly paged {number}", "exactly paged") for number in range(4)]
    for number in range(4):
        admin_calls.send(first.id, f"command {number}")
        admin_calls.configure(first.id, number=number)
    columns: Any = {name: {"doubles": [1.0] * 4} for name in "abcd"}
    stream(grpc_stub, first, [batch(1, rows=4, **columns)])
    return first


def items(page: Any) -> int:
    """The number of items in a page."""
    [repeated] = [field.name for field in page.DESCRIPTOR.fields if field.is_repeated]
    return len(getattr(page, repeated))


def test_all_paged_methods_are_in_the_table() -> None:
    assert {method.name for method in methods() if "next_page_token" in method.output_type.fields_by_name} == {*PAGED}


@pytest.mark.parametrize("name", PAGED)
def test_the_last_page_of_a_list_is_not_empty(
    grpc_channel: grpc.Channel, listed: Caller, admin_calls: Admin, name: str
) -> None:
    [method] = [one for one in methods() if one.name == name]
    output: Any = message_factory.GetMessageClass(method.output_type)
    call = grpc_channel.unary_unary(path(method), type(PAGED[name](0)).SerializeToString, output.FromString)
    metadata = listed.metadata if name == "PollCommands" else admin_calls.metadata
    whole = items(call(PAGED[name](listed.id), metadata=metadata))
    assert whole >= 2
    for size in (whole, 1):
        request = PAGED[name](listed.id)
        request.page_size = size
        assert [items(page) for page in pages(call, request, metadata)] == [size] * (whole // size)


def test_pages_of_pending_commands(devices: DeviceServiceStub, device: Caller, admin_calls: Admin) -> None:
    sent = [admin_calls.send(device.id, f"command {number}").id for number in range(5)]
    request = PollCommandsRequest(page_size=2)
    found = [
        [command.id for command in page.commands] for page in pages(devices.PollCommands, request, device.metadata)
    ]
    assert found == [sent[:2], sent[2:4], sent[4:]]
    whole = devices.PollCommands(PollCommandsRequest(), metadata=device.metadata)
    assert (whole.count, whole.HasField("next_page_token")) == (5, False)


def test_pages_of_tokens(admin_calls: Admin) -> None:
    for number in range(3):
        admin_calls.gateway(f"paged {number}")
    whole = admin_calls.stub.tokens.ListTokens(ListTokensRequest(), metadata=admin_calls.metadata)
    assert not whole.HasField("next_page_token")
    found = list(pages(admin_calls.stub.tokens.ListTokens, ListTokensRequest(page_size=2), admin_calls.metadata))
    assert [token.id for page in found for token in page.tokens] == [token.id for token in whole.tokens]
    assert {len(page.tokens) for page in found[:-1]} == {2}


def test_pages_of_measurements(grpc_stub: TelemetryServiceStub, device: Caller, admin_calls: Admin) -> None:
    names = ["a", "b/c", "humidität", "z"]
    columns: Any = {name: {"doubles": [1.0]} for name in reversed(names)}
    stream(grpc_stub, device, [batch(1, rows=1, **columns)])
    request = ListMeasurementsRequest(device_id=device.id, page_size=3)
    found = [
        [one.name for one in page.measurements]
        for page in pages(admin_calls.stub.fleet.ListMeasurements, request, admin_calls.metadata)
    ]
    assert found == [names[:3], names[3:]]


def test_pages_of_latest_values(
    grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, admin_calls: Admin
) -> None:
    ids = [register(devices, f"latest {number}", "paged").id for number in range(5)]
    for asked in (ListLatestTelemetryRequest(device_type="paged"), ListLatestTelemetryRequest(device_ids=ids)):
        asked.page_size = 2
        found = [
            [one.device_id for one in page.devices]
            for page in pages(grpc_stub.ListLatestTelemetry, asked, admin_calls.metadata)
        ]
        assert found == [ids[:2], ids[2:4], ids[4:]]
    whole = grpc_stub.ListLatestTelemetry(ListLatestTelemetryRequest(device_ids=ids), metadata=admin_calls.metadata)
    assert (whole.count, whole.HasField("next_page_token")) == (5, False)


@pytest.mark.parametrize("size", ["page_size", "limit"])
def test_the_page_size_of_readings_has_two_names(grpc_stub: TelemetryServiceStub, device: Caller, size: str) -> None:
    stream(grpc_stub, device, [batch(1, rows=5)])
    asked: Any = {"device_id": device.id, "start_time": SINCE, size: 2}
    newest, oldest = GetTelemetryRequest(**asked), GetTelemetryRangeRequest(**asked)
    for call, request in ((grpc_stub.GetTelemetry, newest), (grpc_stub.GetTelemetryRange, oldest)):
        assert [page.count for page in pages(call, request, device.metadata)] == [2, 2, 1]


def test_both_names_of_the_page_size_together_are_rejected(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        grpc_stub.GetTelemetry(
            GetTelemetryRequest(device_id=device.id, start_time=str(T0), page_size=2, limit=2),
            metadata=device.metadata,
        )
    assert reason(caught.value) == "INVALID_ARGUMENT"

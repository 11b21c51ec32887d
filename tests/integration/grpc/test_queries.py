"""Queries over gRPC: pages, columns, and permissions."""

from typing import Any

import grpc
import pytest

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, Caller, batch, read, reason, stream

ROWS = 2_500


@pytest.fixture
def filled(grpc_stub: TelemetryServiceStub, device: Caller) -> Caller:
    """A device with ROWS readings, one second apart."""
    stream(grpc_stub, device, [batch(1, rows=ROWS)])
    return device


@pytest.mark.parametrize("limit", [1, 999, 1_250, 10_000])
def test_pages_have_every_reading_once_newest_first(
    grpc_stub: TelemetryServiceStub, filled: Caller, limit: int
) -> None:
    request = wire.GetTelemetryRequest(start_time=str(T0), limit=limit, fields=["value"])
    if limit == 1:
        request.end_time = str(T0 + 5_000)
    seen: list[float] = []
    while True:
        answer = grpc_stub.GetTelemetry(request, metadata=filled.metadata)
        assert answer.count == len(answer.data) <= limit
        seen += [row.fields["value"].number_value for row in answer.data]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert seen == list(reversed(range(5 if limit == 1 else ROWS)))


def test_pages_of_a_range_are_oldest_first(grpc_stub: TelemetryServiceStub, filled: Caller) -> None:
    request = wire.GetTelemetryRangeRequest(device_id=filled.id, start_time=str(T0), limit=1_000)
    sizes, seen = [], []
    while True:
        answer = grpc_stub.GetTelemetryRange(request, metadata=filled.metadata)
        sizes.append(answer.count)
        seen += [row.fields["value"].number_value for row in answer.data]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert sizes == [1_000, 1_000, 500]
    assert seen == list(range(ROWS))


def test_a_page_token_is_valid_for_its_device_only(
    grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, filled: Caller
) -> None:
    first = grpc_stub.GetTelemetry(wire.GetTelemetryRequest(start_time=str(T0), limit=1), metadata=filled.metadata)
    other = register(devices, "with another's token")
    with pytest.raises(grpc.RpcError) as caught:
        grpc_stub.GetTelemetry(wire.GetTelemetryRequest(page_token=first.next_page_token), metadata=other.metadata)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_columns_of_a_span_in_either_direction(grpc_stub: TelemetryServiceStub, filled: Caller) -> None:
    span = {"start_time": str(T0 + 10_000), "end_time": str(T0 + 20_000)}
    assert read(grpc_stub, filled, **span)["value"] == {T0 + second * 1_000: second for second in range(10, 20)}
    backwards = wire.ReadTelemetryRequest(device_ids=[filled.id], newest_first=True, **span)
    (answer,) = grpc_stub.ReadTelemetry(backwards, metadata=filled.metadata)
    assert list(answer.batch.timestamps) == [T0 + second * 1_000 for second in range(19, 9, -1)]


def test_no_response_exceeds_the_default_limit_of_callers(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    """gRPC accepts messages of 4 MiB; the readings have many columns, and texts of characters of three bytes."""
    texts: dict[str, Any] = {f"m{number}": {"strings": ["語" * 300] * 500} for number in range(20)}
    numbers: dict[str, Any] = {f"n{number}": {"doubles": [float(row) for row in range(1_000)]} for number in range(900)}
    stream(grpc_stub, device, [batch(1, rows=500, **texts), batch(2, rows=1_000, first=1_000, **numbers)])
    found = read(grpc_stub, device, start_time=str(T0))
    assert {len(values) for name, values in found.items() if name in texts} == {500}
    assert {len(values) for name, values in found.items() if name in numbers} == {1_000}
    assert len(found) == len(texts) + len(numbers)


def test_a_query_without_ids_reads_the_calling_device_only(
    grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, filled: Caller
) -> None:
    answers = grpc_stub.ReadTelemetry(wire.ReadTelemetryRequest(), metadata=filled.metadata)
    assert {answer.batch.device_id for answer in answers} == {filled.id}
    other = register(devices, "that is curious")
    with pytest.raises(grpc.RpcError) as caught:
        read(grpc_stub, Caller(filled.id, other.metadata))
    assert reason(caught.value) == "NOT_YOUR_DEVICE"


def test_whole_numbers_beyond_2_to_the_53_keep_every_digit_in_rows(
    grpc_stub: TelemetryServiceStub, device: Caller
) -> None:
    stream(
        grpc_stub, device, [batch(1, big={"int64s": [2**62 + 1, -(2**62) - 1, 5]}, short={"floats": [0.1, 0.2, 0.3]})]
    )
    answer = grpc_stub.GetTelemetryRange(
        wire.GetTelemetryRangeRequest(device_id=device.id, start_time=str(T0)), metadata=device.metadata
    )
    assert [dict(row)["big"] for row in answer.data] == [str(2**62 + 1), str(-(2**62) - 1), 5]
    assert [dict(row)["short"] for row in answer.data] == [0.1, 0.2, 0.3]

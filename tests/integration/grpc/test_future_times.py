"""Readings far in the future are rejected by name, and latest values have their times."""

import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from iotflow.v1 import telemetry_service_pb2
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.command_streams import Admin
from tests.integration.grpc.device import Caller, batch, fields, read, reason, stream

DAY = 86_400_000
REASON = "TIME_TOO_FAR_AHEAD"


def now() -> int:
    return time.time_ns() // 1_000_000


def timed(*times: int, **changed: Any) -> Any:
    message = batch(1, rows=len(times))
    message.timestamps[:] = times
    for name, value in changed.items():
        setattr(message, name, value)
    return message


def refused(rows: list[tuple[int, int]]) -> Callable[[Any], bool]:
    return lambda answer: (
        [(one.index, one.count, one.reason) for one in answer.rejected]
        == [(index, count, REASON) for index, count in rows]
    )


def test_rows_of_a_batch_more_than_a_day_in_the_future_are_rejected(
    grpc_stub: TelemetryServiceStub, device: Caller
) -> None:
    begun = now()
    kept = [begun - 1, begun + DAY - 60_000, begun]
    message = timed(kept[0], begun + DAY + 60_000, begun + 365 * DAY, kept[1], 253_402_300_799_999, kept[2])
    (answer,) = stream(grpc_stub, device, [message])
    assert refused([(1, 2), (4, 1)])(answer)
    assert not any(one.retryable for one in answer.rejected)
    assert "24 h ahead" in answer.rejected[0].message
    assert set(read(grpc_stub, device)["value"]) == set(kept)


def test_an_atomic_batch_is_rejected_whole(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    (answer,) = stream(grpc_stub, device, [timed(now(), now() + 2 * DAY, atomic=True)])
    assert refused([(1, 1)])(answer)
    assert read(grpc_stub, device) == {}


def test_each_row_in_a_batch_of_many_devices_is_named(
    grpc_stub: TelemetryServiceStub, admin_calls: Admin, device: Caller
) -> None:
    message = timed(now(), now() + 2 * DAY, device_id=device.id)
    answers = list(grpc_stub.StreamTelemetry(iter([message]), metadata=admin_calls.gateway("ahead"), timeout=30))
    assert refused([(1, 1)])(answers[-1])


def test_a_single_reading_is_rejected_with_its_field(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    request = telemetry_service_pb2.SubmitTelemetryRequest(timestamp="2100-01-01T00:00:00Z")
    request.data["t"] = 1
    with pytest.raises(grpc.RpcError) as caught:
        grpc_stub.SubmitTelemetry(request, metadata=device.metadata, timeout=30)
    assert (reason(caught.value), fields(caught.value)) == (REASON, ["timestamp"])


def test_other_readings_of_a_request_are_stored(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    request = telemetry_service_pb2.SubmitReadingsRequest()
    for timestamp in ("", "9999-01-01T00:00:00Z", "2026-01-01T00:00:00Z"):
        request.readings.add(timestamp=timestamp).data["t"] = 1
    answer = grpc_stub.SubmitReadings(request, metadata=device.metadata, timeout=30)
    assert answer.accepted == 2
    assert refused([(1, 1)])(answer)


def test_latest_values_have_their_times(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    first, second = now() - 60_000, now() - 1_000
    messages = [timed(first), timed(second)]
    messages[0].columns[0].measurement = "slow"
    messages[0].columns.add(measurement="quick").doubles.append(1)
    messages[1].columns[0].measurement = "quick"
    messages[1].sequence = 2
    stream(grpc_stub, device, messages)
    asked = telemetry_service_pb2.GetLatestTelemetryRequest(device_id=device.id)
    listed = telemetry_service_pb2.ListLatestTelemetryRequest(device_ids=[device.id])
    one = grpc_stub.GetLatestTelemetry(asked, metadata=device.metadata)
    (of_many,) = grpc_stub.ListLatestTelemetry(listed, metadata=device.metadata).devices
    for shown in (one, of_many):
        times = {name: at.ToMilliseconds() for name, at in shown.latest_times.items()}
        assert times == {"slow": first, "quick": second}
        assert shown.timestamp.ToMilliseconds() == second

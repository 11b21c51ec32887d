"""SubscribeTelemetry over the real server: subscribers receive stored readings, and a slow one delays nothing else."""

from typing import Any

import pytest

from iotflow.v1 import telemetry_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, Caller, batch, stream
from tests.integration.grpc.subscriptions import subscribed

BUFFER = 5_000


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"subscriber_queue_bytes": BUFFER * 16, "heartbeat_seconds": 0.2, "public_reads": True}


def next_readings(call: Any) -> telemetry_pb2.LiveReadings:
    """The next event with readings."""
    found: telemetry_pb2.LiveReadings = next(event.telemetry for event in call if event.HasField("telemetry"))
    return found


def values(readings: telemetry_pb2.LiveReadings, name: str = "value") -> list[Any]:
    return [dict(row)[name] for row in readings.data]


def test_a_subscriber_receives_stored_but_no_rejected_values(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    with subscribed(grpc_stub, device) as call:
        stream(grpc_stub, device, [batch(1, value={"doubles": [1, float("nan"), 3]}, other={"int32s": [1, 2, 3]})])
        received = next_readings(call)
    assert received.device_id == device.id
    assert [dict(row) for row in received.data] == [
        {"timestamp": "2026-01-01T00:00:00.000Z", "value": 1, "other": 1},
        {"timestamp": "2026-01-01T00:00:01.000Z", "other": 2},
        {"timestamp": "2026-01-01T00:00:02.000Z", "value": 3, "other": 3},
    ]


def test_filters_by_device_type_and_measurement(grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub) -> None:
    meter, lamp = register(devices, "meter", "meter"), register(devices, "lamp", "lamp")
    anybody = Caller(0, ())
    with (
        subscribed(grpc_stub, anybody, device_ids=[meter.id]) as by_id,
        subscribed(grpc_stub, anybody, device_types=["lamp"]) as by_type,
        subscribed(grpc_stub, anybody, device_ids=[meter.id, lamp.id], fields=["b"]) as by_field,
    ):
        stream(grpc_stub, lamp, [batch(1, a={"int32s": [1, 2, 3]})])
        stream(grpc_stub, meter, [batch(1, a={"int32s": [4, 5, 6]}, b={"int32s": [7, 8, 9]})])
        assert values(next_readings(by_id), "a") == [4, 5, 6]
        assert values(next_readings(by_type), "a") == [1, 2, 3]
        received = next_readings(by_field)
    assert (received.device_id, [sorted(dict(row)) for row in received.data]) == (meter.id, [["b", "timestamp"]] * 3)


def test_replayed_readings_precede_new_ones(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    stream(grpc_stub, device, [batch(1, rows=10)])
    with subscribed(grpc_stub, device, since=str(T0 + 7_000)) as call:
        assert values(next_readings(call)) == [7, 8, 9]
        stream(grpc_stub, device, [batch(1, rows=2, first=10)])
        assert values(next_readings(call)) == [10, 11]


def test_readings_are_columns_on_request(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    with subscribed(grpc_stub, device, columnar=True) as call:
        stream(grpc_stub, device, [batch(1)])
        received = next(event.batch for event in call if event.HasField("batch"))
    sent = batch(0)
    sent.device_id = device.id
    assert received == sent


def test_an_idle_feed_sends_heartbeats(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    with subscribed(grpc_stub, device) as call:
        assert next(call).HasField("heartbeat")
        assert next(call).HasField("heartbeat")


def test_a_slow_subscriber_is_notified_of_losses_and_delays_no_writes(
    grpc_stub: TelemetryServiceStub, device: Caller
) -> None:
    batches, rows = 300, 1_000
    with subscribed(grpc_stub, device) as slow:
        # It reads nothing while far more is stored than fits into its queue and the windows of the connection.
        answers = stream(grpc_stub, device, [batch(s + 1, rows=rows, first=s * rows) for s in range(batches)])
        assert answers[-1].committed_sequence == batches
        received = dropped = 0
        for event in slow:
            received += len(event.telemetry.data)
            dropped += int(event.dropped.readings)
            if received + dropped == batches * rows:
                break
    assert dropped > 0
    assert received >= BUFFER

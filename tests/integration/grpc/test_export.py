"""ExportTelemetry over gRPC returns the readings of ReadTelemetry as a file, to callers that may read them."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pyarrow import csv, ipc, parquet

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import ExportTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow.v1.token_service_pb2 import CreateTokenRequest, RevokeTokenRequest
from iotflow_server.telemetry.export import FORMATS
from iotflow_server.telemetry.export.export import PIECE_BYTES
from tests.integration.grpc.conftest import ServerThread, register, settings
from tests.integration.grpc.device import T0, Caller, batch, reason, stream
from tests.support.admin_stubs import AdminStubs

Metadata = tuple[tuple[str, str], ...]
BIG = 2**62 + 1
VALUE = {"doubles": [0.0, 1.0]}


@pytest.fixture
def pair(grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, device: Caller) -> tuple[Caller, Caller]:
    """Two devices with different types of one measurement."""
    other = register(devices, f"beside {device.id}")
    stream(grpc_stub, device, [batch(1, rows=2, mixed={"int64s": [BIG, 1]}, device_id={"int32s": [7, 8]}, value=VALUE)])
    stream(
        grpc_stub,
        other,
        [batch(1, rows=2, mixed={"doubles": [0.5, 2.0]}, note={"strings": ['say "a,b"\n', ""]}, value=VALUE)],
    )
    return device, other


def exported(stub: TelemetryServiceStub, metadata: Metadata, **asked: Any) -> bytes:
    """The whole file, after a check of its content type and pieces."""
    pieces = list(stub.ExportTelemetry(ExportTelemetryRequest(**asked), metadata=metadata, timeout=60))
    wanted = FORMATS[asked.get("format") or "csv"].content_type
    assert {piece.content_type for piece in pieces} == {wanted}
    assert max(len(piece.data) for piece in pieces) <= PIECE_BYTES
    return b"".join(piece.data for piece in pieces)


def test_every_format_has_both_devices_in_one_table(
    grpc_stub: TelemetryServiceStub, pair: tuple[Caller, Caller], admin_metadata: Metadata
) -> None:
    ids = [caller.id for caller in pair]
    first, second = (f"2026-01-01T00:00:0{second}.000Z" for second in (0, 1))
    asked: dict[str, Any] = {"device_ids": ids, "fields": ["mixed", "note", "device_id", "value"]}
    lines = exported(grpc_stub, admin_metadata, format="ndjson", **asked).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [{k: v for k, v in row.items() if k != "device_name"} for row in rows] == [
        {"device_id": ids[0], "timestamp": first, "mixed": str(BIG), "measurement:device_id": 7, "value": 0},
        {"device_id": ids[0], "timestamp": second, "mixed": "1", "measurement:device_id": 8, "value": 1},
        {"device_id": ids[1], "timestamp": first, "mixed": "0.5", "note": 'say "a,b"\n', "value": 0},
        {"device_id": ids[1], "timestamp": second, "mixed": "2", "note": "", "value": 1},
    ]
    names = ["device_id", "device_name", "timestamp", "mixed", "note", "measurement:device_id", "value"]
    for table in (
        parquet.read_table(io.BytesIO(exported(grpc_stub, admin_metadata, format="parquet", **asked))),
        ipc.open_stream(exported(grpc_stub, admin_metadata, format="arrow", **asked)).read_all(),
    ):
        assert table.column_names == names
        assert table.schema.field("timestamp").type == pa.timestamp("ms", "UTC")
        assert table.column("mixed").to_pylist() == [str(BIG), "1", "0.5", "2"]
        assert table.column("note").to_pylist() == [None, None, 'say "a,b"\n', ""]
        assert table.column("value").to_pylist() == [0, 1, 0, 1]
    text = exported(grpc_stub, admin_metadata, **asked)
    options = csv.ParseOptions(newlines_in_values=True)
    assert csv.read_csv(io.BytesIO(text), parse_options=options).column("value").to_pylist() == [0, 1, 0, 1]
    called = rows[0]["device_name"]
    assert text.decode().splitlines()[:2] == [
        ",".join(f'"{name}"' for name in names),
        f'{ids[0]},"{called}","{first}","{BIG}",,7,0',
    ]


def test_an_export_is_limited_to_a_span_and_fields(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    stream(grpc_stub, device, [batch(1, rows=50, other={"int32s": list(range(50))}, value={"doubles": range(50)})])
    asked = {"start_time": str(T0 + 10_000), "end_time": str(T0 + 20_000), "fields": ["other"], "format": "ndjson"}
    rows = [json.loads(line) for line in exported(grpc_stub, device.metadata, **asked).splitlines()]
    assert [row["other"] for row in rows] == list(range(10, 20))
    assert "value" not in rows[0]


@pytest.mark.parametrize("format_", ["", *FORMATS])
def test_an_export_without_readings_has_no_rows(grpc_stub: TelemetryServiceStub, device: Caller, format_: str) -> None:
    content = exported(grpc_stub, device.metadata, format=format_)
    match format_:
        case "parquet":
            assert parquet.read_table(io.BytesIO(content)).num_rows == 0
        case "arrow":
            assert ipc.open_stream(content).read_all().num_rows == 0
        case "ndjson":
            assert content == b""
        case _:
            assert content == b'"device_id","device_name","timestamp"\n'


def test_a_device_exports_its_own_readings_only(
    grpc_stub: TelemetryServiceStub, pair: tuple[Caller, Caller], admin_metadata: Metadata
) -> None:
    own, other = pair
    rows = exported(grpc_stub, own.metadata, format="ndjson").splitlines()
    assert {json.loads(row)["device_id"] for row in rows} == {own.id}
    everybody = exported(grpc_stub, admin_metadata, format="ndjson").splitlines()
    assert {own.id, other.id} <= {json.loads(row)["device_id"] for row in everybody}
    with pytest.raises(grpc.RpcError) as caught:
        exported(grpc_stub, own.metadata, device_ids=[own.id, other.id])
    assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_YOUR_DEVICE")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"device_ids": [1, 999_999]}, grpc.StatusCode.NOT_FOUND),
        ({"format": "xlsx"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"start_time": "whenever"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"start_time": "now", "end_time": "-1h"}, grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_an_error_is_returned_before_the_first_byte(
    grpc_stub: TelemetryServiceStub, admin_metadata: Metadata, asked: dict[str, Any], code: grpc.StatusCode
) -> None:
    call = grpc_stub.ExportTelemetry(ExportTelemetryRequest(**asked), metadata=admin_metadata, timeout=60)
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() is code


def fill(stub: TelemetryServiceStub, caller: Caller, rows: int) -> None:
    """Readings of random digits, which no format compresses well."""
    random = np.random.default_rng(1)
    batches = []
    for first in range(0, rows, 50_000):
        message = TelemetryBatch(sequence=first + 1, timestamps=(T0 + np.arange(first, first + 50_000)).tolist())
        for number in range(4):
            message.columns.add(measurement=f"m{number}", doubles=random.random(50_000))
        batches.append(message)
    stream(stub, caller, batches)


def test_an_export_ends_when_its_token_is_revoked(
    grpc_stub: TelemetryServiceStub, device: Caller, admin: AdminStubs, admin_metadata: Metadata
) -> None:
    fill(grpc_stub, device, 200_000)
    made = admin.tokens.CreateToken(CreateTokenRequest(name="brief", role="viewer"), metadata=admin_metadata)
    viewer = (("authorization", f"Bearer {made.secret}"),)
    call = grpc_stub.ExportTelemetry(
        ExportTelemetryRequest(device_ids=[device.id], format="ndjson"), metadata=viewer, timeout=60
    )
    assert next(call).data
    admin.tokens.RevokeToken(RevokeTokenRequest(token_id=made.token.id), metadata=admin_metadata)
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_an_export_ends_when_the_server_stops(tmp_path: Path) -> None:
    server = ServerThread(settings(tmp_path))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel, ThreadPoolExecutor(1) as beside:
        device = register(DeviceServiceStub(channel), "cut short")
        stub = TelemetryServiceStub(channel)
        fill(stub, device, 200_000)
        call = stub.ExportTelemetry(ExportTelemetryRequest(format="csv"), metadata=device.metadata, timeout=60)
        assert next(call).data
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(), timeout=30)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        stopped = beside.submit(server.stop)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        with pytest.raises(grpc.RpcError) as caught:
            list(call)
        assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        stopped.result(30)

"""StreamTelemetry over the real server: acknowledgements, rejections, and the end of streams."""

import asyncio
import queue
from typing import Any

import grpc
import pytest

from iotflow.v1 import fleet_service_pb2, telemetry_pb2, token_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, Caller, batch, fields, read, reason, stream
from tests.support.admin_stubs import AdminStubs

ALL_TYPES: dict[str, Any] = {
    "a_double": {"doubles": [1.5, -0.0, 1e300]},
    "a_float": {"floats": [0.5, 1.25, -2.0]},
    "an_int64": {"int64s": [2**62, -1, 0]},
    "an_int32": {"int32s": [2**31 - 1, -(2**31), 7]},
    "a_bool": {"bools": [True, False, True]},
    "a_text": {"strings": ["a", "", "ü"]},
}


def test_values_of_every_type_are_returned_unchanged(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    answers = stream(grpc_stub, device, [batch(1, **ALL_TYPES)])
    assert (answers[-1].committed_sequence, list(answers[-1].rejected)) == (1, [])
    expected = {
        name: {T0 + row * 1_000: value for row, value in enumerate(next(iter(wire.values())))}
        for name, wire in ALL_TYPES.items()
    }
    assert read(grpc_stub, device) == expected


def test_rows_without_a_value_are_absent_and_overwrite_nothing(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    first = batch(1, value={"doubles": [1, 2, 3]})
    second = batch(
        2, value={"doubles": [9, 9, 9], "validity": b"\x05"}, other={"int32s": [7, 8, 9], "validity": b"\x02"}
    )
    stream(grpc_stub, device, [first, second])
    assert read(grpc_stub, device) == {
        "other": {T0 + 1_000: 8},
        "value": {T0: 9, T0 + 1_000: 2, T0 + 2_000: 9},
    }


def test_acknowledgements_are_cumulative_and_increase(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    sequences = [
        answer.committed_sequence for answer in stream(grpc_stub, device, [batch(s * 5, first=s) for s in range(1, 51)])
    ]
    assert sequences == sorted(set(sequences))
    assert sequences[-1] == 250


def test_resending_is_harmless(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    batches = [batch(s + 1, rows=10, first=s * 10) for s in range(5)]
    stream(grpc_stub, device, batches)
    before = read(grpc_stub, device)
    stream(grpc_stub, device, batches[2:])
    assert read(grpc_stub, device) == before
    assert len(before["value"]) == 50


MALFORMED = {
    "no rows": (telemetry_pb2.TelemetryBatch(sequence=1, columns=batch(1).columns), "timestamps"),
    "no columns": (telemetry_pb2.TelemetryBatch(sequence=1, timestamps=[T0]), "columns"),
    "too few values": (batch(1, a={"doubles": [1, 2]}), "columns[0].doubles"),
    "too many values": (batch(1, a={"int64s": [1, 2, 3, 4]}), "columns[0].int64s"),
    "no values": (batch(1, a={}), "columns[0]"),
    "two kinds of values": (batch(1, a={"doubles": [1, 2, 3], "bools": [True] * 3}), "columns[0]"),
    "a bitmap too short": (batch(1, rows=9, a={"doubles": [1] * 9, "validity": b"\xff"}), "columns[0].validity"),
    "a measurement twice": (
        telemetry_pb2.TelemetryBatch(sequence=1, timestamps=[T0], columns=[*batch(1, rows=1).columns] * 2),
        "columns",
    ),
    "a time out of range": (
        telemetry_pb2.TelemetryBatch(sequence=1, timestamps=[2**62], columns=batch(1, rows=1).columns),
        "timestamps",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_batch_is_rejected_by_name_and_the_stream_continues(
    grpc_stub: TelemetryServiceStub, device: Caller, case: str
) -> None:
    malformed, field = MALFORMED[case]
    answers = stream(grpc_stub, device, [malformed, batch(2)])
    (rejected,) = [item for answer in answers for item in answer.rejected]
    assert (rejected.sequence, rejected.reason, rejected.retryable) == (1, "INVALID_ARGUMENT", False)
    assert rejected.message.startswith(f"{field}:")
    assert answers[-1].committed_sequence == 2
    assert read(grpc_stub, device) == {"value": {T0: 0, T0 + 1_000: 1, T0 + 2_000: 2}}


VALUES = {
    "NaN": ({"doubles": [1, float("nan"), float("inf")]}, "NOT_FINITE", 1, 2),
    "float infinity": ({"floats": [float("-inf"), 1, 2]}, "NOT_FINITE", 0, 1),
    "text too long": ({"strings": ["a", "x" * 65_537, "b"]}, "INVALID_TEXT", 1, 1),
    "text with NUL": ({"strings": ["a", "b", "\0"]}, "INVALID_TEXT", 2, 1),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_that_cannot_be_stored_are_named_and_the_rest_is_stored(
    grpc_stub: TelemetryServiceStub, device: Caller, case: str
) -> None:
    wire, why, index, count = VALUES[case]
    answers = stream(grpc_stub, device, [batch(1, bad=wire, good={"int32s": [1, 2, 3]})])
    (rejected,) = answers[-1].rejected
    assert (rejected.measurement, rejected.reason, rejected.index, rejected.count) == ("bad", why, index, count)
    stored = read(grpc_stub, device)
    assert len(stored["good"]) == 3
    assert len(stored["bad"]) == 3 - count


def test_an_atomic_batch_is_stored_whole_or_not_at_all(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    stream(grpc_stub, device, [batch(1, value={"doubles": [1, 2, 3]})])
    refused: dict[str, Any] = {"value": {"strings": ["x", "y", "z"]}, "fresh": {"doubles": [1, 2, float("nan")]}}
    for name, wire in refused.items():
        message = batch(2, first=10, **{"other": {"int32s": [1, 2, 3]}, name: wire})
        message.atomic = True
        assert stream(grpc_stub, device, [message])[-1].rejected
    assert read(grpc_stub, device) == {"value": {T0: 1, T0 + 1_000: 2, T0 + 2_000: 3}}


def test_a_type_conflict_names_the_measurement_and_the_type(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    answers = stream(
        grpc_stub, device, [batch(1, value={"int32s": [1, 2, 3]}), batch(2, value={"doubles": [4, 5.5, 6]})]
    )
    (rejected,) = [item for answer in answers for item in answer.rejected]
    assert (rejected.sequence, rejected.index, rejected.count, rejected.reason) == (2, 1, 1, "TYPE_CONFLICT")
    assert "value" in rejected.message
    assert "INT32" in rejected.message
    assert read(grpc_stub, device) == {"value": {T0: 4, T0 + 1_000: 2, T0 + 2_000: 6}}


def test_a_sequence_number_that_does_not_increase_ends_the_stream_after_earlier_acknowledgements(
    grpc_stub: TelemetryServiceStub, device: Caller
) -> None:
    call = grpc_stub.StreamTelemetry(iter([batch(3), batch(3)]), metadata=device.metadata, timeout=30)
    assert next(call).committed_sequence == 3
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields(caught.value) == ["sequence"]


def test_a_batch_of_another_device_ends_the_stream(
    grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub, device: Caller
) -> None:
    other = register(devices, "other of the stream")
    foreign = batch(1)
    foreign.device_id = other.id
    with pytest.raises(grpc.RpcError) as caught:
        stream(grpc_stub, device, [foreign])
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert read(grpc_stub, other) == {}


@pytest.mark.parametrize("metadata", [(), (("x-api-key", "wrong"),)])
def test_a_stream_without_a_key_is_rejected(
    grpc_stub: TelemetryServiceStub, metadata: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        stream(grpc_stub, Caller(0, metadata), [batch(1)])
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_gateway_writes_for_every_device_and_an_unknown_one_does_not_affect_others(
    grpc_stub: TelemetryServiceStub,
    devices: DeviceServiceStub,
    admin: AdminStubs,
    admin_metadata: tuple[tuple[str, str], ...],
) -> None:
    token = admin.tokens.CreateToken(
        token_service_pb2.CreateTokenRequest(name="gw", role="gateway"), metadata=admin_metadata
    )
    gateway = Caller(0, (("authorization", f"Bearer {token.secret}"),))
    fleet = [register(devices, f"behind the gateway {i}") for i in range(3)]
    batches = []
    for sequence, device_id in enumerate([fleet[0].id, 999_999, fleet[1].id, 0, fleet[2].id], 1):
        batches.append(batch(sequence))
        batches[-1].device_id = device_id
    answers = stream(grpc_stub, gateway, batches)
    rejected = {item.sequence: item.reason for answer in answers for item in answer.rejected}
    assert rejected == {2: "DEVICE_NOT_FOUND", 4: "INVALID_ARGUMENT"}
    assert [len(read(grpc_stub, device)["value"]) for device in fleet] == [3, 3, 3]


def test_the_stream_of_an_inactive_device_ends_at_once(
    grpc_stub: TelemetryServiceStub,
    admin: AdminStubs,
    admin_metadata: tuple[tuple[str, str], ...],
    device: Caller,
) -> None:
    batches: queue.Queue[telemetry_pb2.TelemetryBatch] = queue.Queue()
    call = grpc_stub.StreamTelemetry(iter(batches.get, None), metadata=device.metadata, timeout=30)
    batches.put(batch(1))
    assert next(call).committed_sequence == 1
    admin.fleet.SetDeviceStatus(
        fleet_service_pb2.SetDeviceStatusRequest(device_id=device.id, status="inactive"), metadata=admin_metadata
    )
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert reason(caught.value) == "DEVICE_INACTIVE"
    with pytest.raises(grpc.RpcError) as caught:
        stream(grpc_stub, device, [batch(2)])
    assert reason(caught.value) == "DEVICE_INACTIVE"


def test_the_stream_of_a_revoked_token_ends_at_once(
    grpc_stub: TelemetryServiceStub,
    admin: AdminStubs,
    admin_metadata: tuple[tuple[str, str], ...],
    device: Caller,
) -> None:
    made = admin.tokens.CreateToken(
        token_service_pb2.CreateTokenRequest(name="brief", role="gateway"), metadata=admin_metadata
    )
    batches: queue.Queue[telemetry_pb2.TelemetryBatch] = queue.Queue()
    gateway = (("authorization", f"Bearer {made.secret}"),)
    call = grpc_stub.StreamTelemetry(iter(batches.get, None), metadata=gateway, timeout=30)
    first = batch(1)
    first.device_id = device.id
    batches.put(first)
    assert next(call).committed_sequence == 1
    admin.tokens.RevokeToken(token_service_pb2.RevokeTokenRequest(token_id=made.token.id), metadata=admin_metadata)
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.UNAUTHENTICATED, "WRONG_TOKEN")


def test_an_expired_token_ends_its_streams(
    grpc_stub: TelemetryServiceStub, admin: AdminStubs, admin_metadata: tuple[tuple[str, str], ...]
) -> None:
    asked = token_service_pb2.CreateTokenRequest(name="of a second", role="gateway", time_to_live_seconds=1)
    made = admin.tokens.CreateToken(asked, metadata=admin_metadata)
    batches: queue.Queue[telemetry_pb2.TelemetryBatch] = queue.Queue()
    gateway = (("authorization", f"Bearer {made.secret}"),)
    call = grpc_stub.StreamTelemetry(iter(batches.get, None), metadata=gateway, timeout=30)
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.UNAUTHENTICATED, "WRONG_TOKEN")


def test_many_scattered_rejections_are_summarized(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    rows = 10_000
    scattered = {"doubles": [float("nan") if row % 2 else 1.0 for row in range(rows)]}
    answers = stream(grpc_stub, device, [batch(1, rows=rows, bad=scattered, good={"bools": [True] * rows})])
    (rejected,) = answers[-1].rejected
    assert (rejected.measurement, rejected.index, rejected.count) == ("bad", 0, rows)
    stored = read(grpc_stub, device)
    assert (len(stored["good"]), "bad" in stored) == (rows, False)


def test_a_batch_of_too_many_values_is_rejected(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    columns = {f"m{number}": {"bools": [True] * 20_000} for number in range(51)}
    (rejected,) = stream(grpc_stub, device, [batch(1, 20_000, 0, **columns)])[-1].rejected
    assert (rejected.reason, rejected.message.split(":")[0]) == ("INVALID_ARGUMENT", "columns")


def test_bytes_that_are_not_a_message_are_an_invalid_argument(grpc_channel: grpc.Channel, device: Caller) -> None:
    for make, method in ((grpc_channel.unary_unary, "GetTelemetry"), (grpc_channel.stream_stream, "StreamTelemetry")):
        call: Any = make(f"/iotflow.v1.TelemetryService/{method}")
        sent = b"\xff\xff" if method == "GetTelemetry" else iter([b"\xff\xff"])
        with pytest.raises(grpc.RpcError) as caught:
            list(call(sent, metadata=device.metadata, timeout=30))
        assert (caught.value.code(), reason(caught.value)) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED")


@pytest.mark.usefixtures("loop_of_the_module")
async def test_200_concurrent_streams_are_acknowledged(
    grpc_addr: str, grpc_stub: TelemetryServiceStub, devices: DeviceServiceStub
) -> None:
    """One thread sends them all: as threads of a loaded machine, the callers would hold each other up."""
    fleet = [register(devices, f"one of 200: {i}") for i in range(200)]
    async with grpc.aio.insecure_channel(grpc_addr) as channel:
        stub: Any = TelemetryServiceStub(channel)

        async def last(device: Caller) -> int:
            batches = [batch(s + 1, first=s * 3) for s in range(20)]
            *_, answer = [one async for one in stub.StreamTelemetry(batches, metadata=device.metadata, timeout=60)]
            return int(answer.committed_sequence)

        assert set(await asyncio.gather(*map(last, fleet))) == {20}
    assert {len(read(grpc_stub, device)["value"]) for device in fleet} == {60}

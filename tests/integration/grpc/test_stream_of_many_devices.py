"""StreamTelemetry with batches of many devices: each device has its own rows and its own rejections."""

from collections.abc import Callable
from typing import Any

import pytest

from iotflow.v1 import telemetry_pb2, token_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import T0, Caller, batch, read, stream
from tests.support.admin_stubs import AdminStubs

NOBODY = 999_999


@pytest.fixture
def gateway(admin: AdminStubs, admin_metadata: tuple[tuple[str, str], ...], request: pytest.FixtureRequest) -> Caller:
    asked = token_service_pb2.CreateTokenRequest(name=request.node.name[-64:], role="gateway")
    token = admin.tokens.CreateToken(asked, metadata=admin_metadata)
    return Caller(0, (("authorization", f"Bearer {token.secret}"),))


@pytest.fixture
def fleet(devices: DeviceServiceStub, request: pytest.FixtureRequest) -> list[Caller]:
    return [register(devices, f"{number} of {request.node.name}"[:64]) for number in range(3)]


def of(device_ids: list[int], sequence: int = 1, **columns: Any) -> telemetry_pb2.TelemetryBatch:
    message = batch(sequence, len(device_ids), 0, **columns)
    message.device_ids.extend(device_ids)
    return message


def rejections(answers: list[StreamTelemetryResponse]) -> list[telemetry_pb2.Rejection]:
    return [item for answer in answers for item in answer.rejected]


def test_each_device_gets_its_rows_in_their_order(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]
) -> None:
    one, two, three = (device.id for device in fleet)
    message = of(
        [one, one, two, three, one],
        value={"doubles": [1, 2, 3, 4, 5]},
        flag={"bools": [True, False, True, False, True], "validity": b"\x06"},
        name={"strings": ["", "", "", "x", ""], "validity": b"\x08"},
    )
    # The last row of the first device has the time of its first row, and overwrites it.
    message.timestamps[4] = T0
    answers = stream(grpc_stub, gateway, [message])
    assert (answers[-1].committed_sequence, rejections(answers)) == (1, [])
    assert [read(grpc_stub, device) for device in fleet] == [
        {"value": {T0: 5, T0 + 1_000: 2}, "flag": {T0 + 1_000: False}},
        {"value": {T0 + 2_000: 3}, "flag": {T0 + 2_000: True}},
        {"value": {T0 + 3_000: 4}, "name": {T0 + 3_000: "x"}},
    ]


def test_rejections_name_the_row_and_do_not_affect_other_devices(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]
) -> None:
    one, two, three = (device.id for device in fleet)
    of_text = of([two], 1, value={"strings": ["text"]})
    mixed = of([one, NOBODY, NOBODY, 0, two, two, three], 2, value={"doubles": [1, 2, 3, 4, 5, 6, float("nan")]})
    refused = rejections(stream(grpc_stub, gateway, [of_text, mixed]))
    assert sorted((item.sequence, item.index, item.count, item.measurement, item.reason) for item in refused) == [
        (2, 1, 2, "", "DEVICE_NOT_FOUND"),
        (2, 3, 1, "", "INVALID_ARGUMENT"),
        (2, 4, 2, "value", "TYPE_CONFLICT"),
        (2, 6, 1, "value", "NOT_FINITE"),
    ]
    assert [read(grpc_stub, device) for device in fleet] == [{"value": {T0: 1}}, {"value": {T0: "text"}}, {}]


def test_many_rejections_of_some_devices_do_not_affect_others(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]
) -> None:
    """They take several responses, because a caller accepts messages of 4 MiB."""
    one, two, _ = (device.id for device in fleet)
    rows = 900
    values = [float(row) if row % 2 else float("nan") for row in range(rows)]
    columns: dict[str, Any] = {f"m{n}": {"doubles": values} for n in range(40)}
    message = of([two if row % 2 else one for row in range(rows)], 1, **columns)
    answers = stream(grpc_stub, gateway, [message])
    assert [answer.committed_sequence for answer in answers] == [0] * 17 + [1]
    refused = rejections(answers)
    assert len({(item.index, item.measurement) for item in refused}) == len(refused) == 40 * rows // 2
    assert {(item.index % 2, item.count, item.reason) for item in refused} == {(0, 1, "NOT_FINITE")}
    first, second, _ = (read(grpc_stub, device) for device in fleet)
    assert first == {}
    assert {name: len(found) for name, found in second.items()} == {f"m{n}": rows // 2 for n in range(40)}


def test_readings_without_times_get_distinct_timestamps_for_each_device(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]
) -> None:
    message = of([device.id for device in fleet for _ in range(20)], value={"doubles": range(60)})
    message.server_times = True
    message.timestamps[:] = [0] * 60
    stream(grpc_stub, gateway, [message])
    for number, device in enumerate(fleet):
        stored = read(grpc_stub, device)["value"]
        assert [stored[time] for time in sorted(stored)] == list(range(number * 20, number * 20 + 20))
        assert min(stored) > T0


REFUSED: dict[str, tuple[Callable[[telemetry_pb2.TelemetryBatch], object], str]] = {
    "fewer devices than rows": (lambda message: message.device_ids.pop(), "device_ids"),
    "a device for all besides": (lambda message: setattr(message, "device_id", 1), "device_ids"),
    "all or nothing": (lambda message: setattr(message, "atomic", True), "atomic"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_malformed_batches_are_rejected_with_the_field(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller], case: str
) -> None:
    spoil, field = REFUSED[case]
    message = of([device.id for device in fleet])
    spoil(message)
    (refused,) = rejections(stream(grpc_stub, gateway, [message]))
    assert (refused.index, refused.count, refused.reason) == (0, 3, "INVALID_ARGUMENT")
    assert refused.message.startswith(f"{field}:")
    assert [read(grpc_stub, device) for device in fleet] == [{}, {}, {}]


def test_too_many_unordered_rows_are_rejected(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]
) -> None:
    one, two, _ = (device.id for device in fleet)
    (refused,) = rejections(stream(grpc_stub, gateway, [of([one, two] * 501)]))
    assert (refused.count, refused.message.split(":")[0]) == (1_002, "device_ids")


def test_batches_of_many_devices_are_for_gateways_only(grpc_stub: TelemetryServiceStub, fleet: list[Caller]) -> None:
    own, other, _ = fleet
    for device_ids in ([own.id] * 2, [own.id, other.id]):
        (refused,) = rejections(stream(grpc_stub, own, [of(device_ids)]))
        assert (refused.count, refused.message.split(":")[0]) == (2, "device_ids")
    assert read(grpc_stub, own) == read(grpc_stub, other) == {}


def test_each_device_has_its_own_reason(grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]) -> None:
    one, two, three = (device.id for device in fleet)
    message = of(
        [one, two, three],
        1,
        text={"strings": ["x" * 70_000, "\0", "right"]},
        **{"bad;name": {"doubles": [1, 2, 3], "validity": b"\x04"}},
        good={"doubles": [1, 2, 3]},
    )
    refused = rejections(stream(grpc_stub, gateway, [message]))
    assert [(item.index, item.count, item.measurement, item.reason) for item in refused] == [
        (0, 1, "text", "INVALID_TEXT"),
        (1, 1, "text", "INVALID_TEXT"),
        (2, 1, "bad;name", "INVALID_NAME"),
    ]
    assert "longer" in refused[0].message
    assert "NUL" in refused[1].message
    assert read(grpc_stub, fleet[2]) == {"text": {T0 + 2_000: "right"}, "good": {T0 + 2_000: 3}}


def test_an_invalid_time_affects_its_own_device_only(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]
) -> None:
    message = of([device.id for device in fleet])
    message.timestamps[1] = 10**18
    (refused,) = rejections(stream(grpc_stub, gateway, [message]))
    assert (refused.index, refused.count, refused.message.split(":")[0]) == (1, 1, "timestamps")
    assert [len(read(grpc_stub, device)) for device in fleet] == [1, 0, 1]


def test_allocated_timestamps_increase_in_the_order_of_rows(
    grpc_stub: TelemetryServiceStub, gateway: Caller, fleet: list[Caller]
) -> None:
    one, two, _ = (device.id for device in fleet)
    order = [one] * 3_000 + [two] + [one] * 3_000 + [two] + [one] * 10
    message = of(order, value={"doubles": range(len(order))})
    message.server_times = True
    message.timestamps[:] = [0] * len(order)
    stream(grpc_stub, gateway, [message])
    stored = read(grpc_stub, fleet[0])["value"]
    values = [stored[time] for time in sorted(stored)]
    assert len(values) == 6_010
    assert values == sorted(values)


def test_a_very_long_name_does_not_end_the_stream(grpc_stub: TelemetryServiceStub, device: Caller) -> None:
    """Responses quote a bounded part of the name."""
    for wire in ({"doubles": [1, 2, 3]}, {"doubles": [1]}, {}):
        columns: dict[str, Any] = {"n" * 5_000_000: wire}
        answers = stream(grpc_stub, device, [batch(1, 3, 0, **columns)])
        assert [item.count for item in rejections(answers)] == [3]

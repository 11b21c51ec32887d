"""Fields with a single value are filled in at one place, anywhere in a response."""

import pytest
from google.protobuf.descriptor import Descriptor, MethodDescriptor

from iotflow.contract import methods, path
from iotflow.v1.device_service_pb2 import UpdateDeviceConfigResponse
from iotflow.v1.gateway_service_pb2 import ReportDeviceConfigResponse
from iotflow.v1.options_pb2 import constant
from iotflow.v1.telemetry_service_pb2 import SubmitTelemetryResponse
from iotflow_server.interceptors.serialization import constant_filler

GATEWAY, TELEMETRY = "/iotflow.v1.GatewayService/", "/iotflow.v1.TelemetryService/"


def constants(message: Descriptor) -> list[str]:
    return [field.name for field in message.fields if field.GetOptions().HasExtension(constant)]


def test_texts_and_booleans_are_filled_in() -> None:
    fill = constant_filler(f"{TELEMETRY}SubmitTelemetry")
    answer = SubmitTelemetryResponse(message="stored")
    assert fill
    fill(answer)
    assert answer == SubmitTelemetryResponse(message="stored", stored_in_iotdb=True)


def test_nested_messages_have_their_constants() -> None:
    fill = constant_filler(f"{GATEWAY}ReportDeviceConfig")
    answer = ReportDeviceConfigResponse(config=UpdateDeviceConfigResponse(config_key="a"))
    assert fill
    fill(answer)
    assert answer.config == UpdateDeviceConfigResponse(status="success", config_key="a")


def test_missing_messages_are_not_created() -> None:
    fill = constant_filler(f"{GATEWAY}ReportDeviceConfig")
    answer = ReportDeviceConfigResponse()
    assert fill
    fill(answer)
    assert not answer.HasField("config")


@pytest.mark.parametrize("method", list(methods()), ids=path)
def test_requests_have_none(method: MethodDescriptor) -> None:
    assert not constants(method.input_type)
    assert bool(constants(method.output_type)) <= (constant_filler(path(method)) is not None)

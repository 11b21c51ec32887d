"""Reflection returns the whole contract, methods included, under both of its names; the health service knows all services."""

from collections.abc import Iterable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from iotflow_server.app import SERVICES

VERSIONS = ("v1", "v1alpha")


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"public_diagnostics": True}


def ask(
    channel: grpc.Channel, version: str, requests: Iterable[ServerReflectionRequest]
) -> Iterator[ServerReflectionResponse]:
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        ServerReflectionRequest.SerializeToString,
        ServerReflectionResponse.FromString,
    )
    answers: Iterator[ServerReflectionResponse] = call(iter(requests), timeout=30)
    return answers


def described(answer: ServerReflectionResponse) -> DescriptorPool:
    """A descriptor pool of the response, which must be complete, as tools need it."""
    files = {}
    for data in answer.file_descriptor_response.file_descriptor_proto:
        file = FileDescriptorProto.FromString(data)
        files[file.name] = file
    pool = DescriptorPool()

    def add(file: FileDescriptorProto) -> None:
        for name in file.dependency:
            if name in files:
                add(files.pop(name))
        pool.Add(file)

    while files:
        add(files.pop(next(iter(files))))
    return pool


@pytest.mark.parametrize("version", VERSIONS)
def test_every_service_and_method_is_described(grpc_channel: grpc.Channel, version: str) -> None:
    [listed] = ask(grpc_channel, version, [ServerReflectionRequest(list_services="")])
    names = [service.name for service in listed.list_services_response.service]
    reflections = [f"grpc.reflection.{each}.ServerReflection" for each in VERSIONS]
    assert set(names) == {*SERVICES, "grpc.health.v1.Health", *reflections}
    answers = ask(grpc_channel, version, [ServerReflectionRequest(file_containing_symbol=name) for name in names])
    for name, answer in zip(names, answers, strict=True):
        methods = [method.full_name for method in described(answer).FindServiceByName(name).methods]
        requests = [ServerReflectionRequest(file_containing_symbol=method) for method in methods]
        for method, found in zip(methods, ask(grpc_channel, version, requests), strict=True):
            assert described(found).FindMethodByName(method).input_type


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("symbol", ["iotflow.v1.DeviceService.Nothing", "iotflow.v1.Nothing", "", "."])
def test_unknown_symbols_are_not_found(grpc_channel: grpc.Channel, version: str, symbol: str) -> None:
    [answer] = ask(grpc_channel, version, [ServerReflectionRequest(file_containing_symbol=symbol)])
    assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.mark.parametrize("service", ["", *SERVICES])
def test_every_service_is_healthy_by_its_name(grpc_channel: grpc.Channel, service: str) -> None:
    stub: Any = HealthStub(grpc_channel)
    answer = stub.Check(HealthCheckRequest(service=service), timeout=30)
    assert answer.status == HealthCheckResponse.SERVING

"""A few RPCs of the contract, answered without a server, so that only the gateway is under test."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from iotflow.v1 import device_pb2, telemetry_pb2
from iotflow.v1 import device_service_pb2 as device
from iotflow.v1 import system_service_pb2 as system
from iotflow.v1 import telemetry_service_pb2 as telemetry
from iotflow_server.interceptors.rest_responses import add_json_numbers

PATIENCE = 30.0
SUBSCRIBED = threading.Event()
UNSUBSCRIBED = threading.Event()


def register(request: device.RegisterDeviceRequest, context: grpc.ServicerContext) -> device.RegisterDeviceResponse:
    """Responds with 201. The names `taken` and `busy` get the errors of the server."""
    if request.name == "taken":
        _refuse(context, grpc.StatusCode.ALREADY_EXISTS, "NAME_TAKEN", 'the name "taken" is taken')
    if request.name == "busy":
        context.send_initial_metadata((("retry-after", "7"), ("x-http-code", "201")))
        _refuse(context, grpc.StatusCode.UNAVAILABLE, "STORE_AWAY", "busy")
    context.send_initial_metadata((("x-http-code", "201"),))
    key = dict(context.invocation_metadata()).get("x-api-key", "")
    return device.RegisterDeviceResponse(
        message="made", device=device_pb2.Device(id=1, name=request.name, api_key=str(key))
    )


def ack(request: device.AckCommandRequest, _: grpc.ServicerContext) -> device.AckCommandResponse:
    """Returns the id of the command."""
    return device.AckCommandResponse(message=f"command {request.command_id}")


def latest(
    request: telemetry.ListLatestTelemetryRequest, _: grpc.ServicerContext
) -> telemetry.ListLatestTelemetryResponse:
    """One entry for each requested device."""
    found = [telemetry_pb2.LatestTelemetry(device_id=each) for each in request.device_ids]
    return telemetry.ListLatestTelemetryResponse(devices=found, count=len(request.fields))


def read_one(request: telemetry.GetTelemetryRequest, context: grpc.ServicerContext) -> telemetry.GetTelemetryResponse:
    """For device 404 the call does not end before its time limit."""
    if request.device_id == 404:
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait(PATIENCE)
    return telemetry.GetTelemetryResponse(device_id=request.device_id, device_name=request.start_time)


def subscribe(
    request: telemetry.SubscribeTelemetryRequest, context: grpc.ServicerContext
) -> Iterator[telemetry.SubscribeTelemetryResponse]:
    """Two events; then the stream stays open until the caller disconnects, unless it requests `once`."""
    for number in range(2):
        # As the server responds to the gateway.
        yield add_json_numbers(telemetry.SubscribeTelemetryResponse(dropped=telemetry_pb2.LiveDropped(readings=number)))
    if list(request.fields) != ["once"]:
        context.add_callback(UNSUBSCRIBED.set)
        SUBSCRIBED.set()
        UNSUBSCRIBED.wait(PATIENCE)


def stream(
    batches: Iterator[telemetry_pb2.TelemetryBatch], context: grpc.ServicerContext
) -> Iterator[telemetry.StreamTelemetryResponse]:
    """Acknowledges each batch."""
    context.send_initial_metadata(())
    for batch in batches:
        yield telemetry.StreamTelemetryResponse(committed_sequence=batch.sequence)


def healthy(request: system.GetHealthRequest, context: grpc.ServicerContext) -> system.GetHealthResponse:
    """Unhealthy if details are requested."""
    if request.detailed:
        context.send_initial_metadata((("x-http-code", "503"),))
        return system.GetHealthResponse(status="unhealthy")
    return system.GetHealthResponse(status="healthy")


def metrics(_: system.GetMetricsRequest, __: grpc.ServicerContext) -> HttpBody:
    """A body that is not JSON."""
    return HttpBody(content_type="text/plain; version=0.0.4", data=b"up 1\n")


def _refuse(context: grpc.ServicerContext, code: grpc.StatusCode, reason: str, message: str) -> None:
    status = Status(code=code.value[0], message=message)
    status.details.add().Pack(ErrorInfo(reason=reason, domain="iotflow"))
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, message)


HANDLERS: dict[str, dict[str, "grpc.RpcMethodHandler[Any, Any]"]] = {
    "iotflow.v1.DeviceService": {
        "RegisterDevice": grpc.unary_unary_rpc_method_handler(
            register, device.RegisterDeviceRequest.FromString, device.RegisterDeviceResponse.SerializeToString
        ),
        "AckCommand": grpc.unary_unary_rpc_method_handler(
            ack, device.AckCommandRequest.FromString, device.AckCommandResponse.SerializeToString
        ),
    },
    "iotflow.v1.TelemetryService": {
        "ListLatestTelemetry": grpc.unary_unary_rpc_method_handler(
            latest,
            telemetry.ListLatestTelemetryRequest.FromString,
            telemetry.ListLatestTelemetryResponse.SerializeToString,
        ),
        "GetTelemetry": grpc.unary_unary_rpc_method_handler(
            read_one, telemetry.GetTelemetryRequest.FromString, telemetry.GetTelemetryResponse.SerializeToString
        ),
        "SubscribeTelemetry": grpc.unary_stream_rpc_method_handler(
            subscribe,
            telemetry.SubscribeTelemetryRequest.FromString,
            telemetry.SubscribeTelemetryResponse.SerializeToString,
        ),
        "StreamTelemetry": grpc.stream_stream_rpc_method_handler(
            stream, telemetry_pb2.TelemetryBatch.FromString, telemetry.StreamTelemetryResponse.SerializeToString
        ),
    },
    "iotflow.v1.SystemService": {
        "GetHealth": grpc.unary_unary_rpc_method_handler(
            healthy, system.GetHealthRequest.FromString, system.GetHealthResponse.SerializeToString
        ),
        "GetMetrics": grpc.unary_unary_rpc_method_handler(
            metrics, system.GetMetricsRequest.FromString, HttpBody.SerializeToString
        ),
    },
}


@contextlib.contextmanager
def serving() -> Iterator[int]:
    """The stand-in on a free port, which is returned."""
    server = grpc.server(ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    for service, handlers in HANDLERS.items():
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    reflection.enable_server_reflection((*HANDLERS, reflection.SERVICE_NAME), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait()

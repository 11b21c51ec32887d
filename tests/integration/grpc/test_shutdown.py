"""The shutdown of a server: calls in progress complete, and clients are asked to reconnect."""

import asyncio
import queue
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow.v1.command_service_pb2 import WatchCommandsRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_server.app import running_server
from tests.integration.grpc.command_streams import Admin, of_device, of_gateway
from tests.integration.grpc.conftest import PATIENCE, ServerThread, register, settings
from tests.integration.grpc.device import batch, read, reason
from tests.integration.grpc.gateway_calls import configs, until_caught_up
from tests.support.admin_stubs import AdminStubs
from tests.support.redis_server import redis_server


def test_a_drain_acknowledges_received_batches_and_ends_streams_with_a_retryable_error(tmp_path: Path) -> None:
    server = ServerThread(settings(tmp_path, heartbeat_seconds=60))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        device = register(DeviceServiceStub(channel), "drained")
        stub = TelemetryServiceStub(channel)
        batches: queue.Queue[telemetry_pb2.TelemetryBatch] = queue.Queue()
        call = stub.StreamTelemetry(iter(batches.get, None), metadata=device.metadata, timeout=30)
        live = stub.SubscribeTelemetry(
            telemetry_service_pb2.SubscribeTelemetryRequest(), metadata=device.metadata, timeout=30
        )
        assert next(live).HasField("heartbeat")
        checkup: Any = health_pb2_grpc.HealthStub(channel)
        health = checkup.Watch(health_pb2.HealthCheckRequest(), timeout=30)
        assert next(health).status == health_pb2.HealthCheckResponse.SERVING
        for number in range(20):
            batches.put(batch(number + 1, first=number * 3))
        acknowledged = next(call).committed_sequence
        server.stop()
        try:
            for answer in call:
                acknowledged = answer.committed_sequence
        except grpc.RpcError as error:
            assert (error.code(), reason(error)) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        else:
            pytest.fail("the stream ended as if all were done")
        *_, last = _until_error(live)
        assert last.error.reason == "SERVER_DRAINING"
        assert last.error.retryable
        assert next(health).status == health_pb2.HealthCheckResponse.NOT_SERVING
    again = ServerThread(settings(tmp_path))
    with grpc.insecure_channel(f"127.0.0.1:{again.port}") as channel:
        stored = read(TelemetryServiceStub(channel), device)["value"]
    again.stop()
    assert len(stored) >= acknowledged * 3


@pytest.mark.usefixtures("loop_of_the_module")
@pytest.mark.parametrize("shares", [False, True], ids=["alone", "with Redis"])
async def test_a_server_that_has_stopped_leaves_no_task(tmp_path: Path, shares: bool) -> None:
    with redis_server() as redis:
        before = asyncio.all_tasks()
        async with running_server(settings(tmp_path, redis_url=redis.url if shares else "")):
            assert asyncio.all_tasks() > before
        assert asyncio.all_tasks() == before


def _until_error(call: Any) -> list[Any]:
    """The events of a stream that the shutdown ends."""
    events = []
    try:
        for event in call:
            events.append(event)
    except grpc.RpcError as error:
        assert reason(error) == "SERVER_DRAINING"
    return events


def test_command_streams_and_waiting_admins_end_at_once(tmp_path: Path) -> None:
    server = ServerThread(settings(tmp_path, drain_seconds=2 * PATIENCE))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel, ThreadPoolExecutor() as threads:
        devices = DeviceServiceStub(channel)
        device = register(devices, "commanded")
        token = (tmp_path / "admin-token").read_text().strip()
        admin_calls = Admin(AdminStubs(channel), (("authorization", f"Bearer {token}"),))
        adapter = admin_calls.gateway("adapter")
        gateway = GatewayServiceStub(channel)
        with (
            of_device(devices, device) as stream,
            of_gateway(gateway, adapter) as other,
            configs(gateway, adapter) as call,
        ):
            until_caught_up(call)
            watch = WatchCommandsRequest()
            changes = admin_calls.stub.commands.WatchCommands(watch, metadata=admin_calls.metadata, timeout=30)
            waiting = threads.submit(admin_calls.send, device.id, "x", wait_seconds=30)
            assert next(event for event in changes if event.HasField("command")).command.state == "queued"
            assert stream.next().name == "x"
            server.stop()
            assert waiting.result(30).state == "delivered"
            *_, last = _until_error(changes)
            assert last.error.reason == "SERVER_DRAINING"
            for ended in (stream.call, other.call, call):
                with pytest.raises(grpc.RpcError) as refusal:
                    list(ended)
                assert reason(refusal.value) == "SERVER_DRAINING"

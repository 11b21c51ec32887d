"""Several server processes with one Redis: subscribers of one receive the readings of all."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from iotflow.v1 import system_service_pb2, telemetry_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import ServerThread, register, settings
from tests.integration.grpc.device import Caller, batch, stream
from tests.integration.grpc.subscriptions import subscribed
from tests.support.processes import running
from tests.support.redis_server import RedisServer, redis_server
from tests.support.server_process import server

Channels = tuple[grpc.Channel, grpc.Channel]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def servers(tmp_path: Path, redis: RedisServer) -> Iterator[Channels]:
    """Two servers with the same registry and store."""
    asked = settings(tmp_path, redis_url=redis.url, public_reads=True, public_diagnostics=True, heartbeat_seconds=0.2)
    one, other = ServerThread(asked), ServerThread(asked)
    with (
        grpc.insecure_channel(f"127.0.0.1:{one.port}") as here,
        grpc.insecure_channel(f"127.0.0.1:{other.port}") as there,
    ):
        yield here, there
    other.stop()
    one.stop()


def received(call: Any, rows: int) -> list[float]:
    """The values of the next `count` readings."""
    values: list[float] = []
    while len(values) < rows:
        event = next(call)
        assert not event.HasField("dropped")
        values += [row["value"] for row in event.telemetry.data]
    return values


def numbered(sequence: int) -> telemetry_pb2.TelemetryBatch:
    """The readings 2n - 2 and 2n - 1."""
    return batch(sequence, rows=2, first=2 * sequence - 2)


def feed_states(call: Any, until: bool) -> list[dict[str, Any]]:
    """The states of the feed, until this one."""
    states: list[dict[str, Any]] = []
    while not states or states[-1]["degraded"] is not until:
        event = next(call)
        if event.HasField("feed"):
            states.append(MessageToDict(event.feed, always_print_fields_with_no_presence=True))
    return states


def test_a_subscriber_receives_readings_of_the_other_server_in_order(servers: Channels) -> None:
    here, there = map(TelemetryServiceStub, servers)
    devices = [register(DeviceServiceStub(servers[0]), f"device {number}") for number in range(3)]
    with (
        subscribed(there, Caller(0, ()), device_ids=[devices[0].id]) as call,
        subscribed(here, Caller(0, ()), device_ids=[devices[0].id]) as own,
    ):
        for sequence in range(1, 41):
            # The device alternates between the servers.
            stream((here, there)[sequence % 2], devices[0], [numbered(sequence)])
            stream(here, devices[1], [numbered(sequence)])
        assert received(call, 80) == received(own, 80) == list(range(80))


def test_readings_are_stored_and_subscribers_notified_while_redis_is_down(
    servers: Channels, redis: RedisServer
) -> None:
    here, there = map(TelemetryServiceStub, servers)
    device = register(DeviceServiceStub(servers[0]), "device")
    with subscribed(here, device) as own, subscribed(there, Caller(0, ())) as call:
        redis.kill()
        # None of them is rejected, or acknowledged late.
        answers = stream(here, device, [numbered(sequence) for sequence in range(1, 11)])
        assert answers[-1].committed_sequence == 10
        (state,) = feed_states(call, until=True)
        assert "live readings from other server processes" in state["message"]
        assert received(own, 20) == list(range(20))
        assert gauge(servers[0], "iotflow_live_bus_degraded") == 1
        assert gauge(servers[0], "iotflow_live_bus_backlog_bytes") > 0
        with subscribed(there, Caller(0, ())) as late:
            assert feed_states(late, until=True) == [state]
        health = SystemServiceStub(servers[0]).GetHealth(system_service_pb2.GetHealthRequest())
        assert health.status != "unhealthy"
        redis.start()
        assert received(call, 20) == list(range(20))
        feed_states(own, until=False)
        stream(there, device, [numbered(11)])
        assert received(own, 2) == [20, 21]
        assert gauge(servers[0], "iotflow_live_bus_degraded") == 0
        assert gauge(servers[0], "iotflow_live_bus_dropped_readings") == 0


def gauge(channel: grpc.Channel, name: str) -> float:
    text = SystemServiceStub(channel).GetMetrics(system_service_pb2.GetMetricsRequest()).data.decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))


def test_readings_acknowledged_by_a_killed_server_are_replayed_by_another(tmp_path: Path, redis: RedisServer) -> None:
    folders = tmp_path / "taking", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    env = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/shared.db",
        "IOTFLOW_KEY_SECRET": "one secret that both of the servers know",
        "IOTFLOW_REDIS_URL": redis.url,
        "IOTFLOW_PUBLIC_READS": "true",
    }
    with server(folders[0], **env) as (taking, channel), server(folders[1], **env) as (_, other):
        device = register(DeviceServiceStub(channel), "device")
        with subscribed(TelemetryServiceStub(other), Caller(0, ())) as call:
            acknowledged = 0
            answers = TelemetryServiceStub(channel).StreamTelemetry(
                iter([numbered(sequence) for sequence in range(1, 5_001)]), metadata=device.metadata, timeout=60
            )
            try:
                for answer in answers:
                    acknowledged = int(answer.committed_sequence)
                    if acknowledged >= 500:
                        taking.signal(signal.SIGKILL)
            except grpc.RpcError:
                pass
            assert acknowledged >= 500
            rows = 2 * acknowledged
            assert received(call, rows)[:rows] == list(range(rows))


def test_the_server_does_not_start_with_an_invalid_redis_url(tmp_path: Path) -> None:
    env = {"IOTFLOW_DATA_DIR": str(tmp_path), "IOTFLOW_REDIS_URL": "redis://:sesame/@host"}
    with running([sys.executable, "-m", "iotflow_server"], env, cwd=tmp_path) as process:
        assert process.exit_code() == 1
    assert "IOTFLOW_REDIS_URL: is no URL of a Redis server" in process.output
    assert "sesame" not in process.output

"""Two servers with one Redis: a caller has one limit at both, and calls go on when Redis is away."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc

from iotflow.v1.device_service_pb2 import SendHeartbeatRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import reason
from tests.support.redis_server import redis_server
from tests.support.server_process import server

PER_MINUTE = 15
# Two separate limits would let twice as many pass. Fewer than half of the calls may find Redis too slow on a busy machine.
MOST_TOGETHER = PER_MINUTE * 3 // 2


def heartbeat(stub: DeviceServiceStub, key: str) -> str:
    """The reason why it is refused, or nothing."""
    try:
        stub.SendHeartbeat(SendHeartbeatRequest(), metadata=(("x-api-key", key),), timeout=10)
    except grpc.RpcError as error:
        return reason(error)
    return ""


def passed(stubs: Sequence[DeviceServiceStub], keys: Iterator[str]) -> int:
    """The number of calls, one after the other, that no limit refuses."""
    return sum(heartbeat(stub, next(keys)) != "RATE_LIMIT" for stub in stubs)


def test_two_servers_share_the_limits(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with redis_server() as redis:
        shared = {
            "DATABASE_URL": f"sqlite:///{tmp_path}/shared.db",
            "IOTFLOW_REDIS_URL": redis.url,
            "IOTFLOW_KEY_SECRET": "one secret that both of the machines know",
            "IOTFLOW_RATE_LIMIT_PER_MINUTE": str(PER_MINUTE),
        }
        with server(folders[0], **shared) as (_, first), server(folders[1], **shared) as (_, second):
            stubs = [DeviceServiceStub(first), DeviceServiceStub(second)]
            keys = [dict(register(stubs[0], f"device {number}").metadata)["x-api-key"] for number in range(2)]
            for shown in (itertools.repeat(keys[0]), (f"wrong {number:032}" for number in itertools.count())):
                assert PER_MINUTE <= passed(stubs * PER_MINUTE, shown) <= MOST_TOGETHER
            redis.kill()
            assert PER_MINUTE <= passed(stubs[:1] * 2 * PER_MINUTE, itertools.repeat(keys[1])) <= MOST_TOGETHER

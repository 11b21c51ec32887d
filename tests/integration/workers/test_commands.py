"""Commands and configurations across server processes: sent through one, delivered by the other, also after Redis was away."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from iotflow.v1.command_service_pb2 import SendGroupCommandRequest
from iotflow.v1.device_service_pb2 import AckCommandRequest, PollCommandsRequest, WatchConfigRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.integration.grpc.command_streams import PATIENCE, Admin, of_device, of_gateway
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller
from tests.integration.grpc.gateway_calls import configs, take, until_caught_up
from tests.integration.workers.group import Workers, workers
from tests.support.admin_stubs import AdminStubs
from tests.support.redis_server import RedisServer, redis_server

# Longest wait for a published change, with a margin for a loaded machine; without it, a stream polls every ten seconds.
AT_ONCE = 8.0


class Two:
    """Two processes: devices and gateways use the first, admins the second."""

    def __init__(self, redis: RedisServer, group: Workers, first: grpc.Channel, second: grpc.Channel) -> None:
        self.redis = redis
        self.group = group
        self.devices = DeviceServiceStub(first)
        self.gateway = GatewayServiceStub(first)
        self.gateway_elsewhere = GatewayServiceStub(second)
        token = (group.folder / "admin-token").read_text().strip()
        self.admin_calls = Admin(AdminStubs(second), (("authorization", f"Bearer {token}"),))

    def device(self, name: str, kind: str = "probe") -> Caller:
        return register(self.devices, name, kind)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        group = stack.enter_context(workers(tmp_path, 2, IOTFLOW_REDIS_URL=redis.url))
        first, second = (stack.enter_context(group.channel_to(number)) for number in (1, 2))
        yield Two(redis, group, first, second)


def test_a_command_sent_to_one_process_is_answered_at_the_other(two: Two) -> None:
    device = two.device("answers")
    with of_device(two.devices, device) as stream, ThreadPoolExecutor() as threads:
        for _ in range(3):
            began = time.monotonic()
            waiting = threads.submit(two.admin_calls.send, device.id, "x", wait_seconds=20)
            command = stream.next()
            assert stream.answer(command.id, "succeeded").reason == ""
            assert waiting.result(PATIENCE).state == "succeeded"
            assert time.monotonic() - began < AT_ONCE


def test_gateways_of_both_processes_share_the_queued_commands(two: Two) -> None:
    adapter = two.admin_calls.gateway("adapter")
    for number in range(60):
        two.device(f"member {number}", "member")
    with (
        of_gateway(two.gateway, adapter) as here,
        of_gateway(two.gateway_elsewhere, adapter) as there,
        ThreadPoolExecutor() as threads,
    ):
        received: list[list[int]] = [[], []]
        takers = [threads.submit(take, stream, found) for stream, found in zip((here, there), received, strict=True)]
        for _ in range(3):
            request = SendGroupCommandRequest(group="member", name="x")
            two.admin_calls.stub.commands.SendGroupCommand(request, metadata=two.admin_calls.metadata)
        sent = two.admin_calls.all_commands()
        for command_id in sent:
            two.admin_calls.until(command_id, "delivered")
        here.close()
        there.close()
        for taker in takers:
            taker.result(PATIENCE)
    assert len(sent) == 180
    assert sorted(received[0] + received[1]) == sorted(sent)


def test_configurations_reach_the_other_process(two: Two) -> None:
    device, adapter = two.device("configured"), two.admin_calls.gateway("adapter")
    own = two.devices.WatchConfig(WatchConfigRequest(), metadata=device.metadata, timeout=PATIENCE)
    assert next(own).config.desired_version == 0
    with configs(two.gateway, adapter) as call:
        until_caught_up(call)
        began = time.monotonic()
        two.admin_calls.configure(device.id, interval=5)
        assert next(own).config.desired_version == next(call).config.desired_version == 1
        assert time.monotonic() - began < AT_ONCE


def test_commands_sent_while_redis_was_down_are_delivered_when_it_is_back(two: Two) -> None:
    device, adapter = two.device("patient"), two.admin_calls.gateway("adapter")
    own = two.devices.WatchConfig(WatchConfigRequest(), metadata=device.metadata, timeout=PATIENCE)
    assert next(own).config.desired_version == 0
    with of_device(two.devices, device) as stream, configs(two.gateway, adapter) as call:
        first = two.admin_calls.send(device.id, "first").id
        assert stream.next().id == first
        until_caught_up(call)
        two.redis.kill()
        second = two.admin_calls.send(device.id, "second").id
        two.admin_calls.configure(device.id, interval=5)
        two.redis.start()
        assert stream.next().id == second
        assert next(own).config.desired_version == 1
        while not (message := next(call)).HasField("config"):
            pass
        assert message.config.desired_version == 1


def test_a_killed_process_loses_no_command(two: Two) -> None:
    device, adapter = two.device("outlives it"), two.admin_calls.gateway("adapter")
    sent = two.admin_calls.send(device.id, "x").id
    with of_gateway(two.gateway, adapter) as gateway:
        assert gateway.next().command.id == sent
        two.group.kill(1)
        with pytest.raises(grpc.RpcError):
            next(gateway.call)
    elsewhere = DeviceServiceStub(two.group.channel_to(2))
    answer = elsewhere.PollCommands(PollCommandsRequest(), metadata=device.metadata)
    assert [command.id for command in answer.commands] == [sent]
    elsewhere.AckCommand(AckCommandRequest(command_id=sent), metadata=device.metadata)
    assert two.admin_calls.get(sent).state == "succeeded"

"""A change by an admin through one process holds in the others: within a second, and after Redis was unavailable."""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest

from iotflow.v1.device_service_pb2 import GetDeviceStatusRequest, RotateApiKeyRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import DeleteDeviceRequest, SetDeviceStatusRequest
from iotflow.v1.mqtt_service_pb2 import WatchAccountsRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow.v1.token_service_pb2 import CreateTokenRequest, CreateTokenResponse, RevokeTokenRequest
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, batch, reason
from tests.integration.workers.group import workers
from tests.support.admin_stubs import AdminStubs
from tests.support.processes import PATIENCE
from tests.support.redis_server import RedisServer, redis_server

# Longest wait for an invalidation, with a margin for a loaded machine; without it, cached identities and accounts last longer.
AT_ONCE = 4.0


class Two:
    """Two processes: devices use the first, the admin the second."""

    def __init__(self, redis: RedisServer, first: grpc.Channel, second: grpc.Channel, token: str) -> None:
        self.redis = redis
        self.devices = DeviceServiceStub(first)
        self.telemetry = TelemetryServiceStub(first)
        self.mqtt = MqttServiceStub(first)
        self.admin = AdminStubs(second)
        self.devices_elsewhere = DeviceServiceStub(second)
        self.credential = (("authorization", f"Bearer {token}"),)

    def device(self, name: str) -> Caller:
        """A device that the first process has cached."""
        device = register(self.devices_elsewhere, name)
        self.devices.GetDeviceStatus(GetDeviceStatusRequest(), metadata=device.metadata)
        return device

    def gateway(self, name: str) -> CreateTokenResponse:
        return self.admin.tokens.CreateToken(CreateTokenRequest(name=name, role="gateway"), metadata=self.credential)

    def set_inactive(self, device: Caller) -> None:
        request = SetDeviceStatusRequest(device_id=device.id, status="inactive")
        self.admin.fleet.SetDeviceStatus(request, metadata=self.credential)

    def stream(self, metadata: Any, first: TelemetryBatch) -> Any:
        """An open stream of the first process that has acknowledged this batch."""
        batches: queue.Queue[TelemetryBatch] = queue.Queue()
        batches.put(first)
        call = self.telemetry.StreamTelemetry(iter(batches.get, None), metadata=metadata, timeout=PATIENCE)
        assert next(call).committed_sequence == first.sequence
        return call

    def status(self, device: Caller) -> Callable[[], object]:
        return lambda: self.devices.GetDeviceStatus(GetDeviceStatusRequest(), metadata=device.metadata)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder: Path = tmp_path_factory.mktemp("two")
    settings = {"IOTFLOW_KEY_GRACE_SECONDS": "0"}
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        group = stack.enter_context(workers(folder, 2, IOTFLOW_REDIS_URL=redis.url, **settings))
        first, second = (stack.enter_context(group.channel_to(number)) for number in (1, 2))
        yield Two(redis, first, second, (folder / "admin-token").read_text().strip())


def test_a_device_set_inactive_is_rejected_and_disconnected(two: Two) -> None:
    device = two.device("set inactive")
    stream = two.stream(device.metadata, batch(1))
    two.set_inactive(device)
    began = time.monotonic()
    assert refusal(lambda: next(stream)) == "DEVICE_INACTIVE"
    assert refusal(two.status(device)) == "DEVICE_INACTIVE"
    assert time.monotonic() - began < AT_ONCE


def test_a_removed_device_is_rejected_and_disconnected(two: Two) -> None:
    device = two.device("removed")
    stream = two.stream(device.metadata, batch(1))
    two.admin.fleet.DeleteDevice(DeleteDeviceRequest(device_id=device.id), metadata=two.credential)
    began = time.monotonic()
    assert refusal(lambda: next(stream)) == "DEVICE_REMOVED"
    assert refusal(two.status(device)) == "WRONG_KEY"
    assert time.monotonic() - began < AT_ONCE


def test_an_adapter_receives_changes_of_accounts_by_other_processes(two: Two) -> None:
    call = two.mqtt.WatchAccounts(WatchAccountsRequest(), metadata=two.credential, timeout=PATIENCE)
    assert any(answer.HasField("caught_up") for answer in iter(lambda: next(call), None))
    device = register(two.devices_elsewhere, "made elsewhere")
    began = time.monotonic()
    assert any(device.id in [account.device_id for account in answer.changes.accounts] for answer in call)
    two.admin.fleet.DeleteDevice(DeleteDeviceRequest(device_id=device.id), metadata=two.credential)
    assert any(device.id in answer.changes.removed_device_ids for answer in call)
    assert time.monotonic() - began < 2 * AT_ONCE
    call.cancel()


def test_a_replaced_key_is_rejected_and_disconnected(two: Two) -> None:
    device = two.device("with a new key")
    stream = two.stream(device.metadata, batch(1))
    new = two.devices_elsewhere.RotateApiKey(RotateApiKeyRequest(), metadata=device.metadata).api_key
    assert two.status(device)() is not None
    two.devices_elsewhere.GetDeviceStatus(GetDeviceStatusRequest(), metadata=(("x-api-key", new),))
    began = time.monotonic()
    assert refusal_at_last(two.status(device)) == "WRONG_KEY"
    assert refusal(lambda: next(stream)) == "WRONG_KEY"
    assert time.monotonic() - began < AT_ONCE


def test_a_revoked_token_is_rejected_and_disconnected(two: Two) -> None:
    made, device = two.gateway("revoked"), two.device("behind a gateway")
    gateway = (("authorization", f"Bearer {made.secret}"),)
    stream = two.stream(gateway, of(device, 1))
    two.admin.tokens.RevokeToken(RevokeTokenRequest(token_id=made.token.id), metadata=two.credential)
    began = time.monotonic()
    assert refusal(lambda: next(stream)) == "WRONG_TOKEN"
    assert refusal(lambda: two.stream(gateway, of(device, 2))) == "WRONG_TOKEN"
    assert time.monotonic() - began < AT_ONCE


def test_a_gateway_is_notified_that_its_device_was_set_inactive(two: Two) -> None:
    made, device = two.gateway("stays"), two.device("no more")
    gateway = (("authorization", f"Bearer {made.secret}"),)
    two.stream(gateway, of(device, 1)).cancel()
    witness = two.stream(device.metadata, batch(1))
    two.set_inactive(device)
    # The first process has the change.
    assert refusal(lambda: next(witness)) == "DEVICE_INACTIVE"
    answers = two.telemetry.StreamTelemetry(iter([of(device, 2)]), metadata=gateway, timeout=PATIENCE)
    assert [item.reason for answer in answers for item in answer.rejected] == ["DEVICE_INACTIVE"]


def test_changes_made_while_redis_was_down_take_effect_when_it_is_back(two: Two) -> None:
    device, other = two.device("while it was away"), two.device("not changed")
    stream, untouched = two.stream(device.metadata, batch(1)), two.stream(other.metadata, batch(1))
    two.redis.kill()
    two.set_inactive(device)
    two.redis.start()
    assert refusal(lambda: next(stream)) == "DEVICE_INACTIVE"
    assert untouched.is_active()
    untouched.cancel()


def of(device: Caller, sequence: int) -> TelemetryBatch:
    """A batch of a gateway."""
    sent = batch(sequence)
    sent.device_id = device.id
    return sent


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return reason(caught.value)


def refusal_at_last(call: Callable[[], object]) -> str:
    """Call until the call is rejected; the error."""
    while True:
        try:
            call()
        except grpc.RpcError as error:
            return reason(error)

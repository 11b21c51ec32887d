"""Readings without a time, of one device through all processes concurrently, while Redis is killed: each acknowledged reading is stored."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import SubmitTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, read
from tests.integration.workers.group import Workers, workers
from tests.support.processes import PATIENCE
from tests.support.redis_server import redis_server

WORKERS = 3
SENDERS = 4 * WORKERS


def test_all_acknowledged_readings_are_stored(tmp_path: Path) -> None:
    with redis_server() as redis, workers(tmp_path, WORKERS, IOTFLOW_REDIS_URL=redis.url) as group:
        with group.channel_to(1) as channel:
            device = register(DeviceServiceStub(channel), "without a clock")
        sending = Sending(group, device)
        with ThreadPoolExecutor(SENDERS) as threads:
            results = [threads.submit(sending.send, sender % WORKERS + 1) for sender in range(SENDERS)]
            # After the first seconds Redis allocates the timestamps, which are even then.
            sending.wait_for(lambda time: time % 2 == 0, 300)
            redis.kill()
            sending.wait_for(lambda time: time % 2 == 1, 300)
            redis.start()
            sending.wait_for(lambda time: time % 2 == 0, 300)
            sending.enough.set()
            for result in results:
                result.result()
        with group.channel_to(2) as channel:
            kept = read(TelemetryServiceStub(channel), device)["n"]
        assert kept == sending.acknowledged
        assert len(kept) == sending.count


class Sending:
    """Sends numbered readings. acknowledged: the numbers by their allocated timestamps."""

    def __init__(self, group: Workers, device: Caller) -> None:
        self.acknowledged: dict[int, float] = {}
        self.count = 0
        self.enough = threading.Event()
        self._group = group
        self._device = device
        self._numbers = itertools.count()
        self._news = threading.Condition()
        self._times: list[int] = []

    def wait_for(self, kind: Callable[[int], bool], readings: int) -> None:
        """Wait for this number of further readings of this kind."""
        with self._news:
            begun = len(self._times)
            assert self._news.wait_for(lambda: sum(map(kind, self._times[begun:])) >= readings, PATIENCE)

    def send(self, worker: int) -> None:
        with self._group.channel_to(worker) as channel:
            stub = TelemetryServiceStub(channel)
            while not self.enough.is_set():
                number = next(self._numbers)
                request = SubmitTelemetryRequest()
                request.data["n"] = number
                try:
                    answer = stub.SubmitTelemetry(request, metadata=self._device.metadata, timeout=PATIENCE)
                except grpc.RpcError as refusal:
                    # A fast machine sends more readings than there are timestamps, and gets this error.
                    assert refusal.code() is grpc.StatusCode.RESOURCE_EXHAUSTED, refusal
                    continue
                self._note(answer.timestamp.ToMilliseconds(), number)

    def _note(self, time: int, number: int) -> None:
        with self._news:
            self.acknowledged[time] = float(number)
            self._times.append(time)
            self.count += 1
            self._news.notify_all()

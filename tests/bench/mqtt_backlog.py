"""A backlog at the broker: the rate at which adapters store it, and at which paho alone receives it."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from tests.bench.mqtt_stores import STORES, BenchStore
from tests.bench.own_stack import stored_by_server
from tests.bench.processor import cpu_seconds
from tests.support.mqtt import MOSQUITTO, Part, Stack, mqtt_stack
from tests.support.processes import Running, running

PUBLISHER, RECEIVER = (str(Path(__file__).with_name(f"mqtt_{name}.py")) for name in ("publisher", "receiver"))
MESSAGES, WARM_UP, DEVICES = 100_000, 20_000, 100
# Interval of polling: there is no event for the last stored message.
POLL_SECONDS = 0.05
PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages per second, and per second of the receiver's processor time. processor: the processor seconds of all."""

    a_second: float
    a_core: float
    processor: str = ""


class Bench:
    """A broker, a server with a store, and devices whose messages no adapter receives yet."""

    def __init__(self, stack: Stack, store: BenchStore) -> None:
        self.stack = stack
        self._store = store
        self._devices = json.dumps([stack.register(f"device {number}").id for number in range(DEVICES)])
        self._login = [str(stack.port), "iotflow/gateway", (stack.server.folder / "gateway-token").read_text().strip()]
        self._published = 0

    def adapters(self, number: int) -> list[Part]:
        """This number of stopped adapters, which share the load. The broker queues their messages. All connections are warm."""
        group = "bench" if number > 1 else ""
        # One of them keeps Mosquitto's accounts.
        parts = [self.stack.adapter(name="0", group=group)]
        parts += [self.stack.adapter(name=str(one), group=group, mosquitto_dir="") for one in range(1, number)]
        for part in parts:
            part.start()
        self._publish(WARM_UP)
        self._wait_until_stored()
        for part in parts:
            part.stop()
        return parts

    def drained(self, parts: Sequence[Part]) -> Rates:
        """The backlog of the broker, from the first connection to the last stored reading."""
        self._publish(MESSAGES)
        return self._drained(parts)

    def drained_beside_paho(self, part: Part) -> tuple[Rates, Rates]:
        """The same, and the rate of paho alone with the same messages."""
        self._received(0)
        self._publish(MESSAGES)
        drained = self._drained([part])
        seconds, processor = map(float, self._received(MESSAGES).split())
        return drained, Rates(MESSAGES / seconds, MESSAGES / processor)

    def acknowledged(self) -> float:
        """Messages per second that are published and acknowledged while an adapter runs."""
        self._publish(WARM_UP)
        began = time.perf_counter()
        self._publish(WARM_UP)
        return WARM_UP / (time.perf_counter() - began)

    def publisher(self, messages: int, rate: int) -> AbstractContextManager[Running]:
        """A process that publishes readings with different times. rate: per second; 0: as fast as possible."""
        first, self._published = self._published, self._published + messages
        return running([sys.executable, PUBLISHER, *self._login, str(messages), self._devices, str(rate), str(first)])

    def _publish(self, messages: int) -> None:
        with self.publisher(messages, 0) as publisher:
            assert publisher.exit_code(PATIENCE) == 0, publisher.output

    def _received(self, messages: int) -> str:
        with running([sys.executable, RECEIVER, *self._login, str(messages)]) as receiver:
            assert receiver.exit_code(PATIENCE) == 0, receiver.output
            return receiver.output

    def _drained(self, parts: Sequence[Part]) -> Rates:
        # Together: Mosquitto has assigned the queued messages, so that an adapter that starts first would also end first.
        with ThreadPoolExecutor() as threads:
            list(threads.map(Part.start, parts))
        # The adapters received messages while they were starting.
        began, left, before = time.perf_counter(), self._published - self._stored(), self._processor(parts)
        self._wait_until_stored()
        took = time.perf_counter() - began
        used = {name: now - before[name] for name, now in self._processor(parts).items()}
        for part in parts:
            part.stop()
        processor = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in used.items())
        return Rates(left / took, left / used["adapter"], f"processor: {processor} for {left:,}")

    def _wait_until_stored(self) -> None:
        """Poll the server's count, and then the store's: a query costs IoTDB 40 ms of processor time, and the server counts a
        reading twice that came twice."""
        with grpc.insecure_channel(self.stack.server.target) as channel:
            stub = SystemServiceStub(channel)
            self._wait_for(lambda: stored_by_server(stub))
        self._wait_for(self._stored)

    def _wait_for(self, count: Callable[[], int]) -> None:
        deadline = time.monotonic() + PATIENCE
        while count() < self._published:
            assert time.monotonic() < deadline, "not all readings came"
            time.sleep(POLL_SECONDS)

    def _stored(self) -> int:
        return self._store.stored(self.stack.server.folder)

    def _processor(self, parts: Sequence[Part]) -> dict[str, float]:
        """The processor seconds so far."""
        pids = {
            "adapter": [_pid(part) for part in parts],
            "broker": [_pid(self.stack.broker)],
            "server": [self.stack.server.pid],
            "store": self._store.pids,
        }
        return {name: cpu_seconds(those) for name, those in pids.items() if those}


@contextmanager
def bench(folder: Path, store: str, broker: str = MOSQUITTO) -> Iterator[Bench]:
    """store: one of STORES."""
    folder.mkdir()
    with STORES[store]() as made, mqtt_stack(folder, broker, {"IOTFLOW_TELEMETRY": made.setting}) as stack:
        yield Bench(stack, made)


def _pid(part: Part) -> int:
    assert part.process
    return part.process.pid

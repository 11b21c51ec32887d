"""A backlog at the broker: how fast adapters bring it into the store, and how fast paho alone takes it."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from iotflow.v1.system_service_pb2 import GetMetricsRequest
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from tests.bench.mqtt_stores import STORES, BenchStore
from tests.bench.processor import cpu_seconds
from tests.support.mqtt import MOSQUITTO, Part, Stack, mqtt_stack
from tests.support.processes import Running, running

PUBLISHER, RECEIVER = (str(Path(__file__).with_name(f"mqtt_{name}.py")) for name in ("publisher", "receiver"))
MESSAGES, WARM_UP, DEVICES = 100_000, 20_000, 100
# Polled: nobody tells a bench that all is stored.
ASK_SECONDS = 0.05
PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second, and messages a second of the receiver's processor. told: the processor seconds of all."""

    a_second: float
    a_core: float
    told: str = ""


class Bench:
    """A broker, a server with a store, and devices whose messages no adapter takes yet."""

    def __init__(self, stack: Stack, store: BenchStore) -> None:
        self.stack = stack
        self._store = store
        self._devices = json.dumps([stack.register(f"device {number}").id for number in range(DEVICES)])
        self._login = [str(stack.port), "iotflow/gateway", (stack.server.folder / "gateway-token").read_text().strip()]
        self._published = 0

    def adapters(self, number: int) -> list[Part]:
        """So many, which share the load; the broker keeps what they are owed. Each way is warm, and they are not running."""
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
        """What the broker has kept while no adapter was there, from the first connection to the last reading stored."""
        self._publish(MESSAGES)
        return self._drained(parts)

    def drained_beside_paho(self, part: Part) -> tuple[Rates, Rates]:
        """The same, and how paho alone takes the same messages afterwards."""
        self._received(0)
        self._publish(MESSAGES)
        drained = self._drained([part])
        seconds, processor = map(float, self._received(MESSAGES).split())
        return drained, Rates(MESSAGES / seconds, MESSAGES / processor)

    def acknowledged(self) -> float:
        """Messages a second that are published and acknowledged, while an adapter runs."""
        self._publish(WARM_UP)
        began = time.perf_counter()
        self._publish(WARM_UP)
        return WARM_UP / (time.perf_counter() - began)

    def publisher(self, messages: int, rate: int) -> AbstractContextManager[Running]:
        """A process that publishes one reading after the other, each at a time of its own. rate: a second; 0: as fast as it can."""
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
        # Together: Mosquitto has dealt out what waits, and who began alone would leave the other alone at the end.
        with ThreadPoolExecutor() as threads:
            list(threads.map(Part.start, parts))
        # They have begun while they were starting.
        began, left, before = time.perf_counter(), self._published - self._stored(), self._processor(parts)
        self._wait_until_stored()
        took = time.perf_counter() - began
        used = {name: now - before[name] for name, now in self._processor(parts).items()}
        for part in parts:
            part.stop()
        told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in used.items())
        return Rates(left / took, left / used["adapter"], f"processor: {told} for {left:,}")

    def _wait_until_stored(self) -> None:
        """First by what the server says: to be asked costs it little, and IoTDB 40 ms of processor. Then by what the store says: a
        reading that came twice is counted twice by the server."""
        with grpc.insecure_channel(self.stack.server.target) as channel:
            stub = SystemServiceStub(channel)
            self._wait_for(lambda: _said_to_be_stored(stub))
        self._wait_for(self._stored)

    def _wait_for(self, count: Callable[[], int]) -> None:
        deadline = time.monotonic() + PATIENCE
        while count() < self._published:
            assert time.monotonic() < deadline, "not all readings came"
            time.sleep(ASK_SECONDS)

    def _stored(self) -> int:
        return self._store.stored(self.stack.server.folder)

    def _processor(self, parts: Sequence[Part]) -> dict[str, float]:
        """Seconds used so far."""
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


def _said_to_be_stored(stub: SystemServiceStub) -> int:
    lines = stub.GetMetrics(GetMetricsRequest(), timeout=PATIENCE).data.decode().splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("iotflow_readings_stored_total "))))


def _pid(part: Part) -> int:
    assert part.process
    return part.process.pid

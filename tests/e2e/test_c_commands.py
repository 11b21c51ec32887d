"""Commands of the C client over MQTT through repeated packets, cut connections, and a kill of the service with its broker."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.c_client import admin, build_device, embedded, sent, until, with_openssl
from tests.support.mqtt_proxy import PUBACK, PUBLISH, CutConnection, MqttProxy, Packet, mqtt_proxy
from tests.support.processes import Running, free_port, running

pytestmark = with_openssl

FAILED = ("failed", {"error": "There is no command dance."})


@dataclass(frozen=True, slots=True)
class Counter:
    """The example device, registered, and the packets between it and the broker."""

    program: Running
    id: str
    proxy: MqttProxy

    @property
    def executed(self) -> int:
        """Number of calls of its handler."""
        return sum(line.startswith("command ") for line in list(self.program.lines))


@contextmanager
def counter(folder: Path, broker_port: int) -> Iterator[Counter]:
    port = free_port()
    with (
        mqtt_proxy(port, broker_port) as proxy,
        running([build_device(folder), "127.0.0.1", str(port), "counter"], cwd=folder) as program,
    ):
        device_id = program.wait_for_line("registered as ").split()[-1]
        program.wait_for_line("acknowledged ")
        yield Counter(program, device_id, proxy)


def test_a_command_delivered_twice_is_executed_once(tmp_path: Path) -> None:
    def repeated(packet: Packet) -> list[bytes]:
        return [packet.raw] * (2 if packet.topic.endswith("/commands") else 1)

    port = free_port()
    with embedded(tmp_path, port) as service, counter(tmp_path, port) as device, admin(service) as api:
        device.proxy.to_device = repeated
        acknowledged = device.proxy.count(PUBACK)
        assert sent(api, device.id, "dance") == FAILED
        until(lambda: device.proxy.count(PUBACK) >= acknowledged + 2)
        assert device.proxy.count(PUBLISH, "/commands/ack") == 2
        assert device.executed == 1


def test_an_answer_lost_with_its_connection_is_sent_again(tmp_path: Path) -> None:
    cut: list[Packet] = []

    def lost_once(packet: Packet) -> list[bytes]:
        if packet.topic.endswith("/commands/ack") and not cut:
            cut.append(packet)
            raise CutConnection
        return [packet.raw]

    port = free_port()
    with embedded(tmp_path, port) as service, counter(tmp_path, port) as device, admin(service) as api:
        device.proxy.to_broker = lost_once
        assert sent(api, device.id, "dance") == FAILED
        device.program.wait_for_line("interrupted: ")
        assert device.proxy.count(PUBLISH, "/commands/ack") == 1
        assert (len(cut), device.executed) == (1, 1)


def test_a_command_outlives_a_kill_of_the_service(tmp_path: Path) -> None:
    """It was on its way to a device that hung, when the service and its broker were killed."""
    port = free_port()
    with embedded(tmp_path, port) as service, counter(tmp_path, port) as device:
        device.program.signal(signal.SIGSTOP)
        with admin(service) as api:
            command = queued(api, device.id)
            os.killpg(service.process.pid, signal.SIGKILL)
            service.process.exit_code()
        with embedded(tmp_path, port) as again, admin(again) as api:
            device.program.signal(signal.SIGCONT)
            until(lambda: state(api, command) == "failed")
            assert sent(api, device.id, "dance") == FAILED
            assert device.executed == 2


def queued(api: httpx.Client, device: str) -> str:
    """The id of a command that was queued."""
    body = {"name": "dance", "time_to_live_seconds": 60}
    return str(api.post(f"/admin/devices/{device}/commands", json=body).json()["command"]["id"])


def state(api: httpx.Client, command: str) -> str:
    return str(api.get(f"/admin/commands/{command}").json()["command"]["state"])

"""Clients of others as devices at the endpoint of a real service: `python -m tests.interoperability.clients`.

Each subscribes to its commands, publishes readings, and answers a command. Writes the table of docs/mqtt-interoperability.md. Needs Go,
Node.js, Rust and a C compiler with Paho's library (libpaho-mqtt-dev of Debian).
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc

from iotflow.channels import credentials
from iotflow.v1.command_service_pb2 import SendCommandRequest
from tests.bench.mqtt_load import register
from tests.bench.own_stack import OwnStack
from tests.interoperability.page import write_table
from tests.support.admin_stubs import AdminStubs
from tests.support.processes import PATIENCE, free_port, running

ROOT = Path(__file__).parents[2]
PROGRAMS, BUILD = Path(__file__).with_name("programs"), ROOT / "build" / "interoperability"
READINGS = 20
# Seconds for a build, and for a client.
LONGEST_BUILD, LONGEST_RUN = 900.0, 90.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Of the service under test."""

    mqtt: int
    websocket: int
    rest: int


@dataclass(frozen=True, slots=True)
class ForeignClient:
    """command: of a device, given the ports, its id and its key."""

    name: str
    protocol: str
    command: Callable[[Ports, str, str], Sequence[str]]
    takes_commands: bool = True


def main() -> int:
    """1 where a client failed."""
    clients = list(_clients())
    with tempfile.TemporaryDirectory() as folder:
        websocket = free_port()
        stack = OwnStack(Path(folder), "embedded", "--websocket-port", str(websocket))
        stack.start()
        try:
            ports = Ports(stack.port, websocket, stack.service.rest_port)
            logins = [
                line.split() for line in register(Path(folder), stack.service, len(clients)).read_text().splitlines()
            ]
            problems = [_problem(stack, ports, one, *login) for one, login in zip(clients, logins, strict=True)]
        finally:
            stack.close()
    rows = [(one.name, one.protocol, problem) for one, problem in zip(clients, problems, strict=True)]
    results = [f"| {name} | {protocol} | {'**failed**' if problem else 'passed'} |" for name, protocol, problem in rows]
    head = [f"Run on {datetime.now(UTC).date()}.", "", "| Client | Protocol | Result |", "|---|---|---|"]
    write_table("clients", [*head, *results])
    sys.stdout.write("".join(f"{name}, {protocol}: {problem or 'passed'}\n" for name, protocol, problem in rows))
    return int(any(problems))


def _clients() -> Iterator[ForeignClient]:
    """All clients, built."""
    script = _mqttjs()
    for version, name in (("4", "3.1.1"), ("5", "5")):
        for scheme, what in (("mqtt", "TCP"), ("ws", "WebSocket"), ("rest", "WebSocket, the REST port")):
            yield ForeignClient("MQTT.js 5.16.0", f"MQTT {name}, {what}", _run_mqttjs(script, scheme, version))
    paho = _built("paho_c", ["gcc", "-Wall", "-Wextra", "-O1", "-o", "client", "main.c", "-lpaho-mqtt3c"], "client")
    rumqttc = _built("rumqttc", ["cargo", "build", "--quiet"], "target/debug/iotflow-interoperability-rumqttc")
    for name, command in (
        ("Paho C 1.3 (Debian)", [paho]),
        ("rumqttc 0.25", [rumqttc]),
        ("PubSubClient's packets", [sys.executable, str(PROGRAMS / "pubsubclient.py")]),
    ):
        yield ForeignClient(name, "MQTT 3.1.1, TCP", lambda ports, *login, _=command: [*_, str(ports.mqtt), *login])
    yield from _mosquitto_clients()
    for version in ("3.1.1", "5"):
        yield ForeignClient("Telegraf 1.39, output", f"MQTT {version}, TCP", _telegraf(version), takes_commands=False)


def _built(name: str, command: Sequence[str], program: str) -> str:
    """The program of a folder, built."""
    folder = BUILD / name
    shutil.copytree(PROGRAMS / name, folder, dirs_exist_ok=True)
    subprocess.run(command, cwd=folder, check=True, timeout=LONGEST_BUILD)
    return str(folder / program)


def _mqttjs() -> str:
    return _built("mqttjs", ["npm", "install", "--silent", "--no-package-lock"], "main.js")


def _run_mqttjs(script: str, scheme: str, version: str) -> Callable[[Ports, str, str], Sequence[str]]:
    def command(ports: Ports, device: str, key: str) -> list[str]:
        urls = {
            "mqtt": f"mqtt://127.0.0.1:{ports.mqtt}",
            "ws": f"ws://127.0.0.1:{ports.websocket}/mqtt",
            "rest": f"ws://127.0.0.1:{ports.rest}/mqtt",
        }
        return ["node", script, urls[scheme], version, device, key]

    return command


def _mosquitto_clients() -> Iterator[ForeignClient]:
    """mosquitto_sub and mosquitto_pub as one device."""
    for version, option in (("3.1.1", "mqttv311"), ("5", "mqttv5")):

        def command(ports: Ports, device: str, key: str, option: str = option) -> list[str]:
            script = str(PROGRAMS / "mosquitto.sh")
            return [script, str(ports.mqtt), device, key, option]

        yield ForeignClient("Mosquitto's clients (Debian)", f"MQTT {version}, TCP", command)


def _telegraf(version: str) -> Callable[[Ports, str, str], Sequence[str]]:
    def command(ports: Ports, device: str, key: str) -> list[str]:
        BUILD.mkdir(parents=True, exist_ok=True)
        config = BUILD / f"telegraf-{version}.conf"
        values = {"port": ports.mqtt, "device": device, "key": key, "version": version, "count": READINGS}
        text = (PROGRAMS / "telegraf.conf").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        config.write_text(text)
        return [str(ROOT / "build" / "peers" / "telegraf"), "--config", str(config), "--once"]

    return command


def _problem(stack: OwnStack, ports: Ports, client: ForeignClient, device: str, key: str) -> str:
    """What is wrong; empty where the client has done everything."""
    sys.stderr.write(f"{client.name}, {client.protocol}\n")
    with running(client.command(ports, device, key)) as program:
        try:
            if client.takes_commands:
                program.wait_for_line("published", LONGEST_RUN)
                state = _commanded(stack, int(device))
                if state != "succeeded":
                    return f"the command is {state}: {program.output}"
            code = program.exit_code(LONGEST_RUN)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            return f"{error}: {program.output}"
        if code:
            return f"exit code {code}: {program.output}"
    stored = stack.count([int(device)])
    return "" if stored == READINGS else f"{stored} of {READINGS} readings are stored: {program.output}"


def _commanded(stack: OwnStack, device: int) -> str:
    """The state of a command that waits for its answer."""
    with grpc.insecure_channel(f"127.0.0.1:{stack.service.grpc_port}") as channel:
        request = SendCommandRequest(device_id=device, name="reboot", wait_seconds=int(PATIENCE))
        metadata = credentials(token=stack.service.admin_token)
        return AdminStubs(channel).commands.SendCommand(request, metadata=metadata, timeout=2 * PATIENCE).command.state


if __name__ == "__main__":
    sys.exit(main())

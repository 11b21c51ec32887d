"""The commands of the documentation start an adapter."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.faults.server import Server
from tests.integration.mqtt.clients import logged_in, stored
from tests.support.mqtt import MOSQUITTO, stack_at
from tests.support.processes import running

DOCUMENT = Path(__file__).parents[3] / "docs" / "mqtt.md"
COMMAND = re.compile(r"```(?:sh|console)\n(.*?)```", re.DOTALL)


def test_command(server_of_stacks: Server, tmp_path: Path) -> None:
    registration, command = documented("mosquitto_rr"), documented("-m iotflow_gateway")
    with stack_at(server_of_stacks, tmp_path, MOSQUITTO) as stack:
        places = {
            "localhost:50051": stack.server.target,
            "data/gateway-token": str(stack.server.folder / "gateway-token"),
            "MQTT_PORT=1883": f"MQTT_PORT={stack.port}",
            "DIR=mosquitto": f"DIR={tmp_path / 'mosquitto'}",
            ".venv/bin/python": sys.executable,
        }
        for place, own in places.items():
            assert place in command
            command = command.replace(place, own)
        device = stack.register("by hand")
        with running(["bash", "-c", command]) as adapter:
            adapter.wait_for_lines(lambda line: "broker_connected" in line)
            registered = ["bash", "-c", registration.replace("-p 1883", f"-p {stack.port}")]
            answer = subprocess.run(registered, capture_output=True, check=True, timeout=30).stdout
            assert json.loads(answer)["device"]["api_key"]
            with logged_in(stack, device) as client:
                client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": 1_700_000_000, "data": {"t": 1}})
                assert stored(stack, device) == {1_700_000_000_000: {"t": 1.0}}
            assert adapter.terminate() == 0


def documented(word: str) -> str:
    """The first block of commands that has the word."""
    blocks: list[str] = COMMAND.findall(DOCUMENT.read_text())
    return next(block for block in blocks if word in block)

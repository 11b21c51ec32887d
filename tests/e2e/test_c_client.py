"""The C client against the real service over MQTT: the first example of its README, and a device with a loop of its own."""

import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
import pytest

from tests.integration.mqtt.certificates import authority, certificate
from tests.support.processes import free_port, running, wait_until_listening
from tests.support.service import Service, iotflow_up

CLIENT = Path(__file__).parents[2] / "clients/c"
SOURCES = (*sorted(CLIENT.glob("src/*.c")), *sorted(CLIENT.glob("ports/posix_*.c")))
TLS_HEADER = Path("/usr/include/openssl/ssl.h")
FAR_AHEAD_MS = 7_000_000_000_000
SECONDS = 60.0


def test_the_readme_shows_a_part_of_the_example() -> None:
    block = (CLIENT / "README.md").read_text().split("```c\n")[1].split("```")[0]
    assert unindented(block) in unindented((CLIENT / "examples/posix/main.c").read_text())


with_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler is not installed")
with_openssl = pytest.mark.skipif(
    shutil.which("cc") is None or not TLS_HEADER.exists(), reason="a C compiler or OpenSSL's headers are not installed"
)


@with_compiler
def test_the_example_stores_a_reading(tmp_path: Path) -> None:
    program, port = build(tmp_path / "first_reading", "examples/posix/main.c"), free_port()
    with embedded(tmp_path, port) as service:
        command = [program, "127.0.0.1", str(port), "porch"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        assert (run.returncode, run.stdout.splitlines()[-1:]) == (0, ["stored 1 rows"]), run.stdout + run.stderr
        with admin(service) as api:
            [device] = api.get("/admin/devices").json()["devices"]
            [reading] = api.get(f"/telemetry/{device['id']}").json()["data"]
    assert device["name"] == "porch"
    assert (reading["temperature"], reading["door_open"]) == (21.5, False)


@with_openssl
def test_a_device_executes_commands_and_takes_its_configuration(tmp_path: Path) -> None:
    program, port = build_device(tmp_path), free_port()
    with embedded(tmp_path, port) as service, running([program, "127.0.0.1", str(port), "counter"]) as device:
        number = device.wait_for_line("registered as ").split()[-1]
        device.wait_for_line("acknowledged ")
        with admin(service) as api:
            assert sent(api, number, "dance") == ("failed", {"error": "There is no command dance."})
            api.patch(f"/admin/devices/{number}/config", json={"patch": {"interval": 60}, "expected_version": 0})
            assert device.wait_for_line("configuration 1: ") == 'configuration 1: {"interval":60}'
            state, result = sent(api, number, "set_clock", time_ms=FAR_AHEAD_MS)
            assert (state, result) == ("succeeded", {"was_ahead_ms": 0})
        assert device.wait_for_line("rejected: ").startswith("rejected: TIME_TOO_FAR_AHEAD: ")
        assert sum(line.startswith("command ") for line in device.lines) == 2, device.output


@with_openssl
def test_a_device_keeps_its_readings_while_the_service_is_away(tmp_path: Path) -> None:
    program, port = build_device(tmp_path), free_port()
    with ExitStack() as stack:
        with embedded(tmp_path, port):
            device = stack.enter_context(running([program, "127.0.0.1", str(port), "counter"]))
            number = device.wait_for_line("registered as ").split()[-1]
            device.wait_for_line("acknowledged ")
        device.wait_for_line("interrupted ")
        with embedded(tmp_path, port) as service, admin(service) as api:
            seen = len(counts(api, number))
            until(lambda: len(counts(api, number)) >= seen + 20)
            stored = counts(api, number)
            assert stored == list(range(len(stored)))
            assert sent(api, number, "dance")[0] == "failed"


@with_openssl
def test_a_device_writes_over_tls(tmp_path: Path) -> None:
    """Only to a broker whose certificate an authority of its file has signed."""
    program, port, config = build_device(tmp_path), free_port(), tmp_path / "tls.conf"
    for name in ("ca", "stranger"):
        authority(tmp_path, name)
    certificate(tmp_path, "server", "127.0.0.1", "ca")
    files = f"certfile {tmp_path}/server.crt\nkeyfile {tmp_path}/server.key\n"
    config.write_text(f"user root\nlistener {port} 127.0.0.1\n{files}allow_anonymous true\n")
    settings = {"IOTFLOW_GATEWAY_MQTT_CA_FILE": f"{tmp_path}/ca.crt"}
    command = [program, "127.0.0.1", str(port), "counter"]
    with running(["/usr/sbin/mosquitto", "-c", str(config)]) as broker:
        wait_until_listening(port, broker)
        with iotflow_up(tmp_path / "data", settings, "--broker", f"mqtts://127.0.0.1:{port}"):
            with running([*command, f"{tmp_path}/stranger.crt"]) as stranger:
                stranger.wait_for_lines(lambda line: line.startswith("interrupted "), 2)
                assert "registered" not in stranger.output
            with running([*command, f"{tmp_path}/ca.crt"]) as device:
                device.wait_for_line("acknowledged ")


def build(program: Path, example: str, *more: str) -> str:
    """The program of an example."""
    include = [f"-I{CLIENT / folder}" for folder in ("include", "ports")]
    subprocess.run(["cc", "-std=c99", *include, *SOURCES, CLIENT / example, *more, "-o", program], check=True)
    return str(program)


def build_device(folder: Path) -> str:
    return build(folder / "device", "examples/posix/device.c", str(CLIENT / "ports/openssl_tls.c"), "-lssl", "-lcrypto")


def embedded(folder: Path, port: int) -> AbstractContextManager[Service]:
    """The service with its own broker."""
    return iotflow_up(folder / "data", None, "--broker", "embedded", "--mqtt-port", str(port))


def admin(service: Service) -> httpx.Client:
    headers = {"Authorization": f"Bearer {service.admin_token}"}
    return httpx.Client(base_url=f"{service.rest}/api/v1", headers=headers, timeout=SECONDS, trust_env=False)


def sent(api: httpx.Client, device: str, name: str, **parameters: int) -> tuple[str, object]:
    """State and result of a command after its end."""
    body = {"name": name, "parameters": parameters, "time_to_live_seconds": 60, "wait_seconds": 20}
    command = api.post(f"/admin/devices/{device}/commands", json=body).json()["command"]
    return command["state"], command.get("result")


def counts(api: httpx.Client, device: str) -> list[int]:
    """The stored numbers, in order."""
    rows = api.get(f"/telemetry/{device}", params={"limit": 1000}).json()["data"]
    return sorted(row["count"] for row in rows)


def until(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; what is stored is not published here."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def unindented(text: str) -> str:
    """The lines without their indentation."""
    return "\n".join(line.strip() for line in text.strip().splitlines())

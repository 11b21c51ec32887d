"""The C client against the real service over MQTT: the first example of its README, and a device with a loop of its own."""

import subprocess
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.support.c_client import (
    CLIENT,
    SECONDS,
    admin,
    build,
    build_device,
    embedded,
    sent,
    until,
    with_compiler,
    with_openssl,
)
from tests.support.certificates import authority, certificate
from tests.support.processes import free_port, running, wait_until_listening
from tests.support.service import iotflow_up

FAR_AHEAD_MS = 7_000_000_000_000


def test_the_readme_shows_a_part_of_the_example() -> None:
    block = (CLIENT / "README.md").read_text().split("```c\n")[1].split("```")[0]
    assert unindented(block) in unindented((CLIENT / "examples/posix/main.c").read_text())


@with_compiler
def test_the_example_stores_a_reading_and_another_in_its_next_run(tmp_path: Path) -> None:
    """The second run uses the key that the first one has kept, for its owner alone."""
    program, port = build(tmp_path / "first_reading", "examples/posix/main.c"), free_port()
    with embedded(tmp_path, port) as service:
        for first_line in ("registered as 1", "stored 1 rows: no error"):
            run = first_reading(program, port, tmp_path)
            assert (run.returncode, run.stderr) == (0, ""), run.stdout + run.stderr
            lines = run.stdout.splitlines()
            assert (lines[0], lines[-1]) == (first_line, "stored 1 rows: no error")
        with admin(service) as api:
            [device] = api.get("/admin/devices").json()["devices"]
            readings = api.get(f"/telemetry/{device['id']}").json()["data"]
    assert device["name"] == "porch"
    assert [(each["temperature"], each["door_open"]) for each in readings] == [(21.5, False)] * 2
    assert (tmp_path / "porch.key").stat().st_mode & 0o777 == 0o600


@with_compiler
def test_the_example_tells_what_is_wrong(tmp_path: Path) -> None:
    """Wrong arguments, a name in use, a rejected key, and a broker that is not there."""
    program, port = build(tmp_path / "first_reading", "examples/posix/main.c"), free_port()
    assert "usage: first_reading HOST PORT NAME" in subprocess.run([program], capture_output=True, text=True).stderr
    with embedded(tmp_path, port) as service:
        with admin(service) as api:
            api.post("/devices/register", json={"name": "porch", "device_type": "sensor"}).raise_for_status()
        run = first_reading(program, port, tmp_path)
        assert (run.returncode, run.stdout) == (1, "stored 0 rows: the server rejected it for good\n")
        assert run.stderr.startswith("rejected: NAME_TAKEN: "), run.stderr
        (tmp_path / "porch.key").write_text("1 wrong\n")
        run = first_reading(program, port, tmp_path)
        assert (run.returncode, run.stdout) == (1, "stored 0 rows: the key was rejected\n")
        assert run.stderr == "to register again, remove porch.key\n"
    with running([program, "127.0.0.1", str(port), "porch"], cwd=tmp_path) as process:
        process.wait_for_line("interrupted: the connection or the storage failed; again in ")


@with_openssl
def test_a_device_executes_commands_and_takes_its_configuration(tmp_path: Path) -> None:
    program, port = build_device(tmp_path), free_port()
    with (
        embedded(tmp_path, port) as service,
        running([program, "127.0.0.1", str(port), "counter"], cwd=tmp_path) as device,
    ):
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
            device = stack.enter_context(running([program, "127.0.0.1", str(port), "counter"], cwd=tmp_path))
            number = device.wait_for_line("registered as ").split()[-1]
            device.wait_for_line("acknowledged ")
        device.wait_for_line("interrupted: ")
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
            with running([*command, f"{tmp_path}/stranger.crt"], cwd=tmp_path) as stranger:
                stranger.wait_for_lines(lambda line: line.startswith("interrupted: "), 2)
                assert "registered" not in stranger.output
            with running([*command, f"{tmp_path}/ca.crt"], cwd=tmp_path) as device:
                device.wait_for_line("acknowledged ")


def first_reading(program: str, port: int, folder: Path) -> "subprocess.CompletedProcess[str]":
    """A run of the first example in a folder of its own."""
    command = [program, "127.0.0.1", str(port), "porch"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)


def counts(api: httpx.Client, device: str) -> list[int]:
    """The stored numbers, in order."""
    rows = api.get(f"/telemetry/{device}", params={"limit": 1000}).json()["data"]
    return sorted(row["count"] for row in rows)


def unindented(text: str) -> str:
    """The lines without their indentation."""
    return "\n".join(line.strip() for line in text.strip().splitlines())

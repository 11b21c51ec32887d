"""Simulators and recordings against a service whose doors have TLS: the commands of their pages."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from clients.conformance.certificates import Certificates
from clients.conformance.proxy import Proxy
from tests.support.processes import IOTFLOW, free_port
from tests.support.service import Service, iotflow_up

PAGE = (Path(__file__).resolve().parents[2] / "docs/simulators.md").read_text()
SECTION = PAGE.partition("### TLS\n")[2].partition("\n## ")[0]
# The commands with the options of a door each, and those with a profile.
BY_OPTIONS, BY_PROFILE = re.findall(r"```console\n(.*?)```", SECTION, re.DOTALL)
SCENARIO = "{{name: building, duration: 3s, fleets: [{{name: {name}, model: basic, devices: 6, interval: 500ms, door: {doors}}}]}}"
SECONDS = 120
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("loop_of_the_module")]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, int]]:
    """A service without TLS, and the port of its broker."""
    port = free_port()
    options = ("--broker", "embedded", "--mqtt-port", str(port))
    with iotflow_up(tmp_path_factory.mktemp("tls") / "data", None, *options) as running:
        yield running, port


@pytest.fixture
async def secured(service: tuple[Service, int], tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Proxies that end TLS, as the addresses of the page. The authority is ca.crt of the folder."""
    running, mqtt = service
    certificates = Certificates(tmp_path / "certificates")
    (tmp_path / "ca.crt").write_bytes(certificates.authority().read_bytes())
    ports = {"grpcs": running.grpc_port, "https": running.rest_port, "mqtts": mqtt}
    async with AsyncExitStack() as stack:
        proxies = {scheme: Proxy(port) for scheme, port in ports.items()}
        for proxy in proxies.values():
            proxy.tls = certificates.server_context("good", client_required=False)
            await proxy.open()
            stack.push_async_callback(proxy.end)
        yield {f"{scheme}://iot.example.com": f"{scheme}://{proxy.target}" for scheme, proxy in proxies.items()}


async def ran(block: str, folder: Path, service: Service, addresses: dict[str, str]) -> str:
    """The output of a block of the page."""
    for address, own in addresses.items():
        block = block.replace(address, own)
    env = {
        **os.environ,
        "PATH": f"{Path(IOTFLOW).parent}:{os.environ['PATH']}",
        "IOTFLOW_DATA_DIR": str(service.data_dir),
        "IOTFLOW_TOKEN": service.admin_token,
        "XDG_CONFIG_HOME": str(folder / "config"),
    }
    command = ["bash", "-euc", block]
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


async def test_options_name_doors_with_tls(
    service: tuple[Service, int], secured: dict[str, str], tmp_path: Path
) -> None:
    doors = "{mqtt: 0.5, rest: 0.25, grpc: 0.25}"
    (tmp_path / "building.yaml").write_text(SCENARIO.format(name="option", doors=doors))
    assert "building.ledger: proved" in await ran(BY_OPTIONS, tmp_path, service[0], secured)


async def test_a_profile_has_the_doors_of_grpc_and_rest(
    service: tuple[Service, int], secured: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "building.yaml").write_text(SCENARIO.format(name="profile", doors="{rest: 0.5, grpc: 0.5}"))
    output = await ran(f"{BY_PROFILE}iotflow verify building.ledger", tmp_path, service[0], secured)
    assert re.search(r"\nrest +\d+ +\d\d", output), output
    assert "building.ledger: proved" in output


@pytest.mark.parametrize(
    "commands",
    [
        "iotflow replay day.csv --device by-option --ca ca.crt --server grpcs://iot.example.com",
        "iotflow login grpcs://iot.example.com --ca ca.crt\niotflow replay day.csv --device by-profile",
    ],
)
async def test_a_recording_is_sent_over_tls(
    service: tuple[Service, int], secured: dict[str, str], tmp_path: Path, commands: str
) -> None:
    (tmp_path / "day.csv").write_text("time,value\n2026-01-15T00:00:00Z,1.5\n2026-01-15T00:00:01Z,2.5\n")
    assert "2 of 2 rows sent are acknowledged" in await ran(commands, tmp_path, service[0], secured)

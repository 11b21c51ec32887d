"""Every door with TLS, which a proxy ends before the service."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from clients.conformance.certificates import Certificates
from clients.conformance.proxy import Proxy
from iotflow.connection import Tls
from iotflow_simulators import SimulationError
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.running.simulation import Service
from iotflow_simulators.scenario.loader import loads
from tests.integration.simulators.world import World

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

SCENARIO = """
name: tls
duration: 40s
fleets:
  - {{name: {name}, model: basic, devices: 10, interval: 1s, door: {{mqtt: 0.2, mqtt5: 0.2, rest: 0.2, grpc: 0.2, gateway: 0.2}}}}
faults:
  - {{kind: network_failure, parameters: {{probability: 0.1}}}}
  - {{kind: offline, share: 0.5, at: 10s, for: 10s}}
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def proxies(world: World, certificates: Certificates) -> AsyncIterator[list[Proxy]]:
    """Of gRPC, REST and MQTT. They want a certificate of the client."""
    context = certificates.server_context("good", client_required=True)
    async with AsyncExitStack() as stack:
        found = [Proxy(port) for port in (world.service.grpc_port, world.service.rest_port, world.mqtt_port)]
        for proxy in found:
            proxy.tls = context
            await proxy.open()
            stack.push_async_callback(proxy.end)
        yield found


def service(world: World, proxies: list[Proxy], tls: Tls) -> Service:
    """The service behind the proxies."""
    grpc, rest, mqtt = (proxy.port for proxy in proxies)
    return world.doors(grpc, rest, mqtt, tls)


def client_files(certificates: Certificates) -> Tls:
    """Authorities, and a certificate that the proxies accept."""
    own = certificates.certificate("client")
    return Tls(certificates.authority(), own, own.with_suffix(".key"))


async def test_readings_go_through_every_door_with_tls(
    world: World, proxies: list[Proxy], certificates: Certificates
) -> None:
    secure = service(world, proxies, client_files(certificates))
    ledger, measures = await world.simulated(loads(SCENARIO.format(name="tls")), speed=4, service=secure)
    result = await world.verified(ledger)
    assert result.is_proved, result.examples
    assert set(measures.doors) == {"mqtt", "mqtt5", "rest", "grpc", "gateway"}
    assert all(door.acknowledged > 50 for door in measures.doors.values())
    assert result.rows()[-1]["unknown"] == 0
    # Every device of MQTT and REST has a connection of its own.
    assert [len(proxy.attempts) >= least for proxy, least in zip(proxies, (2, 2, 4), strict=True)] == [True] * 3


async def test_a_server_of_another_authority_registers_no_device(
    world: World, proxies: list[Proxy], certificates: Certificates
) -> None:
    stranger = replace(client_files(certificates), ca=certificates.authority("stranger"))
    with pytest.raises(SimulationError, match="CERTIFICATE_VERIFY_FAILED"):
        await world.simulated(loads(SCENARIO.format(name="other")), service=service(world, proxies, stranger))


@pytest.mark.parametrize("door", ["mqtt", "rest"])
async def test_a_door_of_another_authority_takes_no_reading(
    world: World, proxies: list[Proxy], certificates: Certificates, door: str
) -> None:
    scenario = loads(
        f"{{name: other, duration: 2s, fleets: [{{name: {door}-tls, model: basic, devices: 1, interval: 200ms, door: {door}}}]}}"
    )
    good, stranger = client_files(certificates), certificates.authority("stranger")
    for proxy in proxies[1:]:
        proxy.attempts.clear()
    behind = service(world, proxies, good)
    behind = replace(behind, **{door: replace(getattr(behind, door), tls=replace(good, ca=stranger))})
    _, measures = await world.simulated(scenario, speed=1, service=behind, drain=0.5)
    assert measures.doors[door].acknowledged == 0
    assert measures.errors.problems == {"NO_CONNECTION": measures.doors[door].lost_connections}
    assert any("CERTIFICATE_VERIFY_FAILED" in error.message for error in measures.errors.recent)


async def test_files_of_tls_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    for file in ("ca.crt", "absent.crt"):
        address = DoorAddress("127.0.0.1", 1, Tls(tmp_path / file))
        with pytest.raises(SimulationError, match="A file of TLS cannot be read"):
            address.context()

"""Where `iotflow simulate` finds the doors of a service, and at which of them it uses TLS."""

from pathlib import Path
from typing import Any

import click
import pytest

from iotflow_cli.connections.target import Target
from iotflow_cli.profiles.address import parsed_address
from iotflow_cli.profiles.profile import Profile
from iotflow_cli.simulators.addresses import SCHEMES, Access, StatedAddress, address_option
from iotflow_simulators import SimulationError
from iotflow_simulators.doors.door_address import DoorAddress

PLAIN = Profile("plant:50051", "token")
SECURE = Profile("plant:443", "token", tls=True, ca="/plant.pem", certificate="/me.pem", key="/me.key")
CA = Path("/ca.pem")


def doors(profile: Profile, ca: Path | None, **texts: str) -> list[str]:
    """Each door as host:port, with the authorities where it has TLS."""
    stated: dict[str, Any] = {"grpc": None, "rest": None, "mqtt": None}

    @click.command()
    @address_option("--grpc", "grpc", "")
    @address_option("--rest", "http", "")
    @address_option("--mqtt", "mqtt", "")
    def command(**found: Any) -> None:
        stated.update({name.removesuffix("_address"): address for name, address in found.items()})

    arguments = [word for name, text in texts.items() for word in (f"--{name}", text)]
    command.main(arguments, standalone_mode=False)
    service = Access(Target("plant", profile), ca).service(**stated)
    found = (service.grpc, service.rest, service.mqtt)
    return [f"{each} {each.tls.ca}" if each.tls else str(each) for each in found]


@pytest.mark.parametrize(
    ("profile", "ca", "texts", "expected"),
    [
        (PLAIN, None, {}, ["plant:50051", "plant:5000", "plant:1883"]),
        (SECURE, None, {}, ["plant:443 /plant.pem", "plant:443 /plant.pem", "plant:8883 /plant.pem"]),
        (SECURE, CA, {}, ["plant:443 /ca.pem", "plant:443 /ca.pem", "plant:8883 /ca.pem"]),
        (PLAIN, CA, {"grpc": "x:1"}, ["x:1 /ca.pem", "x:1 /ca.pem", "x:8883 /ca.pem"]),
        (PLAIN, None, {"grpc": "grpcs://x"}, ["x:443 None", "x:443 None", "x:8883 None"]),
        (PLAIN, None, {"mqtt": "mqtts://y"}, ["plant:50051", "plant:5000", "y:8883 None"]),
        (PLAIN, CA, {"rest": "http://z", "mqtt": "[::1]:7"}, ["plant:50051 /ca.pem", "z:5000", "[::1]:7 /ca.pem"]),
        (SECURE, None, {"grpc": "grpc://x"}, ["x:50051", "x:5000", "x:1883"]),
    ],
)
def test_doors(profile: Profile, ca: Path | None, texts: dict[str, str], expected: list[str]) -> None:
    assert doors(profile, ca, **texts) == expected


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        ({"grpc": "https://x"}, "grpcs://iot.example.com or localhost:50051"),
        ({"rest": "mqtt://x"}, "https://iot.example.com or localhost:5000"),
        ({"mqtt": "mqtts://x/path"}, "mqtts://iot.example.com or localhost:1883"),
    ],
)
def test_another_form_is_refused_with_an_example(texts: dict[str, str], shown: str) -> None:
    with pytest.raises(click.BadParameter, match=shown):
        doors(PLAIN, None, **texts)


@pytest.mark.parametrize("text", ["x", ":1", "x:", "x:0", "x:65536", "x:123456789012", "x:mqtt"])
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(SimulationError, match="is not the host and port"):
        DoorAddress.of(text)


def test_the_certificate_of_a_profile_is_that_of_every_door() -> None:
    tls = Access(Target("plant", SECURE), CA).tls
    assert (tls.ca, tls.certificate, tls.key) == (CA, "/me.pem", "/me.key")


@pytest.mark.parametrize(
    ("profile", "server", "token"),
    [
        (PLAIN, "plant:50051", "token"),
        (PLAIN, "grpcs://elsewhere", "token"),
        (PLAIN, "localhost:1", "token"),
        (PLAIN, "[::1]:1", "token"),
        (PLAIN, "elsewhere:50051", ""),
        (PLAIN, "plant:50052", ""),
        (SECURE, "grpc://plant", ""),
    ],
)
def test_a_token_crosses_a_network_by_tls_or_to_the_server_of_its_profile(
    profile: Profile, server: str, token: str
) -> None:
    found = parsed_address(server, SCHEMES["grpc"], "grpc")
    access = Access(Target("plant", profile))
    address = access.server(StatedAddress(found.target, found.tls if "://" in server else None))
    assert access.token(address) == token

"""The addresses of the doors of a service: those that a command states, and those that are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from iotflow.connection import Tls
from iotflow.loopback import is_loopback
from iotflow_cli import local_defaults
from iotflow_cli.connections.target import Target
from iotflow_cli.profiles.address import has_scheme, parsed_address
from iotflow_cli.running.run_file import RunFile, read_run
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.running.simulation import Service

REST_PORT, MQTT_PORT, MQTTS_PORT = "5000", "1883", "8883"
# Port by scheme, and whether the scheme means TLS.
SCHEMES = {
    "grpc": {"grpc": (50051, False), "grpcs": (443, True)},
    "http": {"http": (5000, False), "https": (443, True)},
    "mqtt": {"mqtt": (1883, False), "mqtts": (8883, True)},
}


@dataclass(frozen=True, slots=True)
class StatedAddress:
    """target: host:port. tls: None: the address has no scheme."""

    target: str
    tls: bool | None


@dataclass(frozen=True, slots=True)
class Access:
    """How commands connect to the doors of a target. ca: authorities in place of those of the profile."""

    target: Target
    ca: Path | None = None

    @property
    def tls(self) -> Tls:
        """The files of connections with TLS."""
        profile = self.target.profile
        return Tls(self.ca or profile.ca or None, profile.certificate or None, profile.key or None)

    def server(self, stated: StatedAddress | None) -> DoorAddress:
        """The door of gRPC."""
        uses_tls = self.target.profile.tls or self.ca is not None
        return self.door(stated, self.target.profile.address, uses_tls=uses_tls)

    def token(self, server: DoorAddress) -> str:
        """The token of the profile; empty where it would cross a network in the clear to a server that the profile does not name."""
        profile = self.target.profile
        is_safe = server.tls is not None or is_loopback(server.host)
        return profile.token if is_safe or str(server) == profile.address else ""

    def door(self, stated: StatedAddress | None, known: str, *, uses_tls: bool) -> DoorAddress:
        """A door. known: host:port, where nothing is stated. uses_tls: whether an address without a scheme means TLS."""
        if stated and stated.tls is not None:
            uses_tls = stated.tls
        return DoorAddress.of(stated.target if stated else known, self.tls if uses_tls else None)

    def service(self, grpc: StatedAddress | None, rest: StatedAddress | None, mqtt: StatedAddress | None) -> Service:
        """All doors. Raises SimulationError."""
        settings, data_dir = local_defaults.chosen(), self.target.data_dir
        server = self.server(grpc)
        uses_tls = server.tls is not None
        run = read_run(data_dir) if data_dir and not grpc else None
        # A proxy that ends TLS serves gRPC and REST on one port.
        at_rest = str(server) if uses_tls else _rest(run, server.host)
        at_mqtt = f"{server.host}:{MQTTS_PORT}" if uses_tls else _mqtt(run, server.host, settings)
        return Service(
            server,
            self.door(rest, at_rest, uses_tls=uses_tls),
            self.door(mqtt, at_mqtt, uses_tls=uses_tls),
            self.token(server),
            settings.get("IOTFLOW_MQTT_TOPIC_PREFIX") or "iotflow",
        )


def address_option(name: str, scheme: str, description: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that takes the address of a door. scheme: that of addresses without TLS."""

    def stated(_ctx: click.Context, _param: click.Parameter, text: str | None) -> StatedAddress | None:
        if text is None:
            return None
        found = parsed_address(text, SCHEMES[scheme], scheme)
        return StatedAddress(found.target, found.tls if has_scheme(text) else None)

    return click.option(name, name.strip("-") + "_address", callback=stated, metavar="ADDRESS", help=description)


ca_option = click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="authorities that certificates of the service are checked against (PEM); addresses without a scheme then mean "
    "TLS  [default: those of the profile, else of the system]",
)


def _rest(run: RunFile | None, host: str) -> str:
    return run.rest.partition("://")[2] if run else f"{host}:{REST_PORT}"


def _mqtt(run: RunFile | None, host: str, settings: Mapping[str, str]) -> str:
    port = run.options.get("mqtt-port") if run else None
    return f"{host}:{port or settings.get('IOTFLOW_MQTT_PORT') or MQTT_PORT}"

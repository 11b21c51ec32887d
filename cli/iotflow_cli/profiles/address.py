"""The address of a server as a person writes it."""

import urllib.parse
from dataclasses import dataclass

import click

# Port by scheme, and whether the scheme means TLS. A REST address serves gRPC too.
SCHEMES = {"http": (80, False), "https": (443, True), "grpc": (50051, False), "grpcs": (443, True)}


@dataclass(frozen=True, slots=True)
class Address:
    """host and port, and whether the address means TLS."""

    host: str
    port: int
    tls: bool

    @property
    def target(self) -> str:
        """host:port, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parsed_address(url: str) -> Address:
    """The address of https://host, http://host:port, grpc(s)://host:port or host:port. Raises BadParameter."""
    is_bare = "://" not in url
    parts = urllib.parse.urlsplit(f"grpc://{url}" if is_bare else url)
    try:
        default_port, tls = SCHEMES[parts.scheme]
        port = parts.port or default_port
    except (KeyError, ValueError):
        raise click.BadParameter(_form(url)) from None
    if not parts.hostname or parts.path not in ("", "/") or parts.username or parts.query:
        raise click.BadParameter(_form(url))
    return Address(parts.hostname, port, tls)


def _form(url: str) -> str:
    return f"{url!r} is not the address of a server, such as https://iot.example.com or localhost:50051"

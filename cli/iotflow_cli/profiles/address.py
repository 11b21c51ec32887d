"""The address of a server as a person writes it."""

import urllib.parse
from collections.abc import Mapping
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


def parsed_address(url: str, schemes: Mapping[str, tuple[int, bool]] = SCHEMES, bare: str = "grpc") -> Address:
    """The address of scheme://host, scheme://host:port, host:port or host. bare: the scheme that an address without one has.
    Raises BadParameter."""
    try:
        parts = urllib.parse.urlsplit(url if has_scheme(url) else f"{bare}://{url}")
        default_port, tls = schemes[parts.scheme]
        port = default_port if parts.port is None else parts.port
    except (KeyError, ValueError):
        raise click.BadParameter(_form(url, schemes, bare)) from None
    if not port or not parts.hostname or parts.path not in ("", "/") or parts.username or parts.query:
        raise click.BadParameter(_form(url, schemes, bare))
    return Address(parts.hostname, port, tls)


def has_scheme(url: str) -> bool:
    """Whether an address states its scheme."""
    return "://" in url


def _form(url: str, schemes: Mapping[str, tuple[int, bool]], bare: str) -> str:
    secure = next(scheme for scheme, (_, tls) in schemes.items() if tls)
    port, _ = schemes[bare]
    return f"{url!r} is not the address of a server, such as {secure}://iot.example.com or localhost:{port}"

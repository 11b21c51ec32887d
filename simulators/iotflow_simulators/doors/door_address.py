"""Where a door of the service is, and how devices connect to it."""

import ssl
from dataclasses import dataclass
from typing import Self

import grpc

from iotflow.channels import open_channel
from iotflow.connection import Tls
from iotflow_simulators import SimulationError


@dataclass(frozen=True, slots=True)
class DoorAddress:
    """host: an IPv6 address without brackets. tls: None: without TLS."""

    host: str
    port: int
    tls: Tls | None = None

    @classmethod
    def of(cls, text: str, tls: Tls | None = None) -> Self:
        """The address of host:port. Raises SimulationError for any other form."""
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal() or not 1 <= int(port[:6]) <= 65_535:
            raise SimulationError(f"{text!r} is not the host and port of a door, such as localhost:1883.")
        return cls(host.strip("[]"), int(port), tls)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def channel(self) -> grpc.aio.Channel:
        """A channel of gRPC for the running loop. Raises SimulationError where a file of TLS cannot be read."""
        if self.tls is None:
            return open_channel(str(self))
        try:
            return open_channel(str(self), self.tls.channel_credentials())
        except OSError as error:
            raise _unreadable(error) from None

    def context(self) -> ssl.SSLContext | None:
        """For connections of TCP; None: without TLS. Raises SimulationError where a file of TLS cannot be read."""
        if self.tls is None:
            return None
        try:
            found = ssl.create_default_context(cafile=self.tls.ca)
            if self.tls.certificate:
                found.load_cert_chain(self.tls.certificate, self.tls.key)
        except OSError as error:
            # Among them ssl.SSLError, of a file that is not in PEM.
            raise _unreadable(error) from None
        return found


def _unreadable(error: OSError) -> SimulationError:
    return SimulationError(f"A file of TLS cannot be read: {error}")

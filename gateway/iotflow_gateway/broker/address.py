"""The address of a broker, with the adapter's account and session."""

from dataclasses import dataclass
from pathlib import Path

from iotflow_gateway.mqtt import Version


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """ca_file: certificate of the authority that signs the broker's; None: those of the system. v5: MQTT 5, else 3.1.1. window: the
    receive maximum."""

    host: str
    port: int
    username: str
    password: str
    client_id: str
    tls: bool = False
    ca_file: Path | None = None
    v5: bool = True
    window: int = 10_000

    @property
    def version(self) -> Version:
        """The version of the protocol."""
        return Version.V5 if self.v5 else Version.V3_1_1

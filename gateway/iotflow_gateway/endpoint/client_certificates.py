"""Certificates of clients as identities: the common name is the id or the name of the device."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate that a trusted authority has signed. name: the common name."""

    name: str
    valid_until: datetime

    @property
    def is_valid(self) -> bool:
        """Whether it has not ended since the connection began."""
        return datetime.now(UTC) < self.valid_until


def client_certificate(decoded: Mapping[str, Any]) -> ClientCertificate | None:
    """The certificate as `ssl` decodes it; None: it has no common name, or several."""
    names = [value for part in decoded.get("subject", ()) for key, value in part if key == "commonName"]
    if len(names) != 1:
        return None
    return ClientCertificate(names[0], datetime.fromtimestamp(ssl.cert_time_to_seconds(decoded["notAfter"]), UTC))

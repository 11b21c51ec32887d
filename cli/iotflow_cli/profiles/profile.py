"""A server that commands connect to."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Profile:
    """address: host:port of gRPC. tls: whether to use TLS. ca, certificate, key: files in PEM, or empty."""

    address: str
    token: str = dataclasses.field(default="", repr=False)
    tls: bool = False
    ca: str = ""
    certificate: str = ""
    key: str = ""

    @classmethod
    def of(cls, content: Any) -> Self:
        """The profile that a file contains. Raises ValueError."""
        if not isinstance(content, dict) or not isinstance(content.get("address"), str):
            raise ValueError("a profile is an object with an address")
        kinds = {each.name: type(each.default) for each in dataclasses.fields(cls) if each.name != "address"}
        kinds["address"] = str
        for name, value in content.items():
            if not isinstance(value, kinds.get(name, object)):
                raise ValueError(f"{name} has a wrong type")
        return cls(**{name: value for name, value in content.items() if name in kinds})

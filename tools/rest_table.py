"""Writes docs/rest.md from the contract; with --check, fails where it is not current."""

import sys
from collections.abc import Iterator
from pathlib import Path

from google.api import annotations_pb2
from google.api.http_pb2 import HttpRule
from google.protobuf.descriptor import MethodDescriptor

from iotflow.v1 import (
    admin_service_pb2,
    device_service_pb2,
    gateway_service_pb2,
    legacy_service_pb2,
    mqtt_service_pb2,
    system_service_pb2,
    telemetry_service_pb2,
)
from iotflow_server.auth.permissions import permissions
from iotflow_server.auth.principal import Role

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rest.md"
MODULES = (
    device_service_pb2,
    telemetry_service_pb2,
    admin_service_pb2,
    mqtt_service_pb2,
    gateway_service_pb2,
    system_service_pb2,
    legacy_service_pb2,
)
HEAD = """# REST paths

Made from the contract by `make generate`. Parameters and bodies are the request's fields in `proto/iotflow/v1`: those not
in the path stand in the URL for GET and DELETE, in the body for POST, PUT and PATCH. Devices show `x-api-key`, tokens
`authorization: Bearer <token>`. Where `IOTFLOW_PUBLIC_READS` is on, reading telemetry is open to anyone; where
`IOTFLOW_PUBLIC_DIAGNOSTICS` is on, `/metrics`, `/health?detailed=true` and gRPC reflection are. Who may register is
`IOTFLOW_REGISTRATION`'s to say.
"""
TAIL = """
## HTTP

- HTTP/1.0, HTTP/1.1 and HTTP/2 are served. `HEAD` works where `GET` does.
- A body is JSON in UTF-8, without a byte order mark, whatever its `Content-Type` says; a missing one is fine. A protobuf body and a
  body with a `Content-Encoding` (gzip, deflate) are refused with 415.
- Unknown fields of a body are ignored; a request without any known field is refused, and the answer lists the fields. Unknown
  parameters of a URL are refused.
- A field that stands in the path may be repeated in the query or the body with the same value only.
- A method that a path does not have is refused with 405; the header `allow` lists the others.
- A body of more than 4 MiB is refused with 413, headers of more than 60 KiB with 431. A caller that sends nothing for 30 seconds
  while its body is incomplete gets 408.
- A client must not close its side of the connection before it has the answer (`nc -N`, `shutdown(SHUT_WR)`): an HTTP/1 connection
  that is closed on one side is ended at once, without an answer.
- `x-api-key` or `authorization` given twice is refused.
- While only this machine reaches the gateway, a request for another host name than `localhost` or a loopback address must show a
  credential, except for `/`, `/health`, `/api/v1/telemetry/status` and `/api/v1/mqtt/status`: a page of another site whose name leads to
  this machine (DNS rebinding) reaches nothing that is open to the machine.
"""


def page() -> str:
    """One row a path."""
    rows = ["| Path | RPC | Open to |", "|---|---|---|"]
    roles = permissions(public_reads=False, public_diagnostics=False)
    for module in MODULES:
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                who = callers(roles[f"/{service.full_name}/{method.name}"])
                rows += [f"| `{path}` | {service.name}.{method.name} | {who} |" for path in paths(method)]
    return HEAD + "\n" + "\n".join(rows) + "\n" + TAIL


def callers(roles: frozenset[Role]) -> str:
    """The roles a method is open to, in words."""
    return "anyone" if not roles or Role.ANONYMOUS in roles else ", ".join(sorted(roles))


def paths(method: MethodDescriptor) -> Iterator[str]:
    """All bindings of a method; none where it is gRPC only."""
    rule: HttpRule = method.GetOptions().Extensions[annotations_pb2.http]
    for binding in (rule, *rule.additional_bindings):
        verb = binding.WhichOneof("pattern")
        if verb:
            yield f"{verb.upper()} {getattr(binding, verb)}"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        sys.exit("docs/rest.md is not current; run make generate")

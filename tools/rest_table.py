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
from iotflow_server.access import Role
from iotflow_server.rpc.methods import open_to

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
`authorization: Bearer <token>`. Where `IOTFLOW_PUBLIC_READS` is on, reading telemetry is open to anyone; who may register
is `IOTFLOW_REGISTRATION`'s to say.
"""


def page() -> str:
    """One row a path."""
    rows = ["| Path | RPC | Open to |", "|---|---|---|"]
    roles = open_to(public_reads=False)
    for module in MODULES:
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                who = callers(roles[f"/{service.full_name}/{method.name}"])
                rows += [f"| `{path}` | {service.name}.{method.name} | {who} |" for path in paths(method)]
    return HEAD + "\n" + "\n".join(rows) + "\n"


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

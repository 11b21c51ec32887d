"""The reference of the REST interface, as OpenAPI 3.1."""

import tomllib

from tools.api import errors
from tools.api.bindings import Operation, operations
from tools.api.contract import Contract, details
from tools.api.operations import SECURITY_SCHEMES, Operations
from tools.api.rules import Schema
from tools.api.schemas import READING_FIELDS, READING_SCHEMAS, Schemas, reachable
from tools.contract import ROOT

_ABOUT = """Devices authenticate with `x-api-key`, people and programs with `authorization: Bearer <token>`.
Every refusal is a `google.rpc.Status`. Fields of JSON are in snake_case; times are RFC 3339 in UTC.
Where a request takes a time, it also takes `now` and ages such as `-24h` or `-7d`.
The same methods are served by gRPC and gRPC-Web; devices may also use MQTT."""


def document(contract: Contract) -> Schema:
    """The whole document."""
    found = list(operations(contract))
    schemas = Schemas(contract, _only_printed(found), READING_FIELDS)
    described = Operations(contract, details(), schemas)
    paths: dict[str, Schema] = {}
    for operation in found:
        paths.setdefault(operation.path, {})[operation.verb] = described.describe(operation)
    schemas.reference(contract.message("Reading"))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IoTFlow REST API",
            "version": version(),
            "description": f"{_ABOUT}\n\n{_http_rules()}",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "The proxy that serves this document."}],
        "tags": [_tag(contract, name) for name in _tagged(found)],
        "paths": paths,
        "components": {
            "securitySchemes": SECURITY_SCHEMES,
            "responses": errors.responses(),
            "schemas": dict(sorted({**schemas.components, **READING_SCHEMAS, **errors.schemas()}.items())),
        },
    }


def version() -> str:
    """The version of the contract's clients."""
    project = tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]
    found: str = project["version"]
    return found


def _only_printed(found: list[Operation]) -> set[str]:
    answers = reachable(operation.method.output_type for operation in found)
    return answers - reachable(operation.body for operation in found if operation.body)


def _http_rules() -> str:
    """The section on HTTP of docs/rest.md."""
    return (ROOT / "docs/rest.md").read_text().split("\n## HTTP\n")[1].strip()


def _tagged(found: list[Operation]) -> list[str]:
    return list(dict.fromkeys(operation.method.containing_service.full_name for operation in found))


def _tag(contract: Contract, service: str) -> Schema:
    return {"name": service.rpartition(".")[2], "description": contract.comment(service)}

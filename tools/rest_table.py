"""Writes docs/rest.md from the contract. With --check, fails if the file is not current."""

import sys
from pathlib import Path

from iotflow.contract import bindings, methods, path
from iotflow.words import Role
from iotflow_server.auth.permissions import permissions

PAGE = Path(__file__).resolve().parent.parent / "docs" / "rest.md"
HEAD = """# REST paths

This page is generated from the contract (`make generate`). The fields of requests and answers are
in `proto/iotflow/v1`. Fields that are not in the path are URL parameters for GET and DELETE, and
part of the body for POST, PUT and PATCH. A device sends `x-api-key: KEY`, a token is sent as
`authorization: Bearer TOKEN`. With `IOTFLOW_PUBLIC_READS`, reads of telemetry are open to anyone;
with `IOTFLOW_PUBLIC_DIAGNOSTICS`, `/metrics`, `/health?detailed=true` and gRPC reflection are.
`IOTFLOW_REGISTRATION` sets who may register devices.

A running service shows every path with its parameters, bodies, answers and errors at
`/api/docs`, and serves the same as OpenAPI 3.1 at `/api/v1/openapi.json`, in the repository
`api/openapi.yaml`. Both are open to anyone, 50 times at once and 5 times a second; beyond that
they are answered 429.
"""
TAIL = """
## HTTP

- HTTP/1.0, HTTP/1.1 and HTTP/2 are served. `HEAD` works where `GET` does.
- A body is JSON in UTF-8 without a byte order mark, whatever its `Content-Type`. A protobuf body,
  and a body with a `Content-Encoding` (gzip, deflate), are rejected with 415.
- Unknown fields of a body are ignored. A request without any known field is rejected, and the
  answer lists the fields. Unknown URL parameters are rejected.
- A field of the path may be repeated in the query or the body with the same value only.
- A method that a path does not have is rejected with 405; the header `allow` lists the others.
- A body of more than 4 MiB is rejected with 413, headers of more than 60 KiB with 431. A caller
  that pauses for 30 seconds within a body gets 408.
- A client must not close its side of the connection before it has the answer (`nc -N`,
  `shutdown(SHUT_WR)`): an HTTP/1 connection that is closed on one side ends without an answer.
- A repeated `x-api-key` or `authorization` header is rejected.
- While only this machine can reach the proxy, a request for a host name other than `localhost` or
  a loopback address must show a credential, except for `/`, `/health`, `/api/v1/telemetry/status`,
  `/api/v1/mqtt/status`, `/api/docs` and `/api/v1/openapi.json`. This defeats DNS rebinding by pages
  of other sites.
"""


def page() -> str:
    """The page, with one row for each path."""
    rows = ["| Path | RPC | Open to |", "|---|---|---|"]
    roles = permissions(public_reads=False, public_diagnostics=False)
    for method in methods():
        open_to, name = callers(roles[path(method)]), f"{method.containing_service.name}.{method.name}"
        rows += [f"| `{verb} {rest}` | {name} | {open_to} |" for verb, rest in bindings(method)]
    return HEAD + "\n" + "\n".join(rows) + "\n" + TAIL


def callers(roles: frozenset[Role]) -> str:
    """The roles that may call a method, as text."""
    return "anyone" if not roles or Role.ANONYMOUS in roles else ", ".join(sorted(roles))


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        sys.exit("docs/rest.md is not current. Run make generate.")

"""`iotflow tokens` and `create-admin`."""

from collections.abc import Iterator

import click

from iotflow.v1.token_service_pb2 import (
    CreateTokenRequest,
    CreateTokenResponse,
    ListTokensRequest,
    ListTokensResponse,
    RevokeTokenRequest,
    RevokeTokenResponse,
)
from iotflow.v1.token_service_pb2_grpc import TokenServiceStub
from iotflow.words import Role
from iotflow_cli.command_line.confirmation import confirm, yes_option
from iotflow_cli.command_line.durations import DURATION
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.results import Record, Row, Table

COLUMNS = ("id", "name", "role", "created_at", "expires_at")
ROLES = [str(role) for role in (Role.ADMIN, Role.VIEWER, Role.GATEWAY, Role.REGISTRAR)]
EXPIRES_HELP = "end of its validity, such as 12h or 90d  [default: none]"


@command("list")
@with_server
def list_tokens(server: Server) -> Table:
    """List tokens, without their secrets."""
    return Table(_rows(server), COLUMNS)


@command("create")
@with_server
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="what its holder may do")
@click.option("--expires", type=DURATION, default=0, metavar="DURATION", help=EXPIRES_HELP)
def create_token(server: Server, name: str, role: str, expires: int) -> Record:
    """Create a token; its secret is shown once."""
    return _created(server, name, role, expires)


@command("create-admin")
@with_server
@click.argument("name", default="admin")
@click.option("--expires", type=DURATION, default=0, metavar="DURATION", help=EXPIRES_HELP)
def create_admin(server: Server, name: str, expires: int) -> Record:
    """Create a token of an admin; its secret is shown once."""
    return _created(server, name, Role.ADMIN, expires)


@command("revoke")
@with_server
@yes_option
@click.argument("name_or_id", metavar="TOKEN")
def revoke_token(server: Server, name_or_id: str, yes: bool) -> Record:
    """Revoke a token, by its name or id, and end its streams."""
    found = _found(server, name_or_id)
    confirm(f"Revoke the token {found['id']} ({found['name']}, {found['role']})?", yes=yes)
    request = RevokeTokenRequest(token_id=found["id"])
    server.call(TokenServiceStub, "RevokeToken", request, RevokeTokenResponse)
    return Record(found, sentence=f"The token {found['id']} ({found['name']}) is revoked.")


def _created(server: Server, name: str, role: str, expires: int) -> Record:
    request = CreateTokenRequest(name=name, role=role, time_to_live_seconds=expires)
    answer = server.call(TokenServiceStub, "CreateToken", request, CreateTokenResponse)
    return Record({**as_data(answer.token), "secret": answer.secret})


def _rows(server: Server) -> Iterator[Row]:
    for page in server.pages(TokenServiceStub, "ListTokens", ListTokensRequest(), ListTokensResponse):
        for token in page.tokens:
            yield as_data(token)


def _found(server: Server, name_or_id: str) -> Row:
    """The token with this name, otherwise the one with this id: names may consist of digits."""
    rows = list(_rows(server))
    for field in ("name", "id"):
        for row in rows:
            if str(row[field]) == name_or_id:
                return row
    raise CommandError(
        f"There is no token {name_or_id!r}. `iotflow tokens list` lists them.",
        ExitCode.NOT_FOUND,
        reason="TOKEN_NOT_FOUND",
    )

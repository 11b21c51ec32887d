"""`iotflow login`, `logout` and `profiles`."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from iotflow.loopback import is_loopback
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.target import Target
from iotflow_cli.output.results import Record, Table
from iotflow_cli.profiles.address import Address, parsed_address
from iotflow_cli.profiles.profile import Profile
from iotflow_cli.profiles.store import LOCAL, load_profiles, profiles_path, save_profiles

TOKEN_VARIABLE = "IOTFLOW_TOKEN"  # noqa: S105
COLUMNS = ("current", "name", "address", "tls")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command("login")
@click.argument("url", callback=lambda _ctx, _param, url: parsed_address(url))
@click.option("--profile", metavar="NAME", help="name of the profile  [default: the host]")
@click.option(
    "--ca", type=FILE, metavar="FILE", help="authorities that the server's certificate is checked against (PEM)"
)
@click.option("--certificate", type=FILE, metavar="FILE", help="certificate of this client (PEM)")
@click.option("--key", type=FILE, metavar="FILE", help="private key of this client (PEM)")
@click.option("--insecure", is_flag=True, help="send the token without TLS over a network")
def login(
    url: Address, profile: str | None, ca: Path | None, certificate: Path | None, key: Path | None, insecure: bool
) -> Record:
    """Note a server and a token, which commands then use.

    URL is https://host, http://host:port, or host:port of gRPC. The token is asked for without echo; otherwise it is
    taken from IOTFLOW_TOKEN, or from the standard input where that is no terminal.
    """
    uses_tls = url.tls or bool(ca or certificate or key)
    if bool(certificate) != bool(key):
        raise click.UsageError("--certificate and --key go together.")
    if not uses_tls and not insecure and not is_loopback(url.host):
        raise click.UsageError(
            f"{url.host} is not this machine, and the token would travel unencrypted. Use https://, or --insecure."
        )
    name = profile or url.host
    if name == LOCAL:
        raise click.UsageError(f"{LOCAL} is the service of this machine, and needs no login. Choose another --profile.")
    new = Profile(url.target, _token(), uses_tls, _absolute(ca), _absolute(certificate), _absolute(key))
    known = load_profiles()
    role, version = _checked(Target(name, new))
    save_profiles(known.with_profile(name, new))
    return Record(
        {"profile": name, "address": new.address, "role": role, "version": version, "file": str(profiles_path())},
        sentence=f"Logged in to {new.address} (version {version}) as {role}. Commands now use the profile {name}.",
    )


@command("logout")
@click.argument("name", required=False)
def logout(name: str | None) -> Record:
    """Forget a profile and its token.

    NAME is the current profile unless given. The token itself stays valid; `iotflow tokens revoke` ends it.
    """
    profiles = load_profiles()
    if not name and not profiles.current:
        raise click.UsageError("There is no current profile. Name one; `iotflow profiles` lists them.")
    gone = name or profiles.current
    rest = profiles.without(gone)
    save_profiles(rest)
    after = rest.current or LOCAL
    return Record(
        {"profile": gone, "current": after}, sentence=f"The profile {gone} is removed. Commands now use {after}."
    )


@command("profiles")
@click.option("--use", metavar="NAME", help="make this profile the current one; local: the service of this machine")
def list_profiles(use: str | None) -> Table:
    """List the profiles, or choose the current one."""
    profiles = load_profiles()
    if use:
        profiles = profiles.using(use)
        save_profiles(profiles)
    rows = [_row(name, profile, is_current=name == profiles.current) for name, profile in profiles.by_name.items()]
    local = {"current": not profiles.current, "name": LOCAL, "address": "this machine", "tls": False}
    return Table([local, *rows], COLUMNS)


def _row(name: str, profile: Profile, *, is_current: bool) -> dict[str, Any]:
    return {"current": is_current, "name": name, "address": profile.address, "tls": profile.tls}


def _token() -> str:
    if token := os.environ.get(TOKEN_VARIABLE, ""):
        return token.strip()
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True)).strip()
    token = sys.stdin.readline().strip()
    if not token:
        raise click.UsageError(f"No token is given: use a terminal, {TOKEN_VARIABLE}, or the standard input.")
    return token


def _absolute(path: Path | None) -> str:
    return str(path.resolve()) if path else ""


def _checked(target: Target) -> tuple[str, str]:
    """The role of the token, and the version of the server. Raises ServerError where the server does not accept the token."""
    from grpc import StatusCode

    from iotflow.errors import ServerError
    from iotflow.v1.fleet_service_pb2 import GetStatsRequest, GetStatsResponse
    from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
    from iotflow.v1.system_service_pb2 import GetHealthRequest, GetHealthResponse
    from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
    from iotflow.v1.token_service_pb2 import ListTokensRequest, ListTokensResponse
    from iotflow.v1.token_service_pb2_grpc import TokenServiceStub
    from iotflow_cli.connections.server import Server

    trials: list[tuple[str, Any, str, Any, Any]] = [
        ("admin", TokenServiceStub, "ListTokens", ListTokensRequest(page_size=1), ListTokensResponse),
        ("viewer", FleetServiceStub, "GetStats", GetStatsRequest(), GetStatsResponse),
    ]
    with Server(target) as server:
        version = server.call(SystemServiceStub, "GetHealth", GetHealthRequest(), GetHealthResponse).version
        for role, stub, method, request, answer in trials:
            try:
                server.call(stub, method, request, answer)
            except ServerError as error:
                if error.code is not StatusCode.PERMISSION_DENIED:
                    raise
            else:
                return role, version
    return "gateway or registrar", version

"""`iotflow shell`: Python with a connected client."""

from typing import Any

import click

from iotflow.errors import ServerError
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server, tls_of
from iotflow_cli.output.failures import CommandError

BANNER = """Python with IoTFlow, connected to {address}. Ctrl-D ends it.
client.latest(1), client.range(1, "-1h"), client.read([1], "-24h").to_pandas(); help(client) describes the rest."""


@command("shell")
@with_server
@click.option("-c", "--code", metavar="CODE", help="run this code, and end")
def shell(server: Server, code: str | None) -> int:
    """Open a Python shell with a connected client.

    The name `client` is an iotflow.sync.Client with the token of the profile.
    """
    import code as python_code

    from iotflow.sync import Client

    profile = server.target.profile
    with Client(profile.address, token=profile.token, tls=tls_of(profile)) as client:
        names = {"client": client, "__name__": "__console__"}
        if code is None:
            python_code.interact(BANNER.format(address=profile.address), local=names, exitmsg="")
        else:
            _execute(code, names)
    return 0


def _execute(code: str, names: dict[str, Any]) -> None:
    try:
        exec(compile(code, "<code>", "exec"), names)  # noqa: S102 - the caller's own code
    except ServerError:
        raise
    except Exception as error:
        raise CommandError(f"The code failed: {type(error).__name__}: {error}", reason="CODE_FAILED") from error

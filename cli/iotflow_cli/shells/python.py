"""`iotflow shell`: Python with a connected client."""

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server, tls_of

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
            exec(compile(code, "<code>", "exec"), names)  # noqa: S102 - the caller's own code
    return 0

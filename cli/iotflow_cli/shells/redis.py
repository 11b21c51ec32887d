"""`iotflow redis`: the client shell of Redis."""

import os
import shlex
import shutil
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.values import shown_value
from iotflow_cli.shells.prompt import StatementError, run_prompt
from iotflow_cli.shells.settings import server_settings

PROGRAM = "redis-cli"
# redis-cli reads the password from here: other users can see the arguments of a process.
PASSWORD_VARIABLE = "REDISCLI_AUTH"  # noqa: S105


@command("redis")
@click.option(
    "-e", "--execute", "statements", multiple=True, metavar="COMMAND", help="run this command, and end; repeatable"
)
@click.option("--plain", is_flag=True, help="use the plain prompt, even if redis-cli is installed")
def redis(statements: tuple[str, ...], plain: bool) -> int:
    """Open a client shell of Redis, at the address of IOTFLOW_REDIS_URL.

    redis-cli is used if it is installed.
    """
    url = server_settings().redis_url
    if not url:
        raise CommandError("No Redis is used. Set IOTFLOW_REDIS_URL to its address.", ExitCode.USAGE)
    if not statements and not plain and (program := shutil.which(PROGRAM)):
        arguments, variables = vendors_call(url)
        os.execve(program, [PROGRAM, *arguments], {**os.environ, **variables})  # noqa: S606
    with _connection(url) as execute:
        return run_prompt("redis> ", execute, statements)


def vendors_call(url: str) -> tuple[Sequence[str], dict[str, str]]:
    """The arguments and the variables of redis-cli for this address."""
    parts = urllib.parse.urlsplit(url)
    variables = {PASSWORD_VARIABLE: urllib.parse.unquote(parts.password)} if parts.password else {}
    user = ["--user", urllib.parse.unquote(parts.username)] if parts.username else []
    if parts.scheme == "unix":
        database = urllib.parse.parse_qs(parts.query).get("db", ["0"])[0]
        return ["-s", parts.path, "-n", database, *user], variables
    tls = ["--tls"] if parts.scheme == "rediss" else []
    address = ["-h", parts.hostname or "localhost", "-p", str(parts.port or 6379)]
    return [*address, "-n", parts.path.strip("/") or "0", *tls, *user], variables


@contextmanager
def _connection(url: str) -> Iterator[Callable[[str], str]]:
    """Executes commands through the Python driver."""
    from redis import Redis, RedisError

    client = Redis.from_url(url, decode_responses=True)
    try:
        # Not the client's own calls: they turn the answers into Python's types.
        connection: Any = client.connection_pool.get_connection()
    except (RedisError, OSError) as error:
        raise CommandError(f"Redis does not answer: {error}", ExitCode.UNAVAILABLE) from None

    def execute(statement: str) -> str:
        try:
            connection.send_command(*shlex.split(statement))
            return _shown(connection.read_response())
        except (RedisError, ValueError, OSError) as error:
            raise StatementError(str(error)) from None

    try:
        yield execute
    finally:
        client.close()


def _shown(answer: object) -> str:
    if isinstance(answer, list | tuple | set):
        return "\n".join(_shown(each) for each in answer)
    return shown_value(answer)

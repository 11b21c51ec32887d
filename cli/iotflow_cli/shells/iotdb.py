"""`iotflow iotdb`: the client shell of IoTDB."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.values import shown_value
from iotflow_cli.shells.prompt import StatementError, run_prompt
from iotflow_cli.shells.settings import server_settings

if TYPE_CHECKING:
    from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress

# Of a result that a person reads. A condition or LIMIT reaches the rest.
SHOWN_ROWS = 1000


@command("iotdb")
@click.option(
    "-e", "--execute", "statements", multiple=True, metavar="SQL", help="run this statement, and end; repeatable"
)
@click.option("--plain", is_flag=True, help="use the plain prompt, even if IoTDB's own shell is installed")
def iotdb(statements: tuple[str, ...], plain: bool) -> int:
    """Open a client shell of IoTDB, at the address of IOTFLOW_TELEMETRY.

    IoTDB's own shell (start-cli.sh, on the PATH or in IOTDB_HOME) is used if it is installed. It asks for the password,
    because other users can see the arguments of a process.
    """
    from iotflow_server.telemetry.stores.choice import address_of, is_iotdb

    url = server_settings().telemetry_url
    if not is_iotdb(url):
        raise CommandError(
            f"The readings are kept in {url}, not in IoTDB. Set IOTFLOW_TELEMETRY to its address.", ExitCode.USAGE
        )
    address = address_of(url)
    if not statements and not plain and (program := _vendors_shell()):
        host, _, port = address.nodes[0].rpartition(":")
        os.execv(program, [program, "-h", host, "-p", port, "-u", address.user, "-pw"])  # noqa: S606
    with _session(address) as execute:
        return run_prompt("IoTDB> ", execute, statements)


def _vendors_shell() -> str | None:
    home = os.environ.get("IOTDB_HOME", "")
    folders = [str(Path(home) / "sbin")] if home else []
    return shutil.which("start-cli.sh", path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))


@contextmanager
def _session(address: "IotdbAddress") -> Iterator[Callable[[str], str]]:
    """Executes statements through the Python driver."""
    from iotdb.Session import Session
    from iotdb.utils.exception import IoTDBConnectionException
    from thrift.Thrift import TException

    failures = (IoTDBConnectionException, TException, RuntimeError, OSError)
    session = Session.init_from_node_urls(list(address.nodes), address.user, address.password)
    try:
        session.open(False)
    except failures as error:
        raise CommandError(
            f"IoTDB at {', '.join(address.nodes)} does not answer: {error}", ExitCode.UNAVAILABLE
        ) from None

    def execute(statement: str) -> str:
        try:
            result = session.execute_statement(statement.rstrip(";"))
            return "done" if result is None else _rows(result)
        except failures as error:
            raise StatementError(str(error)) from None

    try:
        yield execute
    finally:
        session.close()


def _rows(result: Any) -> str:
    """The first rows of a result, with tabs between cells."""
    with result:
        lines = ["\t".join(result.get_column_names())]
        while result.has_next() and len(lines) <= SHOWN_ROWS:
            row = result.next()
            time = [] if result.iotdb_rpc_data_set.ignore_timestamp else [str(row.get_timestamp())]
            lines.append("\t".join([*time, *(shown_value(str(field)) for field in row.get_fields())]))
        if result.has_next():
            lines.append(f"… more than {SHOWN_ROWS:,} rows")
    return "\n".join(lines)

"""`iotflow audit`."""

from collections.abc import Iterator
from itertools import islice

import click

from iotflow.v1.audit_service_pb2 import ListAuditEntriesRequest, ListAuditEntriesResponse
from iotflow.v1.audit_service_pb2_grpc import AuditServiceStub
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import ROWS
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.results import Row, Table

COLUMNS = ("timestamp", "actor", "action", "target", "details")


@command("audit")
@with_server
@click.option("--target", default="", metavar="TARGET", help="entries about this target only, such as device:7")
@click.option("--limit", type=ROWS, default=100, show_default=True, metavar="N", help="at most N rows")
def audit(server: Server, target: str, limit: int) -> Table:
    """List changes and who made them, newest first."""
    request = ListAuditEntriesRequest(target=target, page_size=min(limit, 1000))
    return Table(islice(_rows(server, request), limit), COLUMNS, nothing="There are no entries.")


def _rows(server: Server, request: ListAuditEntriesRequest) -> Iterator[Row]:
    for page in server.pages(AuditServiceStub, "ListAuditEntries", request, ListAuditEntriesResponse):
        for entry in page.entries:
            yield as_data(entry)

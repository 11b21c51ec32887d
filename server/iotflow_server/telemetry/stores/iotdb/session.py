"""One connection to IoTDB.

Uses the Thrift service through the generated client. The Session of the library returns results row by row or as data
frames, and reports only that one of many tablets failed.
"""

import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from iotdb.thrift.rpc.IClientRPCService import Client
from iotdb.thrift.rpc.ttypes import (
    TSCloseOperationReq,
    TSCloseSessionReq,
    TSExecuteBatchStatementReq,
    TSExecuteStatementReq,
    TSFetchResultsReq,
    TSOpenSessionReq,
    TSProtocolVersion,
)
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.Thrift import TException
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TFramedTransport

from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult, query_result
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet, Tablets, insert_request

# Status codes of IoTDB.
SUCCESS, MULTIPLE, REDIRECT, EXPIRED, WRONG_LOGIN, NOT_LOGGED_IN = 200, 302, 400, 607, 801, 802
# Errors after which a connection is unusable.
BROKEN = (TException, OSError, EOFError)
_FETCH_ROWS = 10_000
# Pages are bounded by the caller; a row of many long texts must fit.
_LARGEST_FRAME = 512 * 2**20
# Closing the connection, or the end of the process, discards data that has not been sent.
_DISCARD_UNSENT = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class IotdbAddress:
    """nodes: host:port of each DataNode. database: path of the readings, such as root.iotflow."""

    nodes: Sequence[str] = ("127.0.0.1:6667",)
    user: str = "root"
    password: str = field(default="root", repr=False)
    database: str = "root.iotflow"


class StatementFailed(Exception):
    """IoTDB processed a request and rejected it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class IotdbSession:
    """A session, used by one thread at a time. Methods raise StatementFailed if IoTDB rejects a request; after any other
    exception (TException, OSError) the connection is unusable."""

    def __init__(self, node: str, address: IotdbAddress, connect_seconds: float, request_seconds: float) -> None:
        host, _, port = node.rpartition(":")
        self._socket = connection = TSocket(host, int(port))
        self._numbers = count()
        self._unread = 0
        connection.setTimeout(connect_seconds * 1000)
        self._transport = TFramedTransport(connection, _LARGEST_FRAME)
        self._transport.open()
        try:
            connection.handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD_UNSENT)
            self._client = Client(
                TBinaryProtocolAccelerated(
                    self._transport, string_length_limit=_LARGEST_FRAME, container_length_limit=_LARGEST_FRAME
                )
            )
            self._timeout = int(request_seconds * 1000)
            self._id = self._open(address)
            self._statement = self._client.requestStatementId(self._id)
            connection.setTimeout(request_seconds * 1000)
        except BaseException:
            # A session that was not made cannot be closed by the caller.
            self._transport.close()
            raise

    def close(self) -> None:
        """Close the session and the connection."""
        try:
            self._ready().closeSession(TSCloseSessionReq(self._id))
        finally:
            self._transport.close()

    def hang_up(self) -> None:
        """Close the connection without closing the session."""
        self._transport.close()

    def cut(self) -> None:
        """Shut the connection down while another thread waits for a response."""
        with suppress(OSError):
            self._socket.handle.shutdown(socket.SHUT_RDWR)

    def ping(self) -> None:
        """Return when the server responds."""
        _check(self._ready().getTimeZone(self._id).status)

    def execute(self, statement: str) -> None:
        """Run a statement without a result."""
        request = TSExecuteStatementReq(self._id, statement, self._statement, timeout=self._timeout)
        _check(self._ready().executeUpdateStatementV2(request).status)

    def query(self, statement: str) -> QueryResult:
        """The whole result of a statement; the caller must bound it."""
        self._send(self._ready(), statement)
        return self._whole(statement, self._client.recv_executeQueryStatementV2())

    def query_after(self, before: str, statement: str) -> tuple[QueryResult | None, QueryResult]:
        """The results of two statements, the second started as soon as the first has ended; None: the first was rejected."""
        client = self._ready()
        self._send(client, before)
        self._send(client, statement)
        first, second = client.recv_executeQueryStatementV2(), client.recv_executeQueryStatementV2()
        result = None if _error(first.status) else self._whole(before, first)
        return result, self._whole(statement, second)

    def execute_all(self, statements: list[str]) -> None:
        """Run statements by one call, all of them even if one is rejected."""
        _check(self._ready().executeBatchStatement(TSExecuteBatchStatementReq(self._id, statements)))

    def insert(self, tablets: Sequence[Tablet | Tablets]) -> list[StatementFailed | None]:
        """Store tablets by one call; returns None or the error of each."""
        client = self._ready()
        self._socket.write(insert_request(self._id, tablets, next(self._numbers)))
        status = client.recv_insertTablets()
        if status.code == MULTIPLE:
            return [_insert_error(one) for one in status.subStatus]
        return [_insert_error(status)] * sum(one.number if isinstance(one, Tablets) else 1 for one in tablets)

    def insert_one(self, tablet: Tablet) -> None:
        """Store a tablet."""
        for error in self.insert([tablet]):
            if error is not None:
                raise error

    def _ready(self) -> Client:
        """The client, after reading all pending responses."""
        while self._unread:
            self._client.recv_closeOperation()
            self._unread -= 1
        return self._client

    def _open(self, address: IotdbAddress) -> int:
        response = self._client.openSession(
            TSOpenSessionReq(
                TSProtocolVersion.IOTDB_SERVICE_PROTOCOL_V3,
                "UTC",
                address.user,
                address.password,
                {"version": "V_1_0", "sql_dialect": "tree"},
            )
        )
        _check(response.status)
        return int(response.sessionId)

    def _send(self, client: Client, statement: str) -> None:
        request = TSExecuteStatementReq(self._id, statement, self._statement, _FETCH_ROWS, self._timeout)
        client.send_executeQueryStatementV2(request)

    def _whole(self, statement: str, first: Any) -> QueryResult:
        """The whole result that starts with `first`."""
        _check(first.status)
        blocks, more = list(first.queryResult or ()), first.moreData
        while more:
            further, more = self._fetch(statement, first.queryId)
            blocks += further
        # The next request reads the response, which has no information.
        self._client.send_closeOperation(TSCloseOperationReq(self._id, first.queryId, self._statement))
        self._unread += 1
        positions = first.columnIndex2TsBlockColumnIndexList or range(len(first.columns))
        return query_result(first.columns, first.dataTypeList, positions, blocks)

    def _fetch(self, statement: str, query_id: int) -> tuple[list[bytes], bool]:
        request = TSFetchResultsReq(self._id, statement, _FETCH_ROWS, query_id, True, self._timeout, self._statement)
        response = self._ready().fetchResultsV2(request)
        _check(response.status)
        return response.queryResult or [], response.moreData


def _error(status: Any) -> StatementFailed | None:
    return None if status.code in (SUCCESS, REDIRECT) else StatementFailed(status.code, status.message)


def _insert_error(status: Any) -> StatementFailed | None:
    # All rows of the tablet have expired: they were accepted and removed at once.
    return None if status.code == EXPIRED else _error(status)


def _check(status: Any) -> None:
    errors = [_error(one) for one in status.subStatus or ()] if status.code == MULTIPLE else [_error(status)]
    for error in errors:
        if error is not None:
            raise error

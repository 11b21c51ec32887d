"""One connection to IoTDB.

Speaks its Thrift service through the generated client. The library's own Session takes results row by row or as data
frames, and says of many tablets only that one of them failed.
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
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet, insert_request

# IoTDB's codes of what came of a request.
SUCCESS, MULTIPLE, REDIRECT, PAST_ITS_TIME, WRONG_LOGIN, NOT_LOGGED_IN = 200, 302, 400, 607, 801, 802
# What says that a connection is of no use any more.
BROKEN = (TException, OSError, EOFError)
_FETCH_ROWS = 10_000
# Pages are bounded elsewhere; a row of many long texts must get through.
_LARGEST_FRAME = 512 * 2**20
# Whoever hangs up, or dies, takes back what has not left this machine yet.
_TAKE_BACK = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class IotdbAddress:
    """nodes: host:port of each DataNode. database: where the readings are, as root.iotflow."""

    nodes: Sequence[str] = ("127.0.0.1:6667",)
    user: str = "root"
    password: str = field(default="root", repr=False)
    database: str = "root.iotflow"


class StatementFailed(Exception):
    """IoTDB understood a request and refused it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Session:
    """Used by one thread at a time. Methods raise StatementFailed for a refusal; what else they raise (TException, OSError)
    means that the connection is of no use any more."""

    def __init__(self, node: str, address: IotdbAddress, connect_seconds: float, request_seconds: float) -> None:
        host, _, port = node.rpartition(":")
        self._socket = connection = TSocket(host, int(port))
        self._numbers = count()
        self._unread = 0
        connection.setTimeout(connect_seconds * 1000)
        self._transport = TFramedTransport(connection, _LARGEST_FRAME)
        self._transport.open()
        try:
            connection.handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _TAKE_BACK)
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
            self._transport.close()
            raise

    def close(self) -> None:
        """Say goodbye and hang up."""
        try:
            self._ready().closeSession(TSCloseSessionReq(self._id))
        finally:
            self._transport.close()

    def hang_up(self) -> None:
        """End the connection without a word."""
        self._transport.close()

    def cut(self) -> None:
        """End the connection under whoever waits for an answer; by another thread."""
        with suppress(OSError):
            self._socket.handle.shutdown(socket.SHUT_RDWR)

    def ping(self) -> None:
        """Return when the server answers."""
        _check(self._ready().getTimeZone(self._id).status)

    def execute(self, statement: str) -> None:
        """Run a statement that has no answer."""
        request = TSExecuteStatementReq(self._id, statement, self._statement, timeout=self._timeout)
        _check(self._ready().executeUpdateStatementV2(request).status)

    def query(self, statement: str) -> QueryResult:
        """The whole answer of a statement; whoever asks sees to it that it is bounded."""
        self._ask(self._ready(), statement)
        return self._whole(statement, self._client.recv_executeQueryStatementV2())

    def query_after(self, before: str, statement: str) -> tuple[QueryResult | None, QueryResult]:
        """The answers of two statements, the second begun as soon as the first has ended; None: it was refused."""
        client = self._ready()
        self._ask(client, before)
        self._ask(client, statement)
        first, second = client.recv_executeQueryStatementV2(), client.recv_executeQueryStatementV2()
        told = None if _refusal(first.status) else self._whole(before, first)
        return told, self._whole(statement, second)

    def execute_all(self, statements: list[str]) -> None:
        """Run statements by one call, all of them even where one is refused."""
        _check(self._ready().executeBatchStatement(TSExecuteBatchStatementReq(self._id, statements)))

    def insert(self, tablets: Sequence[Tablet]) -> list[StatementFailed | None]:
        """Store the tablets by one call; for each of them None, or why it was refused."""
        client = self._ready()
        self._socket.write(insert_request(self._id, tablets, next(self._numbers)))
        status = client.recv_insertTablets()
        if status.code == MULTIPLE:
            return [_insert_refusal(one) for one in status.subStatus]
        return [_insert_refusal(status)] * len(tablets)

    def insert_one(self, tablet: Tablet) -> None:
        """Store a tablet."""
        for refusal in self.insert([tablet]):
            if refusal is not None:
                raise refusal

    def _ready(self) -> Client:
        """The client, with no answer under way."""
        while self._unread:
            self._client.recv_closeOperation()
            self._unread -= 1
        return self._client

    def _open(self, address: IotdbAddress) -> int:
        query_result = self._client.openSession(
            TSOpenSessionReq(
                TSProtocolVersion.IOTDB_SERVICE_PROTOCOL_V3,
                "UTC",
                address.user,
                address.password,
                {"version": "V_1_0", "sql_dialect": "tree"},
            )
        )
        _check(query_result.status)
        return int(query_result.sessionId)

    def _ask(self, client: Client, statement: str) -> None:
        request = TSExecuteStatementReq(self._id, statement, self._statement, _FETCH_ROWS, self._timeout)
        client.send_executeQueryStatementV2(request)

    def _whole(self, statement: str, first: Any) -> QueryResult:
        """The answer that begins so."""
        _check(first.status)
        blocks, more = list(first.queryResult or ()), first.moreData
        while more:
            further, more = self._fetch(statement, first.queryId)
            blocks += further
        # Whoever asks next takes note of the answer, which says nothing of interest.
        self._client.send_closeOperation(TSCloseOperationReq(self._id, first.queryId, self._statement))
        self._unread += 1
        places = first.columnIndex2TsBlockColumnIndexList or range(len(first.columns))
        return query_result(first.columns, first.dataTypeList, places, blocks)

    def _fetch(self, statement: str, query_id: int) -> tuple[list[bytes], bool]:
        request = TSFetchResultsReq(self._id, statement, _FETCH_ROWS, query_id, True, self._timeout, self._statement)
        query_result = self._ready().fetchResultsV2(request)
        _check(query_result.status)
        return query_result.queryResult or [], query_result.moreData


def _refusal(status: Any) -> StatementFailed | None:
    return None if status.code in (SUCCESS, REDIRECT) else StatementFailed(status.code, status.message)


def _insert_refusal(status: Any) -> StatementFailed | None:
    # All rows of the tablet are older than IoTDB keeps them: taken, and gone at once.
    return None if status.code == PAST_ITS_TIME else _refusal(status)


def _check(status: Any) -> None:
    refusals = [_refusal(one) for one in status.subStatus or ()] if status.code == MULTIPLE else [_refusal(status)]
    for refusal in refusals:
        if refusal is not None:
            raise refusal

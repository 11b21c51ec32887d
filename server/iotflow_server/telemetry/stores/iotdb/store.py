"""The telemetry store over IoTDB."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from functools import partial

import numpy as np

from iotflow.words import Aggregation, Fill
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Column, Rejection, ValueType
from iotflow_server.telemetry.multi_device_batch import AnyBatch
from iotflow_server.telemetry.ports import SERVER, Latest, Span, Windows
from iotflow_server.telemetry.resolution import MOST_MEASUREMENTS
from iotflow_server.telemetry.stores.iotdb import aggregating, lookup, reading, spans, writing
from iotflow_server.telemetry.stores.iotdb.nodes import Nodes
from iotflow_server.telemetry.stores.iotdb.order import RowOrder
from iotflow_server.telemetry.stores.iotdb.pool import SessionPool
from iotflow_server.telemetry.stores.iotdb.retention import Retention
from iotflow_server.telemetry.stores.iotdb.schema import STATEMENT_COLUMNS, Paths
from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress, IotdbSession, StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import tablet
from iotflow_server.telemetry.stores.iotdb.type_cache import TypeCache, Types, types_of
from iotflow_server.telemetry.times import system_now_ms
from iotflow_server.telemetry.type_conversion import retyped

_KNOWN_MEASUREMENTS, _KNOWN_DEVICES = 200_000, 200_000
_DATABASE_EXISTS = 501


class IotdbStore:
    """Keeps readings in an IoTDB server or cluster, as `<database>.devices.device_<id>` with one column per measurement.

    A write is not durable on return: IoTDB acknowledges it before its disk has the readings, and a crash of its machine
    loses some seconds of them. A durable caller must keep them elsewhere until `flush` has returned.

    clock: now, in milliseconds since 1970 UTC, for retention. settled: whether the clock is reliable enough to remove
    readings by it. sessions: number of concurrent writes. readers: number of concurrent queries, which callers share
    fairly. request_seconds: time after which IoTDB counts as unavailable. rules_seconds: time until a retention rule set by
    another server takes effect here. sole: whether no other process writes to the database meanwhile. most_measurements:
    limit per device. statement_columns: largest number of columns in one statement.
    """

    def __init__(
        self,
        address: IotdbAddress,
        *,
        clock: Callable[[], int] = system_now_ms,
        settled: Callable[[], bool] = lambda: True,
        sessions: int = 4,
        readers: int = 6,
        request_seconds: float = 60.0,
        rules_seconds: float = 5.0,
        sole: bool = False,
        most_measurements: int = MOST_MEASUREMENTS,
        statement_columns: int = STATEMENT_COLUMNS,
    ) -> None:
        self._paths = Paths(address.database, statement_columns)
        nodes = Nodes(address, request_seconds, partial(_create_database, paths=self._paths))
        self._pool = SessionPool(nodes, sessions, readers)
        self._type_cache = TypeCache(self._paths, _KNOWN_MEASUREMENTS, most_measurements)
        self._order = RowOrder(_KNOWN_DEVICES, lambda: nodes.generation) if sole else None
        self._retention = Retention(self._paths, clock, rules_seconds)
        self._target = writing.Target(self._type_cache, self._paths, self._order, self._retention, settled)

    @property
    def name(self) -> str:
        return "iotdb"

    @property
    def writers(self) -> int:
        return self._pool.sessions

    @property
    def buffering(self) -> bool:
        return False

    @property
    def journal(self) -> None:
        return None

    async def start(self) -> None:
        """Connections are opened on demand."""

    @property
    def epoch(self) -> int:
        """Changes when a connection is lost, because the server may have lost unflushed data; up to date when `flush` has
        returned."""
        return self._pool.nodes.generation

    async def close(self) -> None:
        await self._pool.close()

    async def check(self) -> str:
        await self._pool.write(_probe, self._paths)
        return ""

    async def flush(self) -> None:
        """On return all earlier writes are on the disk of IoTDB: a crash of its machine loses none of them."""
        await self._pool.write(_flush, self._paths)
        await self._pool.check_nodes()

    async def write(self, batches: Sequence[AnyBatch]) -> list[tuple[Rejection, ...]]:
        return await self._pool.write(writing.write, self._target, batches)

    async def read(
        self,
        device_id: int,
        span: Span,
        measurements: Sequence[str] | None = None,
        *,
        newest_first: bool = False,
        chunk_rows: int = 10_000,
        caller: str = SERVER,
    ) -> AsyncGenerator[Batch]:
        query, page, epoch = await self._pool.read(
            caller, self._first_page, device_id, span, measurements, newest_first=newest_first, chunk_rows=chunk_rows
        )
        while True:
            if self.epoch != epoch:
                # Pages from before and after a restart may not fit together.
                raise Unavailable("STORE_UNAVAILABLE", "The telemetry store restarted during the query; repeat it.")
            if page.batch is not None:
                yield page.batch
                query = query.after(page.batch)
            if page.ahead is None:
                return
            page = await self._pool.read(caller, reading.page, self._paths, query, page.ahead)

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        earliest = await self._pool.read(caller, self._retention.earliest)
        return await self._pool.read(caller, lookup.latest, self._paths, device_ids, measurements, earliest)

    async def aggregate(
        self,
        device_id: int,
        span: Span,
        window: int,
        functions: Sequence[Aggregation],
        measurements: Sequence[str] | None = None,
        fill: Fill | None = None,
        *,
        caller: str = SERVER,
    ) -> Windows:
        kept = await self._pool.read(caller, self._kept, device_id, span)
        types = await self._chosen(device_id, measurements, caller)
        distinct = tuple(dict.fromkeys(functions))
        requests = [
            aggregating.AggregateRequest(device_id, measurement, value_type, kept, window, distinct)
            for measurement, value_type in types.items()
        ]
        return await self._pool.read(caller, aggregating.aggregate, self._paths, requests, span, window, fill)

    async def measurements(self, device_id: int, *, caller: str = SERVER) -> dict[str, ValueType]:
        return (await self._pool.read(caller, types_of, self._paths, [device_id]))[device_id]

    async def delete(self, device_id: int, span: Span) -> None:
        await self._pool.write(_delete, self._paths, device_id, span)

    async def drop(self, device_id: int, measurement: str) -> None:
        await self._pool.write(_drop, self._type_cache, self._paths, device_id, measurement)

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """A crash during the conversion may lose readings; JournaledWriter keeps them."""
        if await self._chosen(device_id, [measurement]):
            batches = await retyped(self.read(device_id, Span(), [measurement]), measurement, value_type)
            await self.drop(device_id, measurement)
            await self.write(batches)
            await self.flush()

    async def count(self, device_id: int, span: Span, *, caller: str = SERVER) -> int:
        kept = await self._pool.read(caller, self._kept, device_id, span)
        return await self._pool.read(caller, lookup.count, self._paths, device_id, kept)

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        await self._pool.write(self._retention.set_rule, device_id, milliseconds)

    def _first_page(
        self,
        session: IotdbSession,
        device_id: int,
        span: Span,
        measurements: Sequence[str] | None,
        *,
        newest_first: bool,
        chunk_rows: int,
    ) -> tuple[reading.ColumnQuery, reading.ColumnPage, int]:
        """The query for the following pages, the first page, and its epoch."""
        epoch, kept = self.epoch, self._kept(session, device_id, span)
        if measurements is None:
            types: Types = types_of(session, self._paths, [device_id])[device_id]
        else:
            types = self._type_cache.of(session, [device_id])[device_id]
        query = reading.query_for(
            device_id, types, measurements, self._order, newest_first=newest_first, chunk_rows=chunk_rows
        )
        return query, reading.page(session, self._paths, query, kept), epoch

    def _kept(self, session: IotdbSession, device_id: int, span: Span) -> Span:
        """The part of the span whose readings have not expired."""
        kept = self._retention.within(session, device_id, span)
        return spans.opened(session, self._paths, device_id, kept)

    async def _chosen(
        self, device_id: int, measurements: Iterable[str] | None, caller: str = SERVER
    ) -> dict[str, ValueType]:
        """The types of a device: all by name, or the requested ones in that order."""
        types = await self.measurements(device_id, caller=caller)
        return types if measurements is None else {name: types[name] for name in measurements if name in types}


def _create_database(session: IotdbSession, paths: Paths) -> None:
    try:
        session.execute(f"CREATE DATABASE {paths.database}")
    except StatementFailed as failure:
        if failure.code != _DATABASE_EXISTS:
            raise


def _probe(session: IotdbSession, paths: Paths) -> None:
    # A server that responds may still reject writes, just after its start or when its disk is full.
    column = Column("written", ValueType.BOOLEAN, np.array([True]))
    session.insert_one(tablet(paths.probe, np.zeros(1, np.int64), [column]))


def _flush(session: IotdbSession, paths: Paths) -> None:
    session.execute(f"FLUSH {paths.database}")
    # If its disk is full, IoTDB reports success although readings are lost; but then it rejects further writes.
    _probe(session, paths)


def _drop(session: IotdbSession, type_cache: TypeCache, paths: Paths, device_id: int, measurement: str) -> None:
    if measurement in types_of(session, paths, [device_id])[device_id]:
        type_cache.drop(session, device_id, [measurement])


def _delete(session: IotdbSession, paths: Paths, device_id: int, span: Span) -> None:
    if span.start < span.end:
        whole = spans.opened(session, paths, device_id, span)
        # If all readings of a device are deleted while in memory, IoTDB may write a file that it cannot read.
        _flush(session, paths)
        session.execute(f"DELETE FROM {paths.device(device_id)}.* {spans.within(whole)}")
        _flush(session, paths)

"""The store port over IoTDB."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from functools import partial

import numpy as np

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Column, Rejection, ValueType
from iotflow_server.telemetry.ports import SERVER, Fill, Function, Latest, Span, Windows
from iotflow_server.telemetry.resolution import MOST_MEASUREMENTS
from iotflow_server.telemetry.retyping import retyped
from iotflow_server.telemetry.stores.iotdb import aggregating, lookup, reading, spans, writing
from iotflow_server.telemetry.stores.iotdb.catalogue import Catalogue, Types, types_of
from iotflow_server.telemetry.stores.iotdb.names import Paths
from iotflow_server.telemetry.stores.iotdb.order import Order
from iotflow_server.telemetry.stores.iotdb.pool import Pool
from iotflow_server.telemetry.stores.iotdb.retention import Retention, system_clock
from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress, Session, StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import tablet

_KNOWN_MEASUREMENTS, _KNOWN_DEVICES = 200_000, 200_000
_DATABASE_EXISTS = 501


class IotdbStore:
    """Keeps readings in an IoTDB server or cluster: `<database>.devices.device_<id>`, a measurement a column.

    A write is not durable when it returns: IoTDB says yes before its disk has the readings, and a crash of its machine
    loses some seconds of them. Whoever promises more keeps them elsewhere until `flush` has returned.

    clock: now, in milliseconds since 1970 UTC, for retention. settled: whether by it anything may be removed.
    sessions: how many calls run at a time, beside `readers` questions, which callers share fairly; the others wait.
    request_seconds: how long IoTDB may take for a request before it counts as away. rules_seconds: how long a retention
    rule set by another server may take to hold here. sole: whether nobody else writes to this database while this is open.
    most_measurements: of a device; further names are refused.
    """

    def __init__(
        self,
        address: IotdbAddress,
        *,
        clock: Callable[[], int] = system_clock,
        settled: Callable[[], bool] = lambda: True,
        sessions: int = 4,
        readers: int = 6,
        request_seconds: float = 60.0,
        rules_seconds: float = 5.0,
        sole: bool = False,
        most_measurements: int = MOST_MEASUREMENTS,
    ) -> None:
        self._paths = Paths(address.database)
        self._pool = Pool(address, sessions, readers, request_seconds, partial(_create, paths=self._paths))
        self._catalogue = Catalogue(self._paths, _KNOWN_MEASUREMENTS, most_measurements)
        self._order = Order(_KNOWN_DEVICES, lambda: self._pool.generation) if sole else None
        self._retention = Retention(self._paths, clock, rules_seconds)
        self._target = writing.Target(self._catalogue, self._paths, self._order, self._retention, settled)

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
        """Connections are made when they are needed."""

    @property
    def epoch(self) -> int:
        """Another number once a connection broke: the server behind it may have lost what was not flushed. Certain when
        `flush` has returned."""
        return self._pool.generation

    async def close(self) -> None:
        await self._pool.close()

    async def check(self) -> str:
        await self._pool.run(_probe, self._paths)
        return ""

    async def flush(self) -> None:
        """On return, what was written before the call is on IoTDB's disk: a crash of its machine loses none of it."""
        await self._pool.run(_flush, self._paths)
        await self._pool.watch()

    async def write(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        return await self._pool.run(writing.write, self._target, batches)

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
        query, page, server = await self._pool.ask(
            caller, self._begun, device_id, span, measurements, newest_first=newest_first, chunk_rows=chunk_rows
        )
        while True:
            if self.epoch != server:
                # What the first pages had may be missing in these, and the other way round.
                raise Unavailable("STORE_UNAVAILABLE", "The telemetry store went away while it was read; ask again.")
            if page.batch is not None:
                yield page.batch
                query = query.after(page.batch)
            if page.ahead is None:
                return
            page = await self._pool.ask(caller, reading.page, self._paths, query, page.ahead)

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        earliest = await self._pool.ask(caller, self._retention.earliest)
        return await self._pool.ask(caller, lookup.latest, self._paths, device_ids, measurements, earliest)

    async def aggregate(
        self,
        device_id: int,
        span: Span,
        window: int,
        functions: Sequence[Function],
        measurements: Sequence[str] | None = None,
        fill: Fill | None = None,
        *,
        caller: str = SERVER,
    ) -> Windows:
        kept = await self._pool.ask(caller, self._kept, device_id, span)
        types = await self._chosen(device_id, measurements, caller)
        distinct = tuple(dict.fromkeys(functions))
        asked = [
            aggregating.AggregateRequest(device_id, measurement, value_type, kept, window, distinct)
            for measurement, value_type in types.items()
        ]
        return await self._pool.ask(caller, aggregating.aggregate, self._paths, asked, span, window, fill)

    async def measurements(self, device_id: int, *, caller: str = SERVER) -> dict[str, ValueType]:
        return (await self._pool.ask(caller, types_of, self._paths, [device_id]))[device_id]

    async def delete(self, device_id: int, span: Span) -> None:
        await self._pool.run(_delete, self._paths, device_id, span)

    async def drop(self, device_id: int, measurement: str) -> None:
        await self._pool.run(_drop, self._catalogue, self._paths, device_id, measurement)

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """What a crash in the middle of it loses must be kept elsewhere; see JournaledWriter."""
        if await self._chosen(device_id, [measurement]):
            batches = await retyped(self.read(device_id, Span(), [measurement]), measurement, value_type)
            await self.drop(device_id, measurement)
            await self.write(batches)
            await self.flush()

    async def count(self, device_id: int, span: Span, *, caller: str = SERVER) -> int:
        kept = await self._pool.ask(caller, self._kept, device_id, span)
        return await self._pool.ask(caller, lookup.count, self._paths, device_id, kept)

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        await self._pool.run(self._retention.set_rule, device_id, milliseconds)

    def _begun(
        self,
        session: Session,
        device_id: int,
        span: Span,
        measurements: Sequence[str] | None,
        *,
        newest_first: bool,
        chunk_rows: int,
    ) -> tuple[reading.ColumnQuery, reading.ColumnPage, int]:
        """The first page, and how to read on; with the epoch that it is of."""
        server, kept = self.epoch, self._kept(session, device_id, span)
        if measurements is None:
            types: Types = types_of(session, self._paths, [device_id])[device_id]
        else:
            types = self._catalogue.of(session, [device_id])[device_id]
        query = reading.query_for(
            device_id, types, measurements, self._order, newest_first=newest_first, chunk_rows=chunk_rows
        )
        return query, reading.page(session, self._paths, query, kept), server

    def _kept(self, session: Session, device_id: int, span: Span) -> Span:
        """What of the span is not past its time."""
        kept = self._retention.within(session, device_id, span)
        return spans.opened(session, self._paths, device_id, kept)

    async def _chosen(
        self, device_id: int, measurements: Iterable[str] | None, caller: str = SERVER
    ) -> dict[str, ValueType]:
        """A device's types: all by name, or those asked for in the order asked for."""
        types = await self.measurements(device_id, caller=caller)
        return types if measurements is None else {name: types[name] for name in measurements if name in types}


def _create(session: Session, paths: Paths) -> None:
    try:
        session.execute(f"CREATE DATABASE {paths.database}")
    except StatementFailed as failure:
        if failure.code != _DATABASE_EXISTS:
            raise


def _probe(session: Session, paths: Paths) -> None:
    # A server that answers may still refuse to write: it started a moment ago, its disk is full.
    column = Column("written", ValueType.BOOLEAN, np.array([True]))
    session.insert_one(tablet(paths.probe, np.zeros(1, np.int64), [column]))


def _flush(session: Session, paths: Paths) -> None:
    session.execute(f"FLUSH {paths.database}")
    # Of a disk that is full IoTDB says that all went well. What it could not keep is gone, and it takes no writes any more.
    _probe(session, paths)


def _drop(session: Session, catalogue: Catalogue, paths: Paths, device_id: int, measurement: str) -> None:
    if measurement in types_of(session, paths, [device_id])[device_id]:
        catalogue.drop(session, device_id, [measurement])


def _delete(session: Session, paths: Paths, device_id: int, span: Span) -> None:
    if span.start < span.end:
        whole = spans.opened(session, paths, device_id, span)
        # Of a device all of whose readings are deleted in its memory IoTDB may make a file that it then cannot read.
        _flush(session, paths)
        session.execute(f"DELETE FROM {paths.device(device_id)}.* {spans.within(whole)}")
        _flush(session, paths)

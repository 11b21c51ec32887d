"""AggregateTelemetry."""

import math
from collections.abc import Iterable, Iterator

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow.words import Aggregation, Fill
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.encoding import encoded
from iotflow_server.rpc.codec.wire_rows import put_value, time_texts
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.telemetry.query import QueryHandler, names, span
from iotflow_server.telemetry.ports import Span, TelemetryReader, Windows
from iotflow_server.telemetry.times import parse_duration, utc_now_ms

MOST_WINDOWS = 10_000
# Figures of an answer, and those that are turned into objects in a few milliseconds.
MOST_FIGURES, AT_ONCE = 100_000, 500
ALIASES = {"mean": "avg"}
INFINITE = (math.inf, -math.inf)


class AggregateHandler:
    """Figures over windows, computed by the store."""

    def __init__(self, *, reader: TelemetryReader, queries: QueryHandler) -> None:
        self._reader = reader
        self._queries = queries

    async def aggregate(
        self, request: wire.AggregateTelemetryRequest, principal: Principal
    ) -> wire.AggregateTelemetryResponse:
        """AggregateTelemetry."""
        device = await self._queries.readable(request.device_id, principal)
        words = {function(name): name for name in names(request.aggregation) or ("avg",)}
        window = parse_duration(request.window or "1h", "window")
        over = span(request.start_time or "-24h", request.end_time or "now", utc_now_ms())
        fields = names([*request.fields, request.field])
        caller = principal.limit_key
        measurements = len(await self._reader.measurements(device.id, caller=caller) if fields is None else fields)
        _check_size(windows_in(over, window), measurements, len(words))
        fill = Fill(request.fill) if request.fill else None
        found = await self._reader.aggregate(device.id, over, window, list(words), fields, fill, caller=caller)
        head = wire.AggregateTelemetryResponse(
            device_id=device.id,
            device_name=device.name,
            device_type=device.device_type,
            window=request.window or "1h",
            start_time=timestamp_ms(over.start),
            end_time=timestamp_ms(over.end),
            aggregation=words.values(),
            count=len(found.times),
        )
        return await encoded(head, pieces(found, words, show_null=fill is not None))


def function(name: str) -> Aggregation:
    """A function by its name or its older one. Raises InvalidArgument."""
    try:
        return Aggregation(ALIASES.get(name, name))
    except ValueError:
        known = ", ".join([*Aggregation, *ALIASES])
        raise InvalidArgument("aggregation", f"{name!r} is none of {known}") from None


def windows_in(over: Span, window: int) -> int:
    """How many windows touch the span, about. Raises InvalidArgument where they are too many."""
    windows = (over.end - over.start) // window
    if windows > MOST_WINDOWS:
        raise InvalidArgument("window", f"gives more than {MOST_WINDOWS} windows; take a longer one or a shorter range")
    return windows


def _check_size(windows: int, measurements: int, functions: int) -> None:
    """Raise InvalidArgument where the answer would be too long."""
    figures = windows * measurements * functions
    if figures > MOST_FIGURES:
        problem = (
            f"{windows} windows of {measurements} measurements with {functions} functions are {figures:,} figures;"
            f" an answer has at most {MOST_FIGURES:,}. Take fewer fields or functions, a longer window or a shorter range"
        )
        raise InvalidArgument("window", problem, "TOO_MANY_FIGURES")


def pieces(found: Windows, words: dict[Aggregation, str], *, show_null: bool) -> Iterator[bytes]:
    """The windows as fields of the answer, a few of them at a time."""
    rows = max(1, AT_ONCE // max(1, len(found.figures)))
    for first in range(0, len(found.times), rows):
        data = objects(found, words, slice(first, first + rows), show_null=show_null)
        yield wire.AggregateTelemetryResponse(data=data).SerializeToString()


def objects(found: Windows, words: dict[Aggregation, str], rows: slice, *, show_null: bool) -> list[Struct]:
    """One object a window; figures go by the words the caller used."""
    structs = []
    for time in time_texts(found.times[rows]):
        struct = Struct()
        struct.fields["timestamp"].string_value = time
        structs.append(struct)
    for figures in found.figures:
        column, word = figures.column, words[figures.function]
        valid: Iterable[bool] = [True] * len(structs) if column.valid is None else column.valid[rows].tolist()
        for struct, is_valid, value in zip(structs, valid, column.values[rows].tolist(), strict=True):
            # JSON has no infinity; a sum may overflow to it.
            if is_valid and value not in INFINITE:
                put_value(_cell(struct, column.measurement, word), column.type, value)
            elif show_null:
                _cell(struct, column.measurement, word).null_value = NULL_VALUE
    return structs


def _cell(struct: Struct, measurement: str, word: str) -> Value:
    return struct.fields[measurement].struct_value.fields[word]

"""AggregateTelemetry: aggregates over windows of time."""

import math
from collections.abc import Iterable, Iterator

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow.words import Aggregation, Fill
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.batch_encoding import encode_in_thread, put_value, time_texts
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.telemetry.query import QueryHandler, field_names, parse_span
from iotflow_server.telemetry.ports import Span, TelemetryReader, Windows
from iotflow_server.telemetry.times import parse_duration, utc_now_ms

MOST_WINDOWS = 10_000
# Figures in a response.
MOST_FIGURES = 100_000
# Figures that are encoded without a pause. This takes a few milliseconds.
FIGURES_PER_TURN = 500
ALIASES = {"mean": "avg"}
INFINITE = (math.inf, -math.inf)


class AggregateHandler:
    """Handles AggregateTelemetry. The store computes the figures."""

    def __init__(self, *, reader: TelemetryReader, queries: QueryHandler) -> None:
        self._reader = reader
        self._queries = queries

    async def aggregate(
        self, request: wire.AggregateTelemetryRequest, principal: Principal
    ) -> wire.AggregateTelemetryResponse:
        """AggregateTelemetry."""
        device = await self._queries.readable(request.device_id, principal)
        names = {function(name): name for name in field_names(request.aggregation) or ("avg",)}
        window = parse_duration(request.window or "1h", "window")
        within = parse_span(request.start_time or "-24h", request.end_time or "now", utc_now_ms())
        fields = field_names([*request.fields, request.field])
        caller = principal.limit_key
        measurements = len(await self._reader.measurements(device.id, caller=caller) if fields is None else fields)
        _check_size(windows_in(within, window), measurements, len(names))
        fill = Fill(request.fill) if request.fill else None
        found = await self._reader.aggregate(device.id, within, window, list(names), fields, fill, caller=caller)
        head = wire.AggregateTelemetryResponse(
            device_id=device.id,
            device_name=device.name,
            device_type=device.device_type,
            window=request.window or "1h",
            start_time=timestamp_ms(within.start),
            end_time=timestamp_ms(within.end),
            aggregation=names.values(),
            count=len(found.times),
        )
        return await encode_in_thread(head, pieces(found, names, show_null=fill is not None))


def function(name: str) -> Aggregation:
    """The function with this name or alias. Raises InvalidArgument."""
    try:
        return Aggregation(ALIASES.get(name, name))
    except ValueError:
        known = ", ".join([*Aggregation, *ALIASES])
        raise InvalidArgument("aggregation", f"{name!r} is not an aggregation. The aggregations are {known}.") from None


def windows_in(within: Span, window: int) -> int:
    """The approximate number of windows in the span. Raises InvalidArgument if there are too many."""
    windows = (within.end - within.start) // window
    if windows > MOST_WINDOWS:
        raise InvalidArgument(
            "window", f"The range has more than {MOST_WINDOWS} windows. Set a longer window or a shorter range."
        )
    return windows


def _check_size(windows: int, measurements: int, functions: int) -> None:
    """Raise InvalidArgument if the response would be too large."""
    figures = windows * measurements * functions
    if figures > MOST_FIGURES:
        problem = (
            f"{windows} windows of {measurements} measurements with {functions} functions are {figures:,} figures."
            f" A response can have at most {MOST_FIGURES:,}."
            " Request fewer fields or functions, a longer window or a shorter range."
        )
        raise InvalidArgument("window", problem, "TOO_MANY_FIGURES")


def pieces(found: Windows, names: dict[Aggregation, str], *, show_null: bool) -> Iterator[bytes]:
    """Serialize the windows as fields of the response, a few windows in each item."""
    rows = max(1, FIGURES_PER_TURN // max(1, len(found.figures)))
    for first in range(0, len(found.times), rows):
        data = objects(found, names, slice(first, first + rows), show_null=show_null)
        yield wire.AggregateTelemetryResponse(data=data).SerializeToString()


def objects(found: Windows, names: dict[Aggregation, str], rows: slice, *, show_null: bool) -> list[Struct]:
    """One object for each window. The figures have the function names of the request."""
    structs = []
    for time in time_texts(found.times[rows]):
        struct = Struct()
        struct.fields["timestamp"].string_value = time
        structs.append(struct)
    for figures in found.figures:
        column, name = figures.column, names[figures.function]
        valid: Iterable[bool] = [True] * len(structs) if column.valid is None else column.valid[rows].tolist()
        for struct, is_valid, value in zip(structs, valid, column.values[rows].tolist(), strict=True):
            # A sum may overflow to infinity, which JSON cannot represent.
            if is_valid and value not in INFINITE:
                put_value(_cell(struct, column.measurement, name), column.type, value)
            elif show_null:
                _cell(struct, column.measurement, name).null_value = NULL_VALUE
    return structs


def _cell(struct: Struct, measurement: str, name: str) -> Value:
    return struct.fields[measurement].struct_value.fields[name]

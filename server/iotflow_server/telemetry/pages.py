"""Pages of readings, and their tokens."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

import orjson

from iotflow_server.errors import InvalidArgument
from iotflow_server.telemetry.batch import Batch, rows_of
from iotflow_server.telemetry.ports import EARLIEST, LATEST, Span, TelemetryReader

# A page is one response, which Envoy converts to JSON in one piece; gRPC clients accept 4 MiB by default.
PAGE_BYTES = 2**20
CHUNK_ROWS = 1_000
# A message of this size stays below the default limit of gRPC clients, 4 MiB, for texts of any characters.
PART_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Readings of one device. asked: the span of the first page. span: the part that is still to be read."""

    device_id: int
    asked: Span
    span: Span
    measurements: tuple[str, ...] | None
    limit: int
    newest_first: bool


@dataclass(frozen=True, slots=True)
class ReadingPage:
    """The rows of a page in chunks. rest: the span of the following pages; None: there are none."""

    chunks: tuple[Batch, ...]
    rows: int
    rest: Span | None


async def page(reader: TelemetryReader, query: PageQuery, caller: str) -> ReadingPage:
    """Read up to query.limit rows; fewer if they are very large."""
    chunks: list[Batch] = []
    left, room = query.limit, PAGE_BYTES
    # One row more than the page takes shows whether there is another page, without a second query.
    chunk_rows = min(query.limit, CHUNK_ROWS) + 1
    reading = reader.read(
        query.device_id,
        query.span,
        query.measurements,
        newest_first=query.newest_first,
        chunk_rows=chunk_rows,
        caller=caller,
    )
    async with aclosing(reading):
        async for chunk in reading:
            fitting = min(left, _rows_within(room, chunk)) if chunks else max(1, min(left, _rows_within(room, chunk)))
            if fitting:
                chunks.append(rows_of(chunk, 0, fitting))
            left -= min(fitting, len(chunk.times))
            room -= chunk.size
            # A row that does not fit means that there is another page.
            if fitting < len(chunk.times):
                return ReadingPage(tuple(chunks), query.limit - left, _rest(query, chunks[-1]))
    return ReadingPage(tuple(chunks), query.limit - left, None)


def _rows_within(room: int, chunk: Batch) -> int:
    """Approximate number of rows of the chunk that fit in room bytes."""
    return max(0, room * len(chunk.times) // chunk.size)


def _rest(query: PageQuery, last: Batch) -> Span:
    time = int(last.times[-1])
    return Span(query.span.start, time) if query.newest_first else Span(time + 1, query.span.end)


def parts(chunk: Batch, most: int = PART_BYTES) -> Iterator[Batch]:
    """Divide a chunk into parts of about `most` bytes, in order; rows are never divided."""
    rows = max(1, _rows_within(most, chunk))
    for first in range(0, len(chunk.times), rows):
        yield rows_of(chunk, first, first + rows)


def token(query: PageQuery, rest: Span | None) -> str:
    """The opaque token of the next page; empty if there is none."""
    if rest is None:
        return ""
    content = [query.device_id, query.asked.start, query.asked.end, rest.start, rest.end]
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


def spans(text: str, device_id: int) -> tuple[Span, Span]:
    """Decode a token: the requested span and the rest of it. Raises InvalidArgument."""
    try:
        padded = text + "=" * (-len(text) % 4)
        device, *edges = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        start, end, rest_start, rest_end = edges
        if not all(isinstance(edge, int) and EARLIEST <= edge <= LATEST for edge in edges):
            raise ValueError(edges)
    except (ValueError, TypeError, binascii.Error):
        raise InvalidArgument(
            "page_token", "is not the next_page_token of an earlier page; leave it out for the first page"
        ) from None
    if device != device_id:
        raise InvalidArgument("page_token", "belongs to another device; leave it out for the first page")
    return Span(start, end), Span(rest_start, rest_end)

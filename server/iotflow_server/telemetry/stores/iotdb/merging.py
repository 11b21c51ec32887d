"""Merging of the batches of one device into rows in time order, with distinct times."""

from collections.abc import Iterator, Sequence

import numpy as np

from iotflow_server.telemetry.batch import Column, Mask, Times
from iotflow_server.telemetry.windows import blanks

Piece = tuple[Times, tuple[Column, ...]]

# Pieces are joined while the result has at most this many cells, plus this multiple of the cells of the pieces.
_ROOM_CELLS, _GROWTH = 65_536, 2


def joinable(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Group consecutive pieces that have measurements in common: joining pieces with distinct measurements would square the
    number of cells."""
    together, rows, cells, names = list[Piece](), 0, 0, set[str]()
    for times, columns in pieces:
        own = {column.measurement for column in columns}
        all_rows, all_cells, all_names = rows + len(times), cells + len(times) * len(own), names | own
        if together and all_rows * len(all_names) > _ROOM_CELLS + _GROWTH * all_cells:
            yield together
            together, all_rows, all_cells, all_names = [], len(times), len(times) * len(own), own
        together.append((times, columns))
        rows, cells, names = all_rows, all_cells, all_names
    if together:
        yield together


def merged(pieces: Sequence[Piece]) -> Piece:
    """Merge pieces: ascending distinct times, each measurement once, no row without a value.

    Each piece has a measurement at most once. Later pieces win over earlier ones and later rows over earlier ones, value by
    value.
    """
    pieces = [piece for piece in pieces if piece[1] and len(piece[0])]
    if not pieces:
        return np.empty(0, np.int64), ()
    times, columns = pieces[0] if len(pieces) == 1 else _joined(pieces)
    if not (times[1:] > times[:-1]).all():
        times, columns = _in_order(times, columns)
    return _without_empty_rows(times, columns)


def _joined(pieces: Sequence[Piece]) -> Piece:
    times = np.concatenate([times for times, _ in pieces])
    first_columns = pieces[0][1]
    if all(_are_alike(first_columns, columns) for _, columns in pieces):
        together = zip(*(columns for _, columns in pieces), strict=True)
        return times, tuple(_concatenated(columns) for columns in together)
    columns: dict[str, Column] = {}
    first = 0
    for piece_times, piece_columns in pieces:
        rows = slice(first, first + len(piece_times))
        for column in piece_columns:
            whole = columns.get(column.measurement)
            if whole is None:
                whole = Column(
                    column.measurement, column.type, blanks(column.type, len(times)), np.zeros(len(times), np.bool_)
                )
                columns[column.measurement] = whole
            _place(column, whole, rows)
        first = rows.stop
    return times, tuple(columns.values())


def _are_alike(columns: Sequence[Column], others: Sequence[Column]) -> bool:
    """Whether both are columns without gaps of the same measurements in the same order, which is the common case."""
    return len(columns) == len(others) and all(
        one.measurement == other.measurement and one.valid is other.valid is None
        for one, other in zip(columns, others, strict=True)
    )


def _concatenated(columns: Sequence[Column]) -> Column:
    return Column(columns[0].measurement, columns[0].type, np.concatenate([column.values for column in columns]))


def _place(column: Column, whole: Column, rows: slice) -> None:
    whole.values[rows] = column.values
    if whole.valid is not None:
        whole.valid[rows] = True if column.valid is None else column.valid


def _in_order(times: Times, columns: Sequence[Column]) -> Piece:
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    lasts = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    firsts = np.append(0, lasts[:-1] + 1)
    return ordered[lasts], tuple(_last_values(column, order, firsts, lasts) for column in columns)


def _last_values(column: Column, order: Times, firsts: Times, lasts: Times) -> Column:
    """The last value of each run of rows order[first] .. order[last]."""
    if column.valid is None:
        return Column(column.measurement, column.type, column.values[order[lasts]])
    places = np.where(column.valid[order], np.arange(len(order)), -1)
    newest = np.maximum.accumulate(places)[lasts]
    return Column(column.measurement, column.type, column.values[order[newest]], newest >= firsts)


def _without_empty_rows(times: Times, columns: tuple[Column, ...]) -> Piece:
    full: Mask = np.zeros(len(times), np.bool_)
    for column in columns:
        if column.valid is None:
            return times, columns
        full |= column.valid
    if full.all():
        return times, columns
    return times[full], tuple(column.select(full) for column in columns)

"""Writing of groups of batches."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import structlog

from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.multi_device_batch import (
    AnyBatch,
    MultiDeviceBatch,
    device_ids_of,
    moved,
    regrouped,
    separated,
)
from iotflow_server.telemetry.resolution import Resolved, resolve, unstorable
from iotflow_server.telemetry.stores.iotdb.lookup import newest_times
from iotflow_server.telemetry.stores.iotdb.merging import Piece, joinable, merged
from iotflow_server.telemetry.stores.iotdb.order import RowOrder
from iotflow_server.telemetry.stores.iotdb.retention import Retention
from iotflow_server.telemetry.stores.iotdb.schema import Paths
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession, StatementFailed
from iotflow_server.telemetry.stores.iotdb.single_rows import divided, row_spans, single_rows
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet, Tablets, tablet
from iotflow_server.telemetry.stores.iotdb.type_cache import TypeCache, Types

Rejections = tuple[Rejection, ...]

# Codes for names and values that IoTDB cannot store; other codes concern its state: illegal parameter, metadata error, illegal
# path, data type mismatch, unparsable statement, semantic error.
_UNSTORABLE = frozenset({303, 507, 509, 614, 700, 701})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Where batches are written. settled: whether readings that have expired by the clock of the store count as removed."""

    type_cache: TypeCache
    paths: Paths
    order: RowOrder | None
    retention: Retention
    settled: Callable[[], bool]


def write(session: IotdbSession, target: Target, batches: Sequence[AnyBatch]) -> list[Rejections]:
    """Store the batches by one call or, if one of them cannot be stored, by one call each; returns the rejections."""
    try:
        return _write_with_fresh_types(session, target, batches)
    except (StatementFailed, UnicodeError):
        return regrouped(batches, [_write_alone(session, target, batch) for batch in separated(batches)])


def _write_alone(session: IotdbSession, target: Target, batch: Batch) -> Rejections:
    try:
        return _write_with_fresh_types(session, target, [batch])[0]
    except (StatementFailed, UnicodeError) as error:
        if isinstance(error, StatementFailed) and error.code not in _UNSTORABLE:
            raise
        _log.warning("batch_unstorable", device_id=batch.device_id, rows=len(batch.times), exc_info=error)
        return (unstorable(batch),)


def _write_with_fresh_types(session: IotdbSession, target: Target, batches: Sequence[AnyBatch]) -> list[Rejections]:
    """If the write fails, repeat it with current types: another server may have added measurements."""
    try:
        return _write_divided(session, target, batches)
    except StatementFailed:
        return _write_divided(session, target, batches)


def _write_divided(session: IotdbSession, target: Target, batches: Sequence[AnyBatch]) -> list[Rejections]:
    known = target.type_cache.of(session, device_ids_of(batches))
    group = divided(batches, known)
    separate = [batch for _, _, batch in group.parts]
    rejections: list[list[Rejection]] = [[] for _ in batches]
    found = _write_together(session, target, separate, group.together)
    for (place, first, _), own in zip(group.parts, found, strict=True):
        rejections[place] += moved(own, first)
    return [tuple(one) for one in rejections]


def _write_together(
    session: IotdbSession, target: Target, batches: Sequence[Batch], together: Sequence[MultiDeviceBatch]
) -> list[Rejections]:
    """together: batches of other devices, which are stored as they are. Returns the rejections of the others."""
    positions: dict[int, list[int]] = {}
    for position, batch in enumerate(batches):
        positions.setdefault(batch.device_id, []).append(position)
    known = target.type_cache.of(session, positions)
    fitted = _fitted(batches, positions, known, target.type_cache.most)
    if _drop_empty(session, target, known, fitted):
        return _write_together(session, target, batches, together)
    rejections: list[Rejections] = [()] * len(batches)
    tablets: list[Tablet | Tablets] = [single_rows(target.paths, one) for one in together]
    spans = [span for one in together for span in row_spans(one)]
    for device_id, own in positions.items():
        pieces = []
        for position, one in zip(own, fitted[device_id][0], strict=True):
            rejections[position] = one.rejections
            pieces.append((batches[position].times, one.columns))
        for times, columns in filter(_has_rows, map(merged, joinable(pieces))):
            tablets.append(tablet(target.paths.device(device_id), times, columns))
            spans.append((device_id, int(times[0]), int(times[-1])))
    try:
        target.type_cache.add(session, known, {device_id: new for device_id, (_, new) in fitted.items()})
        with target.order.writing(spans) if target.order else nullcontext():
            _insert(session, tablets)
    except StatementFailed:
        target.type_cache.forget([*positions, *device_ids_of(together)])
        raise
    return rejections


def _has_rows(piece: Piece) -> bool:
    return len(piece[0]) > 0


Fitted = dict[int, tuple[list[Resolved], Types]]


def _fitted(
    batches: Sequence[Batch], positions: Mapping[int, Sequence[int]], known: Mapping[int, Types], most: int
) -> Fitted:
    """By device: its batches fitted to its types, and the types that they set."""
    return {
        device_id: _resolved([batches[position] for position in own], known[device_id], most)
        for device_id, own in positions.items()
    }


def _resolved(batches: Sequence[Batch], known: Types, most: int) -> tuple[list[Resolved], Types]:
    """Fit each batch to the known types and to those set by earlier batches; returns the batches and the new types."""
    types = dict(known)
    new: dict[str, ValueType] = {}
    resolved = []
    for batch in batches:
        one = resolve(batch, types, most)
        types.update(one.new_types)
        new.update(one.new_types)
        resolved.append(one)
    return resolved, new


def _drop_empty(session: IotdbSession, target: Target, known: Mapping[int, Types], fitted: Fitted) -> bool:
    """Drop measurements with type conflicts that have no readings left; returns whether there were any."""
    freed = False
    for device_id, (resolved, _) in fitted.items():
        conflicts = sorted(known[device_id].keys() & set().union(*(one.conflicts for one in resolved)))
        if conflicts:
            earliest = target.retention.earliest(session)(device_id) if target.settled() else None
            newest = newest_times(session, target.paths, device_id, conflicts)
            empty = [name for name in conflicts if _is_empty(newest.get(name), earliest)]
            if empty:
                target.type_cache.drop(session, device_id, empty)
                freed = True
    return freed


def _is_empty(newest: int | None, earliest: int | None) -> bool:
    """Whether there are no readings, or all have expired."""
    return newest is None or (earliest is not None and newest < earliest)


def _insert(session: IotdbSession, tablets: Sequence[Tablet | Tablets]) -> None:
    for error in session.insert(tablets) if tablets else []:
        if error is not None:
            raise error

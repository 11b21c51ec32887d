"""Storing groups of batches."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import structlog

from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.resolution import Resolved, resolve
from iotflow_server.telemetry.stores.iotdb.catalogue import Catalogue, Types
from iotflow_server.telemetry.stores.iotdb.lookup import newest_times
from iotflow_server.telemetry.stores.iotdb.merging import joinable, merged
from iotflow_server.telemetry.stores.iotdb.names import Paths
from iotflow_server.telemetry.stores.iotdb.order import Order
from iotflow_server.telemetry.stores.iotdb.retention import Retention
from iotflow_server.telemetry.stores.iotdb.session import Session, StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet, tablet

Rejections = tuple[Rejection, ...]

# What IoTDB says of names and values that it cannot hold, as against of its own state: illegal parameter, metadata error,
# illegal path, data type mismatch, statement that cannot be parsed, semantic error.
_UNSTORABLE = frozenset({303, 507, 509, 614, 700, 701})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Where batches go. settled: whether what is past its time by the store's clock is gone for good."""

    catalogue: Catalogue
    paths: Paths
    order: Order | None
    retention: Retention
    settled: Callable[[], bool]


def write(session: Session, target: Target, batches: Sequence[Batch]) -> list[Rejections]:
    """Store the batches by one call or, if one of them cannot be stored, each by its own; answers what was refused."""
    try:
        return _write_with_fresh_types(session, target, batches)
    except (StatementFailed, UnicodeError):
        return [_write_alone(session, target, batch) for batch in batches]


def _write_alone(session: Session, target: Target, batch: Batch) -> Rejections:
    try:
        return _write_with_fresh_types(session, target, [batch])[0]
    except (StatementFailed, UnicodeError) as error:
        if isinstance(error, StatementFailed) and error.code not in _UNSTORABLE:
            raise
        _log.warning("batch_unstorable", device_id=batch.device_id, rows=len(batch.times), exc_info=error)
        message = "The batch holds a value that the store cannot keep."
        return (Rejection(0, len(batch.times), "", "UNSTORABLE", message),)


def _write_with_fresh_types(session: Session, target: Target, batches: Sequence[Batch]) -> list[Rejections]:
    """Once more with types looked up anew, if that fails: another server may have added some meanwhile."""
    try:
        return _write_together(session, target, batches)
    except StatementFailed:
        return _write_together(session, target, batches)


def _write_together(session: Session, target: Target, batches: Sequence[Batch]) -> list[Rejections]:
    places: dict[int, list[int]] = {}
    for place, batch in enumerate(batches):
        places.setdefault(batch.device_id, []).append(place)
    known = target.catalogue.of(session, places)
    fitted = _fitted(batches, places, known, target.catalogue.most)
    if _freed(session, target, known, fitted):
        return _write_together(session, target, batches)
    rejections: list[Rejections] = [()] * len(batches)
    tablets: list[Tablet] = []
    spans: list[tuple[int, int, int]] = []
    for device_id, own in places.items():
        pieces = []
        for place, one in zip(own, fitted[device_id][0], strict=True):
            rejections[place] = one.rejections
            pieces.append((batches[place].times, one.columns))
        for together in joinable(pieces):
            times, columns = merged(together)
            if len(times):
                tablets.append(tablet(target.paths.device(device_id), times, columns))
                spans.append((device_id, int(times[0]), int(times[-1])))
    try:
        target.catalogue.add(session, known, {device_id: new for device_id, (_, new) in fitted.items()})
        with target.order.writing(spans) if target.order else nullcontext():
            _insert(session, tablets)
    except StatementFailed:
        target.catalogue.forget(places)
        raise
    return rejections


Fitted = dict[int, tuple[list[Resolved], Types]]


def _fitted(
    batches: Sequence[Batch], places: Mapping[int, Sequence[int]], known: Mapping[int, Types], most: int
) -> Fitted:
    """By device, its batches fitted to its types, and the types that they set."""
    return {
        device_id: _resolved([batches[place] for place in own], known[device_id], most)
        for device_id, own in places.items()
    }


def _resolved(batches: Sequence[Batch], known: Types, most: int) -> tuple[list[Resolved], Types]:
    """Each batch fitted to the types known, and to those that the batches before it set; and these types."""
    types = dict(known)
    new: dict[str, ValueType] = {}
    resolved = []
    for batch in batches:
        one = resolve(batch, types, most)
        types.update(one.new_types)
        new.update(one.new_types)
        resolved.append(one)
    return resolved, new


def _freed(session: Session, target: Target, known: Mapping[int, Types], fitted: Fitted) -> bool:
    """Whether measurements whose type something does not fit had no readings any more: they are dropped, and have none."""
    freed = False
    for device_id, (resolved, _) in fitted.items():
        conflicts = sorted(known[device_id].keys() & set().union(*(one.conflicts for one in resolved)))
        if conflicts:
            earliest = target.retention.earliest(session)(device_id) if target.settled() else None
            newest = newest_times(session, target.paths, device_id, conflicts)
            empty = [name for name in conflicts if _is_empty(newest.get(name), earliest)]
            if empty:
                target.catalogue.drop(session, device_id, empty)
                freed = True
    return freed


def _is_empty(newest: int | None, earliest: int | None) -> bool:
    """Whether there is no reading, or all are past their time."""
    return newest is None or (earliest is not None and newest < earliest)


def _insert(session: Session, tablets: Sequence[Tablet]) -> None:
    refusals = session.insert(tablets) if tablets else []
    for refusal in refusals:
        if refusal is not None:
            raise refusal

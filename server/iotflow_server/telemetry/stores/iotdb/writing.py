"""Storing groups of batches."""

from collections.abc import Sequence
from contextlib import nullcontext

import structlog

from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.resolution import Resolved, resolve
from iotflow_server.telemetry.stores.iotdb.catalogue import Catalogue, Types
from iotflow_server.telemetry.stores.iotdb.merging import joinable, merged
from iotflow_server.telemetry.stores.iotdb.names import Paths
from iotflow_server.telemetry.stores.iotdb.order import Order
from iotflow_server.telemetry.stores.iotdb.session import Session, StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet, tablet

Rejections = tuple[Rejection, ...]

# What IoTDB says of names and values that it cannot hold, as against of its own state: illegal parameter, metadata error,
# illegal path, data type mismatch, statement that cannot be parsed, semantic error.
_UNSTORABLE = frozenset({303, 507, 509, 614, 700, 701})

_log = structlog.get_logger(__name__)


def write(
    session: Session, catalogue: Catalogue, paths: Paths, order: Order | None, batches: Sequence[Batch]
) -> list[Rejections]:
    """Store the batches by one call or, if one of them cannot be stored, each by its own; answers what was refused."""
    try:
        return _write_with_fresh_types(session, catalogue, paths, order, batches)
    except (StatementFailed, UnicodeError):
        return [_write_alone(session, catalogue, paths, order, batch) for batch in batches]


def _write_alone(session: Session, catalogue: Catalogue, paths: Paths, order: Order | None, batch: Batch) -> Rejections:
    try:
        return _write_with_fresh_types(session, catalogue, paths, order, [batch])[0]
    except (StatementFailed, UnicodeError) as error:
        if isinstance(error, StatementFailed) and error.code not in _UNSTORABLE:
            raise
        _log.warning("batch_unstorable", device_id=batch.device_id, rows=len(batch.times), exc_info=error)
        message = "The batch holds a value that the store cannot keep."
        return (Rejection(0, len(batch.times), "", "UNSTORABLE", message),)


def _write_with_fresh_types(
    session: Session, catalogue: Catalogue, paths: Paths, order: Order | None, batches: Sequence[Batch]
) -> list[Rejections]:
    """Once more with types looked up anew, if that fails: another server may have added some meanwhile."""
    try:
        return _write_together(session, catalogue, paths, order, batches)
    except StatementFailed:
        return _write_together(session, catalogue, paths, order, batches)


def _write_together(
    session: Session, catalogue: Catalogue, paths: Paths, order: Order | None, batches: Sequence[Batch]
) -> list[Rejections]:
    places: dict[int, list[int]] = {}
    for place, batch in enumerate(batches):
        places.setdefault(batch.device_id, []).append(place)
    rejections: list[Rejections] = [()] * len(batches)
    known = catalogue.of(session, places)
    new: dict[int, Types] = {}
    tablets: list[Tablet] = []
    spans: list[tuple[int, int, int]] = []
    for device_id, own in places.items():
        resolved, new[device_id] = _resolved([batches[place] for place in own], known[device_id], catalogue.most)
        for place, one in zip(own, resolved, strict=True):
            rejections[place] = one.rejections
        pieces = [(batches[place].times, one.columns) for place, one in zip(own, resolved, strict=True)]
        for together in joinable(pieces):
            times, columns = merged(together)
            if len(times):
                tablets.append(tablet(paths.device(device_id), times, columns))
                spans.append((device_id, int(times[0]), int(times[-1])))
    try:
        catalogue.add(session, known, new)
        with order.writing(spans) if order else nullcontext():
            _insert(session, tablets)
    except StatementFailed:
        catalogue.forget(places)
        raise
    return rejections


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


def _insert(session: Session, tablets: Sequence[Tablet]) -> None:
    refusals = session.insert(tablets) if tablets else []
    for refusal in refusals:
        if refusal is not None:
            raise refusal

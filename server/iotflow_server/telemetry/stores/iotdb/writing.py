"""Storing groups of batches."""

from collections.abc import Sequence

import structlog

from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.resolution import Resolved, resolve
from iotflow_server.telemetry.stores.iotdb.catalogue import Catalogue, Types
from iotflow_server.telemetry.stores.iotdb.merging import merged
from iotflow_server.telemetry.stores.iotdb.names import Paths
from iotflow_server.telemetry.stores.iotdb.session import Session, StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet, tablet

Rejections = tuple[Rejection, ...]

# What IoTDB says of names and values that it cannot hold, as against of its own state.
_UNSTORABLE = frozenset({507, 509, 510, 511, 700, 701})

_log = structlog.get_logger(__name__)


def write(session: Session, catalogue: Catalogue, paths: Paths, batches: Sequence[Batch]) -> list[Rejections]:
    """Store the batches by one call or, if one of them cannot be stored, each by its own; answers what was refused."""
    try:
        return _write_together(session, catalogue, paths, batches)
    except (StatementFailed, UnicodeError):
        return [_write_alone(session, catalogue, paths, batch) for batch in batches]


def _write_alone(session: Session, catalogue: Catalogue, paths: Paths, batch: Batch) -> Rejections:
    try:
        return _write_together(session, catalogue, paths, [batch])[0]
    except (StatementFailed, UnicodeError) as error:
        if isinstance(error, StatementFailed) and error.code not in _UNSTORABLE:
            raise
        _log.warning("batch_unstorable", device_id=batch.device_id, rows=len(batch.times), exc_info=error)
        message = "The batch holds a value that the store cannot keep."
        return (Rejection(0, len(batch.times), "", "UNSTORABLE", message),)


def _write_together(session: Session, catalogue: Catalogue, paths: Paths, batches: Sequence[Batch]) -> list[Rejections]:
    places: dict[int, list[int]] = {}
    for place, batch in enumerate(batches):
        places.setdefault(batch.device_id, []).append(place)
    rejections: list[Rejections] = [()] * len(batches)
    tablets: list[Tablet] = []
    try:
        known = catalogue.of(session, places)
        for device_id, own in places.items():
            device = _Device(session, catalogue, paths, device_id, [batches[place] for place in own])
            resolved = device.store_types(known[device_id], tablets)
            for place, one in zip(own, resolved, strict=True):
                rejections[place] = one.rejections
        _insert(session, tablets)
    except StatementFailed:
        catalogue.forget(places)
        raise
    return rejections


class _Device:
    """The batches of one device within a call."""

    def __init__(
        self, session: Session, catalogue: Catalogue, paths: Paths, device_id: int, batches: Sequence[Batch]
    ) -> None:
        self._session = session
        self._catalogue = catalogue
        self._path = paths.device(device_id)
        self._id = device_id
        self._batches = batches

    def store_types(self, known: Types, tablets: list[Tablet]) -> list[Resolved]:
        """Make the time series that are missing; what is to be inserted goes to tablets."""
        try:
            return self._fit(known, tablets)
        except StatementFailed:
            # Another may have made them meanwhile, of other types.
            self._catalogue.forget([self._id])
            return self._fit(self._catalogue.of(self._session, [self._id])[self._id], tablets)

    def _fit(self, known: Types, tablets: list[Tablet]) -> list[Resolved]:
        resolved, new = _resolved(self._batches, known)
        times, columns = merged(
            [(batch.times, one.columns) for batch, one in zip(self._batches, resolved, strict=True)]
        )
        # Made before the time series, so that a text that cannot be sent leaves no type behind.
        made = tablet(self._path, times, columns)
        if new:
            self._catalogue.add(self._session, self._id, known, new)
        if made.rows:
            tablets.append(made)
        return resolved


def _resolved(batches: Sequence[Batch], known: Types) -> tuple[list[Resolved], Types]:
    """Each batch fitted to the types known, and to those that the batches before it set; and these types."""
    types = dict(known)
    new: dict[str, ValueType] = {}
    resolved = []
    for batch in batches:
        one = resolve(batch, types)
        types.update(one.new_types)
        new.update(one.new_types)
        resolved.append(one)
    return resolved, new


def _insert(session: Session, tablets: Sequence[Tablet]) -> None:
    refusals = session.insert(tablets) if tablets else []
    for refusal in refusals:
        if refusal is not None:
            raise refusal

"""How long readings are kept.

The rules are time series of the database's own, `<database>.retention.<scope>.milliseconds`, so that every server knows
them and every answer is cut by them at once, by the store's clock. IoTDB's own time to live only gives the room back:
it counts by another clock, refuses readings past it, and is therefore set later than the rule.
"""

import time
from collections.abc import Callable, Mapping
from threading import Lock

import numpy as np
import structlog

from iotflow_server.telemetry.batch import Column, ValueType
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.names import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import Session, StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import tablet

_EVERY_DEVICE = "every_device"
_MEASUREMENT = "milliseconds"
_FOR_EVER = -1
# How much later IoTDB removes readings than the rule says.
_GRACE = 24 * 3_600_000

_log = structlog.get_logger(__name__)


def system_clock() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Retention:
    """The rules, read again when they are older than `fresh_seconds`: so long a rule set by another server may take to
    hold here. Used by many threads."""

    def __init__(self, paths: Paths, clock: Callable[[], int], fresh_seconds: float) -> None:
        self._paths = paths
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._rules: Mapping[str, int] = {}
        self._read_at = -fresh_seconds
        self._lock = Lock()

    def earliest(self, session: Session) -> Callable[[int], int | None]:
        """From a device to the earliest time that is kept, as the rules stand; None: all times."""
        rules, now = self._current(session), self._clock()

        def earliest_of(device_id: int) -> int | None:
            rule = rules.get(_scope(device_id), rules.get(_EVERY_DEVICE, _FOR_EVER))
            return None if rule == _FOR_EVER else now - rule

        return earliest_of

    def within(self, session: Session, device_id: int, span: Span) -> Span:
        """The part of the span whose readings are still kept."""
        earliest = self.earliest(session)(device_id)
        return span if earliest is None else Span(max(span.start, earliest), span.end)

    def set_rule(self, session: Session, device_id: int | None, milliseconds: int | None) -> None:
        """Keep a device's readings (None: those of devices without a rule) for so long (None: for ever)."""
        rule = _FOR_EVER if milliseconds is None else milliseconds
        column = Column(_MEASUREMENT, ValueType.INT64, np.array([rule], np.int64))
        path = f"{self._paths.rules}.{_scope(device_id)}"
        session.insert_one(tablet(path, np.zeros(1, np.int64), [column]))
        session.execute(f"FLUSH {self._paths.database}")
        with self._lock:
            self._read_at = -self._fresh_seconds
        self._set_time_to_live(session, device_id, milliseconds)

    def _set_time_to_live(self, session: Session, device_id: int | None, milliseconds: int | None) -> None:
        path = f"{self._paths.devices}.**" if device_id is None else self._paths.device(device_id)
        # IoTDB goes by the time of its machine, which may be ahead of this store's clock.
        ahead = max(0, system_clock() - self._clock())
        live = "INF" if milliseconds is None else milliseconds + ahead + _GRACE
        try:
            session.execute(f"SET TTL TO {path} {live}")
        except StatementFailed as failure:
            # It has room for so many rules only (1,000 unless set otherwise). The answers are right without.
            _log.warning("room_not_given_back", device_id=device_id, exc_info=failure)

    def _current(self, session: Session) -> Mapping[str, int]:
        with self._lock:
            if time.monotonic() - self._read_at < self._fresh_seconds:
                return self._rules
        read_at = time.monotonic()
        rules = self._read(session)
        with self._lock:
            self._rules, self._read_at = rules, read_at
        return rules

    def _read(self, session: Session) -> Mapping[str, int]:
        answer = session.query(f"SELECT LAST {quoted(_MEASUREMENT)} FROM {self._paths.rules}.*")
        names, values = (answer.columns[name].values for name in ("Timeseries", "Value"))
        return {name.split(".")[-2]: int(value) for name, value in zip(names, values, strict=True)}


def _scope(device_id: int | None) -> str:
    return _EVERY_DEVICE if device_id is None else f"device_{device_id}"

"""Retention rules.

The rules are time series of the database, `<database>.retention.<scope>.milliseconds`, so that all servers apply them to
every result at once, by the clock of the store. IoTDB's time to live only reclaims the space: it uses another clock and
rejects expired readings, and is therefore set longer than the rule.
"""

import time
from collections.abc import Callable, Mapping
from threading import Lock

import numpy as np
import structlog

from iotflow_server.telemetry.batch import Column, ValueType
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.schema import Paths, quoted
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession, StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import tablet
from iotflow_server.telemetry.times import system_now_ms

_DEFAULT = "every_device"
_MEASUREMENT = "milliseconds"
_NO_LIMIT = -1
# Time after which IoTDB removes expired readings.
_GRACE = 24 * 3_600_000

_log = structlog.get_logger(__name__)


class Retention:
    """The rules, queried again after `fresh_seconds`, which delays rules set by another server. Used by many threads."""

    def __init__(self, paths: Paths, clock: Callable[[], int], fresh_seconds: float) -> None:
        self._paths = paths
        self._clock = clock
        self._fresh_seconds = fresh_seconds
        self._rules: Mapping[str, int] = {}
        self._read_at = -fresh_seconds
        self._lock = Lock()

    def earliest(self, session: IotdbSession) -> Callable[[int], int | None]:
        """A function from a device to its earliest retained time by the current rules; None: no limit."""
        rules, now = self._current(session), self._clock()

        def earliest_of(device_id: int) -> int | None:
            rule = rules.get(_scope(device_id), rules.get(_DEFAULT, _NO_LIMIT))
            return None if rule == _NO_LIMIT else now - rule

        return earliest_of

    def within(self, session: IotdbSession, device_id: int, span: Span) -> Span:
        """The part of the span whose readings have not expired."""
        earliest = self.earliest(session)(device_id)
        return span if earliest is None else Span(max(span.start, earliest), span.end)

    def set_rule(self, session: IotdbSession, device_id: int | None, milliseconds: int | None) -> None:
        """Set the retention of a device; device_id None: the default, milliseconds None: without limit."""
        rule = _NO_LIMIT if milliseconds is None else milliseconds
        column = Column(_MEASUREMENT, ValueType.INT64, np.array([rule], np.int64))
        path = f"{self._paths.rules}.{_scope(device_id)}"
        session.insert_one(tablet(path, np.zeros(1, np.int64), [column]))
        session.execute(f"FLUSH {self._paths.database}")
        with self._lock:
            self._read_at = -self._fresh_seconds
        self._set_time_to_live(session, device_id, milliseconds)

    def _set_time_to_live(self, session: IotdbSession, device_id: int | None, milliseconds: int | None) -> None:
        path = f"{self._paths.devices}.**" if device_id is None else self._paths.device(device_id)
        # IoTDB uses the time of its machine, which may be ahead of the clock of this store.
        ahead = max(0, system_now_ms() - self._clock())
        live = "INF" if milliseconds is None else milliseconds + ahead + _GRACE
        try:
            session.execute(f"SET TTL TO {path} {live}")
        except StatementFailed as failure:
            # IoTDB limits the number of rules (1,000 by default). Results are correct without.
            _log.warning("time_to_live_not_set", device_id=device_id, exc_info=failure)

    def _current(self, session: IotdbSession) -> Mapping[str, int]:
        with self._lock:
            if time.monotonic() - self._read_at < self._fresh_seconds:
                return self._rules
        read_at = time.monotonic()
        rules = self._read(session)
        with self._lock:
            self._rules, self._read_at = rules, read_at
        return rules

    def _read(self, session: IotdbSession) -> Mapping[str, int]:
        answer = session.query(f"SELECT LAST {quoted(_MEASUREMENT)} FROM {self._paths.rules}.*")
        names, values = (answer.columns[name].values for name in ("Timeseries", "Value"))
        return {name.split(".")[-2]: int(value) for name, value in zip(names, values, strict=True)}


def _scope(device_id: int | None) -> str:
    return _DEFAULT if device_id is None else f"device_{device_id}"

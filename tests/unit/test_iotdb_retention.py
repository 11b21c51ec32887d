"""The rules of retention in IoTDB: which applies to a device, when they are read, and which statements remove readings."""

from collections.abc import Callable

import numpy as np
import pytest

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import LATEST, Span
from iotflow_server.telemetry.stores.iotdb import retention
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult, ResultColumn
from iotflow_server.telemetry.stores.iotdb.retention import Retention
from iotflow_server.telemetry.stores.iotdb.schema import Paths
from iotflow_server.telemetry.stores.iotdb.session import StatementFailed
from iotflow_server.telemetry.stores.iotdb.tablets import Tablet
from tests.support.iotdb_session import MemorySession, int64s

NOW, DAY, FOREVER = 1_767_225_600_000, 86_400_000, 1e9
PATHS = Paths("root.iotflow")


class RuleSession(MemorySession):
    """Keeps the newest rule of each path."""

    def __init__(self) -> None:
        super().__init__(self._rules_found)
        self._rules: dict[str, int] = {}
        self.refused = ""

    def insert_one(self, tablet: Tablet) -> None:
        # The mark of a column without missing values follows the value.
        self._rules[tablet.device] = int.from_bytes(b"".join(tablet.values)[:8], signed=True)

    def execute(self, statement: str) -> None:
        super().execute(statement)
        if self.refused and statement.startswith(self.refused):
            raise StatementFailed(1, "too many rules")

    def times_to_live(self) -> list[str]:
        return [statement for statement in self.statements if statement.startswith("SET TTL")]

    def queries(self) -> int:
        return sum(statement.startswith("SELECT LAST") for statement in self.statements)

    def _rules_found(self, statement: str) -> QueryResult:
        assert statement == "SELECT LAST `milliseconds` FROM root.iotflow.retention.*"
        paths = np.array([f"{path}.milliseconds" for path in self._rules], object)
        series = ResultColumn(ValueType.TEXT, paths, np.ones(len(paths), np.bool_))
        values = int64s(list(self._rules.values()))
        return QueryResult(np.zeros(len(paths), np.int64), {"Timeseries": series, "Value": values})


@pytest.fixture
def session() -> RuleSession:
    return RuleSession()


@pytest.fixture(autouse=True)
def _clock_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "system_now_ms", lambda: NOW)


def rules(fresh_seconds: float = 0.0, clock: Callable[[], int] = lambda: NOW) -> Retention:
    return Retention(PATHS, clock, fresh_seconds)


def test_without_a_rule_all_readings_are_retained(session: RuleSession) -> None:
    assert rules().earliest(session)(1) is None
    assert rules().within(session, 1, Span(5, 9)) == Span(5, 9)


def test_the_rule_of_a_device_takes_precedence_over_the_default(session: RuleSession) -> None:
    set_here = rules()
    set_here.set_rule(session, None, DAY)
    set_here.set_rule(session, 2, 2 * DAY)
    set_here.set_rule(session, 3, None)
    set_here.set_rule(session, 4, 0)
    set_here.set_rule(session, 5, 1)
    earliest = rules().earliest(session)
    assert [earliest(device_id) for device_id in range(1, 6)] == [NOW - DAY, NOW - 2 * DAY, None, NOW, NOW - 1]


def test_the_default_without_limit_retains_all_readings(session: RuleSession) -> None:
    for milliseconds in (DAY, None):
        rules().set_rule(session, None, milliseconds)
    assert rules().earliest(session)(1) is None


@pytest.mark.parametrize(
    ("start", "retained"), [(NOW - DAY - 1, NOW - DAY), (NOW - DAY, NOW - DAY), (NOW - DAY + 1, NOW - DAY + 1)]
)
def test_a_span_is_cut_at_the_earliest_retained_time(session: RuleSession, start: int, retained: int) -> None:
    rules().set_rule(session, 1, DAY)
    assert rules().within(session, 1, Span(start, LATEST)) == Span(retained, LATEST)


def test_rules_are_read_again_when_they_are_old_or_one_was_set_here(session: RuleSession) -> None:
    fresh, old = rules(FOREVER), rules(0.0)
    for _ in range(2):
        assert (fresh.earliest(session)(1), old.earliest(session)(1)) == (None, None)
    assert session.queries() == 3
    rules().set_rule(session, 1, DAY)
    assert (fresh.earliest(session)(1), old.earliest(session)(1)) == (None, NOW - DAY)
    fresh.set_rule(session, 1, 2 * DAY)
    assert fresh.earliest(session)(1) == NOW - 2 * DAY


def test_iotdb_removes_expired_readings_a_day_later(session: RuleSession) -> None:
    rules().set_rule(session, 7, DAY)
    rules().set_rule(session, None, DAY)
    rules().set_rule(session, 7, None)
    assert session.times_to_live() == [
        f"SET TTL TO root.iotflow.devices.device_7 {2 * DAY}",
        f"SET TTL TO root.iotflow.devices.** {2 * DAY}",
        "SET TTL TO root.iotflow.devices.device_7 INF",
    ]


@pytest.mark.parametrize(("behind", "longer"), [(5_000, 5_000), (0, 0), (-5_000, 0)])
def test_a_clock_behind_that_of_the_machine_removes_no_retained_reading(
    session: RuleSession, behind: int, longer: int
) -> None:
    rules(clock=lambda: NOW - behind).set_rule(session, 7, DAY)
    assert session.times_to_live() == [f"SET TTL TO root.iotflow.devices.device_7 {2 * DAY + longer}"]


def test_a_rule_applies_even_if_iotdb_accepts_no_time_to_live(session: RuleSession) -> None:
    session.refused = "SET TTL"
    rules().set_rule(session, 1, DAY)
    assert rules().earliest(session)(1) == NOW - DAY


def test_a_rule_is_written_to_disk_before_it_applies(session: RuleSession) -> None:
    session.refused = "FLUSH root.iotflow"
    with pytest.raises(StatementFailed):
        rules().set_rule(session, 1, DAY)
    assert session.times_to_live() == []

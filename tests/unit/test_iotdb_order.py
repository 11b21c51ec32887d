"""When the known order of a process suffices, and when it must query IoTDB."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from iotflow_server.telemetry.ports import EARLIEST, LATEST, Span
from iotflow_server.telemetry.stores.iotdb.order import OrderCheck, RowOrder
from iotflow_server.telemetry.stores.iotdb.session import StatementFailed

WHOLE = Span()


class Pool:
    """A pool whose generation the test increases."""

    def __init__(self) -> None:
        self.generation = 0


@pytest.fixture
def pool() -> Pool:
    return Pool()


@pytest.fixture
def order(pool: Pool) -> RowOrder:
    return RowOrder(100, lambda: pool.generation)


def begun(order: RowOrder, span: Span = WHOLE) -> OrderCheck:
    check = order.check(1, span)
    assert check is not None
    return check


def pass_check(order: RowOrder, span: Span = WHOLE, newest: int = 10) -> None:
    """IoTDB reports that all rows are in order, and that none is later than `newest`."""
    check = begun(order, span)
    order.record_in_order(check, None if check.newest_known else newest)


def is_known(order: RowOrder, span: Span = WHOLE) -> bool:
    return order.check(1, span) is None


def write(order: RowOrder, first: int, last: int, error: BaseException | None = None) -> None:
    with suppress(OSError, StatementFailed), order.writing([(1, first, last)]):
        if error is not None:
            raise error


@contextmanager
def under_way(order: RowOrder, first: int, last: int) -> Iterator[None]:
    with order.writing([(1, first, last)]):
        yield


def test_nothing_is_known_at_first_and_all_after_a_check(order: RowOrder) -> None:
    assert not is_known(order)
    pass_check(order)
    assert is_known(order)
    assert is_known(order, Span(5, 6))
    assert order.check(2, WHOLE) is not None


@pytest.mark.parametrize(
    ("checked", "asked", "known"),
    [
        (Span(5, LATEST), Span(5, 7), True),
        (Span(5, LATEST), Span(6, LATEST), True),
        (Span(5, LATEST), Span(4, 7), False),
        (Span(5, LATEST), WHOLE, False),
        (Span(5, 11), Span(5, LATEST), True),
        (Span(5, 10), Span(5, 10), False),
        (Span(EARLIEST, 10), Span(EARLIEST, 10), False),
    ],
)
def test_a_check_holds_from_its_start_on_if_it_reached_the_newest_row(
    order: RowOrder, checked: Span, asked: Span, known: bool
) -> None:
    pass_check(order, checked, newest=10)
    assert is_known(order, asked) is known


@pytest.mark.parametrize(
    ("first", "last", "known"), [(11, 11, True), (11, 90, True), (10, 10, False), (1, 90, False), (-5, 2, False)]
)
def test_only_rows_later_than_all_others_leave_it_known(order: RowOrder, first: int, last: int, known: bool) -> None:
    pass_check(order, newest=10)
    write(order, first, last)
    assert is_known(order) is known
    write(order, last + 1, last + 2)
    assert is_known(order) is known


def test_the_order_is_unknown_from_before_a_late_write_until_a_check_after_it(order: RowOrder) -> None:
    pass_check(order, newest=10)
    with under_way(order, 3, 4):
        assert not is_known(order)
        pass_check(order)
        assert not is_known(order)
        spanning = begun(order)
    order.record_in_order(spanning, None)
    assert not is_known(order)
    pass_check(order)
    assert is_known(order)


def test_a_late_write_during_a_check_voids_it(order: RowOrder) -> None:
    pass_check(order, Span(0, LATEST), newest=10)
    check = begun(order)
    write(order, 3, 4)
    order.record_in_order(check, None)
    assert not is_known(order)


def test_a_write_in_order_during_a_check_does_not(order: RowOrder) -> None:
    pass_check(order, Span(0, LATEST), newest=10)
    check = begun(order)
    write(order, 11, 12)
    order.record_in_order(check, None)
    assert is_known(order)


def test_a_write_in_order_that_is_applied_after_a_late_one_overlaps_it(order: RowOrder) -> None:
    pass_check(order, newest=10)
    with under_way(order, 11, 20):
        write(order, 15, 16)
        pass_check(order)
        assert not is_known(order)
    pass_check(order)
    assert is_known(order)


def test_earlier_rows_count_like_written_ones(order: RowOrder) -> None:
    write(order, 1, 2)
    pass_check(order, newest=1_000)
    write(order, 3, 4)
    assert not is_known(order)


def test_the_newest_time_is_queried_once(order: RowOrder) -> None:
    with under_way(order, 1, 2):
        pass_check(order, newest=0)
        assert not is_known(order)
    assert begun(order).newest_known
    pass_check(order)
    write(order, 3, 4)
    assert is_known(order)


@pytest.mark.parametrize("first", [3, 11])
def test_an_interrupted_write_may_be_applied_at_any_time(order: RowOrder, pool: Pool, first: int) -> None:
    pass_check(order, newest=10)
    write(order, first, 20, OSError())
    for _ in range(2):
        write(order, first, 20)
        pass_check(order, newest=20)
        assert not is_known(order)
        pool.generation += 1


def test_nothing_is_known_after_an_interrupted_write(order: RowOrder) -> None:
    pass_check(order, newest=10)
    write(order, 11, 20, OSError())
    assert not is_known(order)


def test_a_rejected_write_is_not_applied_later(order: RowOrder) -> None:
    pass_check(order, newest=10)
    write(order, 11, 20, StatementFailed(1, ""))
    assert is_known(order)
    write(order, 11, 20)
    assert not is_known(order)
    pass_check(order)
    assert is_known(order)


def test_another_generation_voids_all(order: RowOrder, pool: Pool) -> None:
    pass_check(order, newest=10)
    assert is_known(order)
    pool.generation += 1
    assert not is_known(order)
    check = begun(order)
    assert not check.newest_known
    pool.generation += 1
    order.record_in_order(check, 10)
    assert not is_known(order)


def test_the_oldest_device_is_evicted_unless_a_write_is_pending(pool: Pool) -> None:
    order = RowOrder(2, lambda: pool.generation)
    pass_check(order)
    for other in (2, 3):
        with order.writing([(other, 1, 2)]):
            pass
    assert not is_known(order)
    write(order, 1, 2, OSError())
    for other in range(4, 10):
        with order.writing([(other, 1, 2)]):
            pass
    pass_check(order)
    assert not is_known(order)

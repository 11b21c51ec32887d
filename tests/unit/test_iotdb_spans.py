"""The conditions on time in statements for IoTDB."""

import pytest

from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.spans import within

# The limits as other integers than those of the product: they are compared by value.
EARLIEST, LATEST = int("-4611686018427387904"), int("4611686018427387904")


@pytest.mark.parametrize(
    ("span", "condition"),
    [
        (Span(), ""),
        (Span(EARLIEST, LATEST), ""),
        (Span(EARLIEST + 1, LATEST), f"WHERE time >= {EARLIEST + 1}"),
        (Span(EARLIEST, LATEST - 1), f"WHERE time < {LATEST - 1}"),
        (Span(EARLIEST, 0), "WHERE time < 0"),
        (Span(0, LATEST), "WHERE time >= 0"),
        (Span(-5, 7), "WHERE time >= -5 AND time < 7"),
    ],
    ids=str,
)
def test_open_ends_of_a_span_have_no_condition(span: Span, condition: str) -> None:
    """IoTDB would list all weeks up to a very distant end."""
    assert within(span) == condition

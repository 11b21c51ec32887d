"""Names of measurements: one rule for every door and every store."""

from functools import lru_cache

LONGEST_NAME = 128
# A row of an answer holds its time under this name.
RESERVED = "timestamp"
# Quotes, and what separates names or ends a statement somewhere: URL lists (,), SQL, shells.
_EXCLUDED = frozenset(",;*'\"`\\")
# At the beginning: what a spreadsheet takes for a formula, and the dot of a path.
_EXCLUDED_FIRST = frozenset("-.+=@")
_NO_NAME = (
    f"a measurement's name has 1 to {LONGEST_NAME} visible characters and spaces within, none of , ; * ' \" ` \\ and does not "
    "begin with one of - . + = @"
)


def name_problem(measurement: str) -> str | None:
    """Why this cannot name a measurement; None if it can."""
    # What is remembered is short.
    return _name_problem(measurement) if len(measurement) <= LONGEST_NAME else _NO_NAME


@lru_cache(maxsize=65_536)
def _name_problem(measurement: str) -> str | None:
    if measurement == RESERVED:
        return "timestamp is the name of the reading's time; choose another"
    # isprintable: no control, invisible or unassigned characters, and of spaces the plain one only.
    is_visible = measurement.isprintable() and measurement == measurement.strip() != ""
    if not is_visible or measurement[0] in _EXCLUDED_FIRST or not _EXCLUDED.isdisjoint(measurement):
        return _NO_NAME
    return None

"""The rule for names of measurements, for all interfaces and stores."""

from functools import lru_cache

LONGEST_NAME = 128
# The key of the time in a row of an answer.
RESERVED = "timestamp"
# Quotes, and characters that separate names or end statements in URL lists (,), SQL or shells.
_EXCLUDED = frozenset(",;*'\"`\\")
# First characters with which a spreadsheet begins a formula, and the dot of a path.
_EXCLUDED_FIRST = frozenset("-.+=@")
_NO_NAME = (
    f"a measurement's name has 1 to {LONGEST_NAME} visible characters and spaces within, none of , ; * ' \" ` \\ and does not "
    "begin with one of - . + = @"
)


def name_problem(measurement: str) -> str | None:
    """Why this cannot be the name of a measurement; None if it can."""
    # Only short names are cached.
    return _name_problem(measurement) if len(measurement) <= LONGEST_NAME else _NO_NAME


@lru_cache(maxsize=65_536)
def _name_problem(measurement: str) -> str | None:
    if measurement == RESERVED:
        return "timestamp is the name of the reading's time; choose another name"
    # isprintable: no control, invisible or unassigned characters, and no spaces other than U+0020.
    is_visible = measurement.isprintable() and measurement == measurement.strip() != ""
    if not is_visible or measurement[0] in _EXCLUDED_FIRST or not _EXCLUDED.isdisjoint(measurement):
        return _NO_NAME
    return None

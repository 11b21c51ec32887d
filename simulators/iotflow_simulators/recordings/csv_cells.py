"""The types of a column's cells: numbers, booleans or texts, and words for missing values."""

import math
import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow.readings import EXACT
from iotflow.readings.values import INT64_FIRST, INT64_LAST

# Words for a missing value. In a column of texts they are texts; an empty cell never is.
MISSING = frozenset({"na", "n/a", "#n/a", "<na>", "nan", "null", "nil", "none", "-", "--", "?", "missing"})
BOOLEANS = {"true": True, "false": False}

_WHOLE = re.compile(r"[-+]?\d+", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?|[-+]?inf(inity)?", re.ASCII | re.IGNORECASE)
_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d{1,4})?", re.ASCII)
# Numbers with groups of thousands; 1,234 can also be a decimal fraction.
_GROUPED = re.compile(r"[-+]?\d{1,3}([.,' ]\d{3})+([.,]\d+)?", re.ASCII)
_ONE_GROUP = re.compile(r"[-+]?\d{1,3},\d{3}", re.ASCII)


class CellType(Enum):
    """The type of a cell or of a column."""

    EMPTY = "no values"
    MISSING = "missing"
    NUMBER = "numbers"
    WHOLE = "whole numbers beyond 2^53"
    COMMA = "numbers with a decimal comma"
    BOOLEAN = "booleans"
    TEXT = "texts"
    GROUPED = "numbers in groups of thousands"


def cell_type(cell: str) -> CellType:
    """The type of one cell."""
    text = cell.strip()
    if not text:
        return CellType.EMPTY
    if _NUMBER.fullmatch(text):
        return CellType.NUMBER
    if text.lower() in MISSING:
        return CellType.MISSING
    if text.lower() in BOOLEANS:
        return CellType.BOOLEAN
    if _COMMA.fullmatch(text):
        return CellType.COMMA
    return CellType.GROUPED if _GROUPED.fullmatch(text) else CellType.TEXT


@dataclass(slots=True)
class CellCounts:
    """The types of a column's cells so far: the number of each, and the first cell with its line."""

    counts: dict[CellType, int] = field(default_factory=dict)
    firsts: dict[CellType, tuple[int, str]] = field(default_factory=dict)
    # Whether all numbers are integers; whether one exceeds the integers that doubles hold exactly, or 64 bits.
    all_whole: bool = True
    beyond_exact: bool = False
    beyond_int64: bool = False
    with_point: bool = False
    # Whether every comma can be a separator of thousands.
    only_one_group: bool = True

    def add(self, number: int, cell: str) -> None:
        """Count a cell. number: of its line."""
        kind = cell_type(cell)
        if kind not in self.counts:
            self.counts[kind] = 0
            self.firsts[kind] = (number, cell.strip())
        self.counts[kind] += 1
        if kind is CellType.NUMBER:
            self._add_number(cell.strip())
        elif kind is CellType.COMMA:
            self.only_one_group = self.only_one_group and _ONE_GROUP.fullmatch(cell.strip()) is not None

    def count(self, *kinds: CellType) -> int:
        """The number of cells of these types."""
        return sum(self.counts.get(kind, 0) for kind in kinds)

    def kind(self) -> CellType:
        """The type of the column. Raises ValueError, with a message, where it is ambiguous."""
        present = {kind: count for kind, count in self.counts.items() if kind not in (CellType.EMPTY, CellType.MISSING)}
        if not present:
            return CellType.EMPTY
        if set(present) == {CellType.NUMBER}:
            return self._number_kind()
        if present.keys() <= {CellType.NUMBER, CellType.COMMA, CellType.GROUPED}:
            return self._comma_kind()
        if len(present) == 1:
            return next(iter(present))
        # Room names such as 12 and 12a are texts; measurements with a word among them are not.
        if 2 * present.get(CellType.TEXT, 0) >= sum(present.values()):
            return CellType.TEXT
        most = max(present, key=lambda kind: present[kind])
        other = next(kind for kind in self.firsts if kind in present and kind is not most)
        number, cell = self.firsts[other]
        raise ValueError(
            f"holds {most.value}, but {cell!r:.60} in line {number}; correct that cell, or leave it empty where there is no value"
        )

    def _add_number(self, text: str) -> None:
        if _WHOLE.fullmatch(text):
            value = int(text[:40])
            self.beyond_exact = self.beyond_exact or not -EXACT <= value <= EXACT
            self.beyond_int64 = self.beyond_int64 or not INT64_FIRST <= value <= INT64_LAST
        else:
            self.all_whole = False
            self.with_point = self.with_point or "." in text

    def _number_kind(self) -> CellType:
        if not self.beyond_exact:
            return CellType.NUMBER
        if self.all_whole and not self.beyond_int64:
            return CellType.WHOLE
        raise ValueError(
            "holds whole numbers that lose digits: beyond 2^53 they are exact only in a column of whole numbers within 64 bits"
        )

    def _comma_kind(self) -> CellType:
        if CellType.GROUPED not in self.counts and not self.with_point and not self.only_one_group:
            return CellType.COMMA
        number, cell = self.firsts[CellType.GROUPED if CellType.GROUPED in self.counts else CellType.COMMA]
        raise ValueError(
            f"holds {cell!r:.60} in line {number}, whose comma or point may separate thousands; write numbers as 1234.5"
        )


def values(kind: CellType, cells: list[str]) -> NDArray[Any]:
    """A column's cells as values of this type: float64 with NaN, or objects with None, where there is no value."""
    if kind is CellType.TEXT:
        return np.array([cell if cell.strip() else None for cell in cells], object)
    texts = (cell.strip() for cell in cells)
    if kind is CellType.WHOLE:
        return np.array([int(text) if _WHOLE.fullmatch(text) else None for text in texts], object)
    if kind is CellType.BOOLEAN:
        return np.array([BOOLEANS.get(text.lower()) for text in texts], object)
    return np.array([_double(text) for text in texts], np.float64)


def _double(text: str) -> float:
    text = text.replace(",", ".")
    return float(text) if _NUMBER.fullmatch(text) else math.nan

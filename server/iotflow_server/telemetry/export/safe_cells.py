"""Text that a spreadsheet would take for a formula, made harmless.

As OWASP's "CSV Injection" has it: a cell that begins with one of these characters gets an apostrophe before it, which
spreadsheets take for the mark of a text. Numbers stay as they are: -5 is no formula.
"""

import re

import pyarrow as pa
from pyarrow import compute as pc

# Control characters, and what Excel takes for =, +, - and @ in full width.
_BEGINNING = "^[=+\\-@\uff1d\uff0b\uff0d\uff20\\x00-\\x1f\\x7f-\\x9f]"
_FORMULA = re.compile(_BEGINNING)


def safe_name(name: str) -> str:
    """A column's name."""
    return f"'{name}" if _FORMULA.match(name) else name


def safe_texts(column: pa.Array) -> pa.Array:
    """The cells of a column, where they are texts."""
    if not pa.types.is_string(column.type):
        return column
    unsafe = pc.match_substring_regex(column, _BEGINNING)
    return pc.if_else(unsafe, pc.binary_join_element_wise("'", column, ""), column)

"""CSV for spreadsheets: no text can be taken for a formula."""

import csv
import io
from typing import Any

import numpy as np
import pytest

from iotflow_server.telemetry.batch import Batch, ValueType
from iotflow_server.telemetry.export import SAFE_CSV, Columns, Export
from tests.unit.exporting.tables import columns_of, device, types_of

UNSAFE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\x01", "\x85x", "＝1", "=\nx", '="a"', "-"]
SAFE = ["", "a=b", "1-2", "'=1", " =1", "é", "ok@example"]


def exported(name: str, values: dict[str, tuple[ValueType, list[Any]]]) -> list[list[str]]:
    columns = columns_of(values)
    filled = [(device(1, name), Batch(1, np.arange(len(columns[0].values)), columns))]
    export = Export(SAFE_CSV, Columns(types_of(filled)))
    content = b"".join([*export.add(*filled[0]), *export.finish()]).decode()
    return list(csv.reader(io.StringIO(content, newline="")))


@pytest.mark.parametrize("text", UNSAFE)
def test_texts_names_and_headers_that_begin_a_formula_get_an_apostrophe(text: str) -> None:
    header, row = exported(text, {text: (ValueType.TEXT, [text])})
    assert header[3] == f"'{text}"
    assert (row[1], row[3]) == (f"'{text}", f"'{text}")


@pytest.mark.parametrize("text", SAFE)
def test_other_texts_stay_as_they_are(text: str) -> None:
    _, row = exported(text, {"m": (ValueType.TEXT, [text])})
    assert (row[1], row[3]) == (text, text)


def test_numbers_and_gaps_stay_as_they_are() -> None:
    _, *rows = exported(
        "probe",
        {"a": (ValueType.DOUBLE, [-5.5, None]), "t": (ValueType.TEXT, [None, "-x"]), "w": (ValueType.INT64, [-1, 2])},
    )
    assert [row[3:] for row in rows] == [["-5.5", "", "-1"], ["", "'-x", "2"]]

"""CSV: a line of names, then a line a row; text in quotes (RFC 4180), nothing between the commas where there is no value."""

import pyarrow as pa
from pyarrow import csv

from iotflow_server.telemetry.export.pieces import Pieces
from iotflow_server.telemetry.export.safe_cells import safe_name, safe_texts
from iotflow_server.telemetry.export.time_texts import time_texts


class CsvLines:
    """An empty text is "", no value is nothing at all: both come back as what they were."""

    def __init__(self, pieces: Pieces, schema: pa.Schema) -> None:
        self._place = schema.get_field_index("timestamp")
        self._schema = schema.set(self._place, pa.field("timestamp", pa.string()))
        self._writer = csv.CSVWriter(pieces, self._schema)

    def write(self, rows: pa.RecordBatch) -> None:
        columns = rows.columns
        columns[self._place] = time_texts(columns[self._place])
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class SafeCsvLines(CsvLines):
    """The same for a spreadsheet: no text in it is taken for a formula, names and headers included."""

    def __init__(self, pieces: Pieces, schema: pa.Schema) -> None:
        super().__init__(pieces, pa.schema([field.with_name(safe_name(field.name)) for field in schema]))

    def write(self, rows: pa.RecordBatch) -> None:
        super().write(
            pa.RecordBatch.from_arrays([safe_texts(column) for column in rows.columns], names=self._schema.names)
        )

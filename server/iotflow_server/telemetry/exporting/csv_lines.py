"""CSV: a line of names, then a line a row; text in quotes (RFC 4180), nothing between the commas where there is no value."""

import pyarrow as pa
from pyarrow import csv

from iotflow_server.telemetry.exporting.pieces import Pieces
from iotflow_server.telemetry.exporting.time_texts import time_texts


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

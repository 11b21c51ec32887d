"""Stored readings as one table in a file: columns settled first, then rows of any number in bounded memory."""

from iotflow_server.telemetry.exporting.ahead import ahead
from iotflow_server.telemetry.exporting.columns import Columns, join
from iotflow_server.telemetry.exporting.export import Export
from iotflow_server.telemetry.exporting.formats import FORMATS, SAFE_CSV, Format

__all__ = ["FORMATS", "SAFE_CSV", "Columns", "Export", "Format", "ahead", "join"]

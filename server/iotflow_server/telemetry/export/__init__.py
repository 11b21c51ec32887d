"""Stored readings as one table in a file: columns settled first, then rows of any number in bounded memory."""

from iotflow_server.telemetry.export.ahead import ahead
from iotflow_server.telemetry.export.columns import Columns, join
from iotflow_server.telemetry.export.export import Export
from iotflow_server.telemetry.export.formats import FORMATS, SAFE_CSV, Format

__all__ = ["FORMATS", "SAFE_CSV", "Columns", "Export", "Format", "ahead", "join"]

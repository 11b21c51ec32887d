"""Exports stored readings as one table in a file, in bounded memory."""

from iotflow_server.telemetry.export.columns import Columns, widen
from iotflow_server.telemetry.export.export import FORMATS, SAFE_CSV, Export, Format, prefetched

__all__ = ["FORMATS", "SAFE_CSV", "Columns", "Export", "Format", "prefetched", "widen"]

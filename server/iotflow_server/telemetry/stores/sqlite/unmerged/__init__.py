"""Readings that are stored in the order of arrival and wait for their merge into the table of readings."""

from iotflow_server.telemetry.stores.sqlite.unmerged.log import ArrivalLog

__all__ = ["ArrivalLog"]

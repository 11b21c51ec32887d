"""Newest values that all server processes remember together, in a Redis."""

from iotflow_server.cluster.latest.values import RedisLatestValues

__all__ = ["RedisLatestValues"]

"""The cache of newest values in Redis, shared by all server processes."""

from iotflow_server.cluster.latest.values import RedisLatestValues

__all__ = ["RedisLatestValues"]

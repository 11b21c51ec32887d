"""A WebSocket for JSON at the REST port: each connection is a client of the server, with the credentials of its own caller, so that
permissions, limits and errors are those of REST."""

from iotflow_gateway.json_door.door import JsonDoor

__all__ = ["JsonDoor"]

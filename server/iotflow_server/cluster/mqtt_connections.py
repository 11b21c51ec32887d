"""Connections of MQTT clients as texts, in which server processes exchange them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import astuple

import orjson

from iotflow_server.mqtt.connections import OpenedConnection


def encode(opened: Sequence[OpenedConnection]) -> str:
    """A text without spaces."""
    return urlsafe_b64encode(orjson.dumps([astuple(one) for one in opened])).decode()


def decode(text: str) -> list[OpenedConnection]:
    """The connections in a text of encode()."""
    return [OpenedConnection(*one) for one in orjson.loads(urlsafe_b64decode(text))]

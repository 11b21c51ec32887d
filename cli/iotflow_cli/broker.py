"""The MQTT broker of `iotflow up`, as --broker names it."""

import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from iotflow_cli.console import UsageError

EMBEDDED, MOSQUITTO, NONE = "embedded", "mosquitto", "none"
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class Broker:
    """kind: embedded, mosquitto, none or elsewhere. env: what an adapter is told of it beyond host and port."""

    kind: str
    host: str
    port: int
    env: Mapping[str, str]

    @property
    def is_ours(self) -> bool:
        """Whether it is started here."""
        return self.kind in (EMBEDDED, MOSQUITTO)


def chosen_broker(option: str, host: str, port: int) -> Broker:
    """The broker that the option names; host and port: of one that is started here. Raises UsageError."""
    if option == NONE:
        return Broker(NONE, "", port, {})
    if option == EMBEDDED:
        # It knows no TLS, and is not made for more than a few devices.
        return Broker(EMBEDDED, "127.0.0.1", port, {"IOTFLOW_GATEWAY_BROKER": "embedded"})
    if option == MOSQUITTO:
        return Broker(MOSQUITTO, host, port, {})
    return _elsewhere(option)


def _elsewhere(url: str) -> Broker:
    place = urllib.parse.urlsplit(url)
    try:
        port = place.port or PORTS[place.scheme]
    except (KeyError, ValueError):
        port = 0
    if not place.hostname or not port or place.path not in ("", "/"):
        raise UsageError(
            "--broker takes embedded, mosquitto, none, or the address of one that runs: mqtt(s)://user:password@host:port"
            " (a slash in either is %2F; without a password the adapter shows its token)"
        )
    env = {"IOTFLOW_GATEWAY_MQTT_TLS": str(place.scheme == "mqtts").lower()}
    if place.username:
        env["IOTFLOW_GATEWAY_MQTT_USERNAME"] = urllib.parse.unquote(place.username)
        env["IOTFLOW_GATEWAY_MQTT_PASSWORD"] = urllib.parse.unquote(place.password or "")
    elif not os.environ.get("IOTFLOW_GATEWAY_MOSQUITTO_DIR"):
        # A broker that knows nobody: whose a message is, each has to say.
        env |= {"IOTFLOW_GATEWAY_ACCOUNTS": "payload", "IOTFLOW_GATEWAY_MQTT_USERNAME": ""}
    return Broker("elsewhere", place.hostname, port, env)

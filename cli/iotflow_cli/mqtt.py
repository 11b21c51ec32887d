"""MQTT in `iotflow up`: the broker that --broker chooses, and the adapter in front of the server."""

import functools
import os
import sys
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from iotflow_cli import local_defaults
from iotflow_cli.console import UsageError
from iotflow_cli.mosquitto.broker import ENVIRONMENT, Mosquitto
from iotflow_cli.readiness import exists, listens
from iotflow_server.supervision.child_process import Program

EMBEDDED, MOSQUITTO, NONE = "embedded", "mosquitto", "none"
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class BrokerChoice:
    """kind: embedded, mosquitto, none or elsewhere. env: settings of the adapter beyond host and port."""

    kind: str
    host: str
    port: int
    env: Mapping[str, str]

    @property
    def is_ours(self) -> bool:
        """Whether `iotflow up` starts the broker."""
        return self.kind in (EMBEDDED, MOSQUITTO)


def chosen_broker(option: str, host: str, port: int) -> BrokerChoice:
    """The broker that the option names. host, port: for a broker that `iotflow up` starts. Raises UsageError."""
    if option == NONE:
        return BrokerChoice(NONE, "", port, {})
    if option == EMBEDDED:
        # It has no TLS yet.
        return BrokerChoice(EMBEDDED, "127.0.0.1", port, {"IOTFLOW_GATEWAY_BROKER": "embedded"})
    if option == MOSQUITTO:
        return BrokerChoice(MOSQUITTO, host, port, {})
    return _elsewhere(option)


def _elsewhere(url: str) -> BrokerChoice:
    parts = urllib.parse.urlsplit(url)
    try:
        port = parts.port or PORTS[parts.scheme]
    except (KeyError, ValueError):
        port = 0
    if not parts.hostname or not port or parts.path not in ("", "/"):
        raise UsageError(
            "--broker takes embedded, mosquitto, none, or the address of a broker: mqtt(s)://user:password@host:port"
            " (write a slash in either as %2F; without a password the adapter logs in with its token)"
        )
    env = {"IOTFLOW_GATEWAY_MQTT_TLS": str(parts.scheme == "mqtts").lower()}
    if parts.username:
        env["IOTFLOW_GATEWAY_MQTT_USERNAME"] = urllib.parse.unquote(parts.username)
        env["IOTFLOW_GATEWAY_MQTT_PASSWORD"] = urllib.parse.unquote(parts.password or "")
    elif not os.environ.get("IOTFLOW_GATEWAY_MOSQUITTO_DIR"):
        # A broker without accounts: each message must carry the key of its device.
        env |= {"IOTFLOW_GATEWAY_ACCOUNTS": "payload", "IOTFLOW_GATEWAY_MQTT_USERNAME": ""}
    return BrokerChoice("elsewhere", parts.hostname, port, env)


def programs(broker: BrokerChoice, data_dir: Path, server: str, defaults: Mapping[str, str]) -> list[Program]:
    """The programs that start after the server. server: host:port. Raises UsageError."""
    if broker.kind == NONE:
        return []
    env = environment(broker, data_dir, server, {**defaults, **local_defaults.chosen()})
    ready_file = Path(env["IOTFLOW_GATEWAY_READY_FILE"])
    adapter = Program(
        name="mqtt",
        command=[sys.executable, "-P", "-m", "iotflow_gateway"],
        env=env,
        # The file of the previous run does not count for this one.
        prepare=functools.partial(ready_file.unlink, missing_ok=True),
        ready=functools.partial(exists, ready_file),
    )
    return [_mosquitto(broker, data_dir, env), adapter] if broker.kind == MOSQUITTO else [adapter]


def anonymous_port(broker: BrokerChoice, settings: Mapping[str, str]) -> int | None:
    """The port of our Mosquitto for clients without a login, where they are allowed; the MQTT endpoint has one port for all."""
    allowed = settings.get("IOTFLOW_GATEWAY_ANONYMOUS", "").lower() in ("true", "1", "yes", "on")
    return broker.port + 1 if broker.kind == MOSQUITTO and allowed else None


def environment(broker: BrokerChoice, data_dir: Path, server: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """The adapter's whole environment. The user's settings take precedence, except for the addresses of server and broker."""
    defaults = {
        "IOTFLOW_GATEWAY_TOKEN_FILE": str(data_dir / "gateway-token"),
        # Open registration holds for MQTT too.
        "IOTFLOW_GATEWAY_DISCOVERY": str(chosen.get("IOTFLOW_REGISTRATION") == "open").lower(),
        **broker.env,
    }
    ours = {
        "IOTFLOW_GATEWAY_SERVER": server,
        "IOTFLOW_GATEWAY_MQTT_HOST": broker.host,
        "IOTFLOW_GATEWAY_MQTT_PORT": str(broker.port),
        "IOTFLOW_GATEWAY_READY_FILE": str(data_dir / "mqtt.ready"),
        "PYTHONUNBUFFERED": "1",
    }
    if broker.kind == MOSQUITTO:
        ours["IOTFLOW_GATEWAY_MOSQUITTO_DIR"] = str(data_dir / "mosquitto")
        if broker.host == "0.0.0.0":  # noqa: S104
            ours["IOTFLOW_GATEWAY_MQTT_HOST"] = "127.0.0.1"
    return {**defaults, **chosen, **ours}


def _mosquitto(broker: BrokerChoice, data_dir: Path, env: Mapping[str, str]) -> Program:
    mosquitto = Mosquitto(
        folder=data_dir / "mosquitto",
        host=broker.host,
        port=broker.port,
        prefix=env.get("IOTFLOW_MQTT_TOPIC_PREFIX", "iotflow"),
        anonymous=env["IOTFLOW_GATEWAY_DISCOVERY"] == "true",
        anonymous_port=anonymous_port(broker, env),
    )
    mosquitto.prepare()
    ready = functools.partial(listens, env["IOTFLOW_GATEWAY_MQTT_HOST"], broker.port)
    return Program("broker", mosquitto.command(), ENVIRONMENT, ready)

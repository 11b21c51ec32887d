"""MQTT in `iotflow up`: the broker that --broker chooses, and the adapter in front of the server."""

import functools
import os
import sys
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iotflow.loopback import is_loopback
from iotflow_cli import local_defaults
from iotflow_cli.console import UsageError
from iotflow_cli.mosquitto.broker import ENVIRONMENT, Mosquitto
from iotflow_cli.ports import Listener
from iotflow_cli.readiness import exists, listens
from iotflow_server.supervision.child_process import Program

EMBEDDED, MOSQUITTO, NONE = "embedded", "mosquitto", "none"
# The adapter's settings that the options of `iotflow up` decide.
ADDRESS = ("IOTFLOW_GATEWAY_MQTT_HOST", "IOTFLOW_GATEWAY_MQTT_PORT", "IOTFLOW_GATEWAY_WEBSOCKET_PORT")
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class BrokerChoice:
    """kind: embedded, mosquitto, none or elsewhere. host, port: those that devices are given. env: settings of the adapter beyond
    its server. listeners: those that `iotflow up` opens for MQTT. websocket: host and port of MQTT by WebSocket; None: there is
    none."""

    kind: str
    host: str
    port: int
    env: Mapping[str, str]
    listeners: Sequence[Listener] = ()
    websocket: tuple[str, int] | None = None

    @property
    def is_ours(self) -> bool:
        """Whether `iotflow up` starts the broker."""
        return self.kind in (EMBEDDED, MOSQUITTO)


def chosen_broker(option: str, host: str, port: int, websocket_port: int = 0) -> BrokerChoice:
    """The broker that the option names. host, port: for a broker that `iotflow up` starts. websocket_port: for the endpoint; 0: none.
    Raises UsageError."""
    if option == NONE:
        return BrokerChoice(NONE, "", port, {})
    if option == EMBEDDED:
        return _embedded(host, port, websocket_port, local_defaults.chosen())
    if option == MOSQUITTO:
        listener = Listener("MQTT", host, port, "--mqtt-port")
        return BrokerChoice(MOSQUITTO, host, port, _address(_reached(host), port), [listener])
    return _elsewhere(option)


def _embedded(host: str, port: int, websocket_port: int, settings: Mapping[str, str]) -> BrokerChoice:
    """The endpoint: beyond loopback with TLS only, unless the settings allow plaintext."""
    tls_port = _port(settings, "IOTFLOW_GATEWAY_TLS_PORT", PORTS["mqtts"])
    has_tls = bool(settings.get("IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE"))
    is_plain = is_loopback(host) or _is_on(settings, "IOTFLOW_GATEWAY_PLAINTEXT")
    if not (has_tls or is_plain):
        host, is_plain = local_defaults.HOST, True
    plain_host = host if is_plain else local_defaults.HOST
    listeners = [Listener("MQTT", plain_host, port, "--mqtt-port")]
    if websocket_port:
        listeners.append(Listener("MQTT by WebSocket", plain_host, websocket_port, "--websocket-port"))
    if has_tls:
        listeners.append(Listener("MQTT with TLS", host, tls_port, "IOTFLOW_GATEWAY_TLS_PORT"))
        if secure_port := _port(settings, "IOTFLOW_GATEWAY_WEBSOCKET_TLS_PORT", 0):
            name = "MQTT by WebSocket with TLS"
            listeners.append(Listener(name, host, secure_port, "IOTFLOW_GATEWAY_WEBSOCKET_TLS_PORT"))
    env = {
        "IOTFLOW_GATEWAY_BROKER": "embedded",
        **_address(host, port),
        "IOTFLOW_GATEWAY_WEBSOCKET_PORT": str(websocket_port),
    }
    websocket = (_reached(plain_host), websocket_port) if websocket_port else None
    return BrokerChoice(EMBEDDED, host, port if is_plain else tls_port, env, listeners, websocket)


def _address(host: str, port: int) -> dict[str, str]:
    """The adapter's settings for the address of the broker."""
    return {"IOTFLOW_GATEWAY_MQTT_HOST": host, "IOTFLOW_GATEWAY_MQTT_PORT": str(port)}


def _reached(host: str) -> str:
    """The address at which a broker of this machine is reached that listens at the host."""
    return local_defaults.HOST if host == "0.0.0.0" else host  # noqa: S104


def _port(settings: Mapping[str, str], name: str, default: int) -> int:
    """The default for an invalid value, which the adapter itself rejects."""
    try:
        return int(settings[name])
    except (KeyError, ValueError):
        return default


def _is_on(settings: Mapping[str, str], name: str) -> bool:
    return settings.get(name, "").lower() in ("true", "1", "yes", "on")


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
    env = {"IOTFLOW_GATEWAY_MQTT_TLS": str(parts.scheme == "mqtts").lower(), **_address(parts.hostname, port)}
    if parts.username:
        env["IOTFLOW_GATEWAY_MQTT_USERNAME"] = urllib.parse.unquote(parts.username)
        env["IOTFLOW_GATEWAY_MQTT_PASSWORD"] = urllib.parse.unquote(parts.password or "")
    elif not os.environ.get("IOTFLOW_GATEWAY_MOSQUITTO_DIR"):
        # A broker without accounts: each message must carry the key of its device.
        env |= {"IOTFLOW_GATEWAY_ACCOUNTS": "payload", "IOTFLOW_GATEWAY_MQTT_USERNAME": ""}
    return BrokerChoice("elsewhere", parts.hostname, port, env)


def programs(
    broker: BrokerChoice, data_dir: Path, server: str, defaults: Mapping[str, str], envoy: Mapping[str, str]
) -> list[Program]:
    """The programs that start after the server. server: host:port. envoy: the adapter's settings for connections through it.
    Raises UsageError."""
    if broker.kind == NONE:
        return []
    env = environment(broker, data_dir, server, {**defaults, **local_defaults.chosen()})
    env.update(envoy)
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
    return broker.port + 1 if broker.kind == MOSQUITTO and _is_on(settings, "IOTFLOW_GATEWAY_ANONYMOUS") else None


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
        **{name: broker.env[name] for name in ADDRESS if name in broker.env},
        "IOTFLOW_GATEWAY_READY_FILE": str(data_dir / "mqtt.ready"),
        "PYTHONUNBUFFERED": "1",
    }
    if broker.kind == MOSQUITTO:
        ours["IOTFLOW_GATEWAY_MOSQUITTO_DIR"] = str(data_dir / "mosquitto")
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

"""The programs that make up MQTT: the adapter, and Mosquitto where it is ours."""

import asyncio
import functools
import sys
from collections.abc import Mapping
from pathlib import Path

from iotflow_cli import local_defaults
from iotflow_cli.broker import MOSQUITTO, NONE, Broker
from iotflow_cli.mosquitto.broker import ENVIRONMENT, Mosquitto
from iotflow_server.supervision.child_process import Program

PATIENCE = 2.0


def programs(broker: Broker, data_dir: Path, server: str, defaults: Mapping[str, str]) -> list[Program]:
    """To be started after the server. server: host:port. Raises UsageError."""
    if broker.kind == NONE:
        return []
    env = environment(broker, data_dir, server, {**defaults, **local_defaults.chosen()})
    ready_file = Path(env["IOTFLOW_GATEWAY_READY_FILE"])
    adapter = Program(
        name="mqtt",
        command=[sys.executable, "-P", "-m", "iotflow_gateway"],
        env=env,
        # That of the run before says nothing about this one.
        prepare=functools.partial(ready_file.unlink, missing_ok=True),
        ready=functools.partial(_exists, ready_file),
    )
    return [_mosquitto(broker, data_dir, env), adapter] if broker.kind == MOSQUITTO else [adapter]


def anonymous_port(broker: Broker, chosen: Mapping[str, str]) -> int | None:
    """Where clients without a login connect to a Mosquitto of ours, if they may; to the embedded broker they do as all others."""
    allowed = chosen.get("IOTFLOW_GATEWAY_ANONYMOUS", "").lower() in ("true", "1", "yes", "on")
    return broker.port + 1 if broker.kind == MOSQUITTO and allowed else None


def environment(broker: Broker, data_dir: Path, server: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """The adapter's whole environment; whatever the user set stays, but for where the server and the broker are."""
    defaults = {
        "IOTFLOW_GATEWAY_TOKEN_FILE": str(data_dir / "gateway-token"),
        # Where anyone may register, so may who comes by MQTT.
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


def _mosquitto(broker: Broker, data_dir: Path, env: Mapping[str, str]) -> Program:
    mosquitto = Mosquitto(
        folder=data_dir / "mosquitto",
        host=broker.host,
        port=broker.port,
        prefix=env.get("IOTFLOW_MQTT_TOPIC_PREFIX", "iotflow"),
        anonymous=env["IOTFLOW_GATEWAY_DISCOVERY"] == "true",
        anonymous_port=anonymous_port(broker, env),
    )
    mosquitto.prepare()
    listens = functools.partial(_listens, env["IOTFLOW_GATEWAY_MQTT_HOST"], broker.port)
    return Program("broker", mosquitto.command(), ENVIRONMENT, listens)


async def _exists(file: Path) -> bool:
    return await asyncio.to_thread(file.exists)


async def _listens(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True

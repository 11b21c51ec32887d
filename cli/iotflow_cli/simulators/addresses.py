"""The addresses of the doors of a service."""

from collections.abc import Mapping

from iotflow_cli import local_defaults
from iotflow_cli.connections.target import Target
from iotflow_cli.output.failures import CommandError
from iotflow_cli.running.run_file import RunFile, read_run
from iotflow_simulators.running.simulation import Service

REST_PORT, MQTT_PORT = "5000", "1883"


def service_of(target: Target, server: str | None, rest: str | None, mqtt: str | None) -> Service:
    """The service of a target. server, rest, mqtt: host:port, in place of what is known. Raises CommandError."""
    if target.profile.tls:
        raise CommandError(
            f"The server of the profile {target.name!r} needs TLS, and simulated devices connect without it."
        )
    grpc = server or target.profile.address
    host = grpc.rpartition(":")[0]
    settings = local_defaults.chosen()
    run = read_run(target.data_dir) if target.data_dir and not server else None
    return Service(
        grpc,
        rest or _rest(run, host),
        mqtt or _mqtt(run, host, settings),
        target.profile.token,
        settings.get("IOTFLOW_MQTT_TOPIC_PREFIX") or "iotflow",
    )


def _rest(run: RunFile | None, host: str) -> str:
    return run.rest.partition("://")[2] if run else f"{host}:{REST_PORT}"


def _mqtt(run: RunFile | None, host: str, settings: Mapping[str, str]) -> str:
    port = run.options.get("mqtt-port") if run else None
    return f"{host}:{port or settings.get('IOTFLOW_MQTT_PORT') or MQTT_PORT}"

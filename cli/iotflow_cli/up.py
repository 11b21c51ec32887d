"""`iotflow up`: the whole service on this machine."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from iotflow.loopback import is_loopback
from iotflow_cli import local_defaults, mqtt
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.options import PORT, SettingOption, data_dir_option
from iotflow_cli.console import UsageError, write_line
from iotflow_cli.local_service import LocalService
from iotflow_cli.mqtt import EMBEDDED, BrokerChoice, chosen_broker
from iotflow_cli.open_files import allow_many_connections
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Record
from iotflow_cli.ports import Listener, check_distinct, check_free
from iotflow_cli.running.detached import start_detached
from iotflow_server.data_folder import UP_LOCK, FolderInUse, reserved


@command("up")
@data_dir_option()
@click.option(
    "--rest-port",
    type=PORT,
    default=5000,
    show_default=True,
    metavar="PORT",
    help="port of REST, gRPC and gRPC-Web",
)
@click.option(
    "--grpc-port",
    cls=SettingOption,
    variable="IOTFLOW_GRPC_PORT",
    fallback="50051",
    type=PORT,
    metavar="PORT",
    help="port of the server itself, gRPC only",
)
@click.option(
    "--rest-host",
    default=local_defaults.HOST,
    show_default=True,
    metavar="ADDRESS",
    help="address of REST; 0.0.0.0 opens it to the network, and registration and reads then need credentials",
)
@click.option(
    "--workers",
    cls=SettingOption,
    variable="IOTFLOW_WORKERS",
    fallback="1",
    type=click.IntRange(1, 256),
    metavar="N",
    help="number of server processes; more than one needs IOTFLOW_REDIS_URL",
)
@click.option(
    "--telemetry",
    metavar="URL",
    # The value is not shown: it may contain a password.
    help="sqlite, or iotdb://user:password@host:port[,host:port]  [default: the value of IOTFLOW_TELEMETRY, else sqlite]",
)
@click.option(
    "--broker",
    default=EMBEDDED,
    show_default=True,
    metavar="BROKER",
    help="MQTT broker: embedded (the MQTT endpoint), mosquitto, mqtt(s)://user:password@host:port, or none",
)
@click.option(
    "--mqtt-port",
    cls=SettingOption,
    variable="IOTFLOW_MQTT_PORT",
    fallback="1883",
    type=PORT,
    metavar="PORT",
    help="port of a broker that this command starts",
)
@click.option(
    "--websocket-port",
    cls=SettingOption,
    variable="IOTFLOW_GATEWAY_WEBSOCKET_PORT",
    fallback="9001",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="port of MQTT by WebSocket at the MQTT endpoint; 0: none, also not at /mqtt of REST",
)
@click.option(
    "--detach", is_flag=True, help="run in the background, and end when the service is ready  [default: wait]"
)
@click.pass_obj
def up(
    output: Output,
    data_dir: Path,
    rest_port: int,
    grpc_port: int,
    rest_host: str,
    workers: int,
    telemetry: str | None,
    broker: str,
    mqtt_port: int,
    websocket_port: int,
    detach: bool,
) -> int | Record:
    """Run the service on this machine until Ctrl-C."""
    options = {
        "data-dir": str(data_dir.resolve()),
        "rest-port": str(rest_port),
        "grpc-port": str(grpc_port),
        "rest-host": rest_host,
        "workers": str(workers),
        "broker": broker,
        "mqtt-port": str(mqtt_port),
        "websocket-port": str(websocket_port),
        **({"telemetry": telemetry} if telemetry else {}),
    }
    if detach:
        run = start_detached(options, data_dir, _ignore if output.as_json else click.echo)
        return Record(
            {"pid": run.pid, "rest": run.rest, "grpc_port": run.grpc_port},
            sentence=f"The service runs in the background (process {run.pid}).",
        )
    folder = data_dir.resolve()
    choice = chosen_broker(broker, rest_host, mqtt_port, websocket_port)
    with reserved_for_run(folder):
        _check_ports(rest_host, rest_port, grpc_port, choice)
        allow_many_connections()
        if telemetry:
            # A variable, not an argument: every user of the machine can read the arguments of a process.
            os.environ["IOTFLOW_TELEMETRY"] = telemetry
        os.environ["IOTFLOW_WORKERS"] = str(workers)
        write = _write_object if output.as_json else write_line
        service = LocalService(folder, rest_host, rest_port, grpc_port, workers, choice, options, write)
        return asyncio.run(service.run())


def _ignore(_: str) -> None:
    """No output beside the result."""


def _write_object(line: str) -> None:
    write_line(json.dumps({"line": line}, ensure_ascii=False))


@contextmanager
def reserved_for_run(data_dir: Path) -> Iterator[None]:
    """Make the data folder and keep other runs out. Raises UsageError."""
    with ExitStack() as stack:
        try:
            stack.enter_context(reserved(data_dir, UP_LOCK))
        except FolderInUse as error:
            raise UsageError(
                f"The data folder {data_dir} is in use by another `iotflow up` (process {error.owner}). "
                "Stop it, or choose another folder with --data-dir."
            ) from None
        except FileExistsError:
            raise UsageError(f"The data folder {data_dir} is a file. Choose a folder with --data-dir.") from None
        except OSError as error:
            raise UsageError(
                f"The data folder {data_dir} cannot be used ({error.strerror}). Choose another folder with --data-dir."
            ) from None
        yield


def _check_ports(rest_host: str, rest_port: int, grpc_port: int, broker: BrokerChoice) -> None:
    listeners = [
        Listener("REST", rest_host, rest_port, "--rest-port"),
        Listener("gRPC", local_defaults.HOST, grpc_port, "--grpc-port"),
    ]
    listeners += broker.listeners
    if anonymous_port := mqtt.anonymous_port(broker, local_defaults.effective(rest_host)):
        listeners.append(Listener("MQTT without a login", broker.host, anonymous_port, "--mqtt-port"))
    # A broker that runs already keeps its port, so the others must differ from it.
    named = [Listener("MQTT", broker.host, broker.port, "--broker")] if is_loopback(broker.host) else []
    check_distinct(listeners if broker.is_ours else [*named, *listeners])
    for one in listeners:
        check_free(one.host, one.port, one.option)

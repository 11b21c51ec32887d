"""`iotflow up`: the whole service on this machine."""

import argparse
import asyncio
import functools
import os
import resource
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from iotflow_cli import local_defaults, mqtt
from iotflow_cli.broker import EMBEDDED, Broker, chosen_broker
from iotflow_cli.console import supervisor_on, write_line
from iotflow_cli.data_folder import PARTS_DOWN, taken, write_down
from iotflow_cli.envoy.gateway import Gateway, admin_socket_in, drain
from iotflow_cli.ports import Listening, check_distinct, check_free, port
from iotflow_cli.readiness import all_serve, answers
from iotflow_server.supervision.child_process import Program
from iotflow_server.supervision.restarts import GivenUp

HOST = "127.0.0.1"
# Calls under way get this long when the gateway goes down; streams would take for ever and are cut.
DRAIN_SECONDS = 2.0
# What the server may take beyond its own time for draining, and beyond its wait for the store at the start.
SPARE_SECONDS = 5.0
START_SECONDS = 60.0
OPEN_FILES = 65536


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command and its options."""
    chosen = local_defaults.chosen()
    parser = commands.add_parser("up", help="run the service on this machine until Ctrl-C")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(chosen.get("IOTFLOW_DATA_DIR", "data")),
        metavar="DIR",
        help="folder of everything that is kept (default: %(default)s)",
    )
    parser.add_argument(
        "--rest-port", type=port, default=5000, metavar="PORT", help="REST, gRPC and gRPC-Web (default: %(default)s)"
    )
    parser.add_argument(
        "--grpc-port",
        type=port,
        # A default that is text is read by `type` too.
        default=chosen.get("IOTFLOW_GRPC_PORT", "50051"),
        metavar="PORT",
        help="the server itself, gRPC only (default: %(default)s)",
    )
    parser.add_argument(
        "--rest-host",
        default=HOST,
        metavar="ADDRESS",
        help="0.0.0.0: devices of the network reach it; registration and reads then need credentials (default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=chosen.get("IOTFLOW_WORKERS", "1"),
        metavar="N",
        help="server processes; more than one needs IOTFLOW_REDIS_URL (default: %(default)s)",
    )
    parser.add_argument(
        "--telemetry",
        metavar="URL",
        # Not the value: it may hold a password.
        help="sqlite, or iotdb://user:password@host:port[,host:port] (default: what IOTFLOW_TELEMETRY says, else sqlite)",
    )
    parser.add_argument(
        "--broker",
        default=EMBEDDED,
        metavar="BROKER",
        help="MQTT: embedded (this machine only), mosquitto, mqtt(s)://user:password@host:port, or none (default: %(default)s)",
    )
    parser.add_argument(
        "--mqtt-port",
        type=port,
        default=chosen.get("IOTFLOW_MQTT_PORT", "1883"),
        metavar="PORT",
        help="MQTT, where the broker is started here (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def positive(text: str) -> int:
    """A number of things, as argparse wants it: ValueError where it is none."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def run(arguments: argparse.Namespace) -> int:
    """Carry it out; the exit code."""
    data_dir: Path = arguments.data_dir.resolve()
    broker = chosen_broker(arguments.broker, arguments.rest_host, arguments.mqtt_port)
    with taken(data_dir):
        _check_ports(arguments.rest_host, arguments.rest_port, arguments.grpc_port, broker)
        _allow_many_connections()
        if arguments.telemetry:
            # As a variable, like every other setting: the arguments of a process can be read by anyone.
            os.environ["IOTFLOW_TELEMETRY"] = arguments.telemetry
        os.environ["IOTFLOW_WORKERS"] = str(arguments.workers)
        return asyncio.run(
            _up(data_dir, arguments.rest_host, arguments.rest_port, arguments.grpc_port, arguments.workers, broker)
        )


def _anonymous_port(broker: Broker, rest_host: str) -> int | None:
    return mqtt.anonymous_port(broker, {**local_defaults.defaults(rest_host), **local_defaults.chosen()})


def _check_ports(rest_host: str, rest_port: int, grpc_port: int, broker: Broker) -> None:
    listening = [
        Listening("REST", rest_host, rest_port, "--rest-port"),
        Listening("gRPC", HOST, grpc_port, "--grpc-port"),
    ]
    named = Listening("MQTT", broker.host, broker.port, "--mqtt-port")
    if broker.is_ours:
        listening.append(named)
    if anonymous_port := _anonymous_port(broker, rest_host):
        listening.append(Listening("MQTT without a login", broker.host, anonymous_port, "--mqtt-port"))
    # One that runs already has its port; the others must choose.
    check_distinct([named, *listening] if local_defaults.is_here(broker.host) and not broker.is_ours else listening)
    for one in listening:
        check_free(one.host, one.port, one.option)


def _allow_many_connections() -> None:
    """Each connection is an open file, and shells allow few of these unless told otherwise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


async def _up(data_dir: Path, rest_host: str, rest_port: int, grpc_port: int, workers: int, broker: Broker) -> int:
    sockets = local_defaults.worker_sockets(data_dir, workers)
    gateway = Gateway(
        folder=data_dir / "gateway",
        rest_host=rest_host,
        rest_port=rest_port,
        grpc_host=HOST,
        grpc_port=grpc_port,
        admin_socket=admin_socket_in(data_dir / "gateway"),
        workers=sockets,
        secret=secrets.token_urlsafe(24),
        only_here=local_defaults.is_here(rest_host),
    )
    gateway.prepare()
    defaults = local_defaults.defaults(rest_host)
    addresses = [f"unix:{socket}" for socket in sockets] or [f"{HOST}:{grpc_port}"]
    if broker.host:
        defaults = {**defaults, "IOTFLOW_MQTT_HOST": broker.host, "IOTFLOW_MQTT_PORT": str(broker.port)}
    programs = [
        _server(data_dir, gateway, defaults, addresses),
        _envoy(gateway),
        *mqtt.programs(broker, data_dir, f"{HOST}:{grpc_port}", defaults),
    ]
    problems_changed = functools.partial(write_down, data_dir / PARTS_DOWN)
    problems_changed(())
    try:
        in_grace = await supervisor_on(write_line, programs, problems_changed).run(
            functools.partial(_announce, gateway, broker, data_dir)
        )
    except GivenUp:
        write_line("all processes stopped; fix the error above and start again")
        return 1
    write_line("stopped")
    return 0 if in_grace else 1


def _server(data_dir: Path, gateway: Gateway, defaults: Mapping[str, str], addresses: Sequence[str]) -> Program:
    chosen = {**defaults, **local_defaults.chosen(), "IOTFLOW_ENVOY_SECRET": gateway.secret}
    env = local_defaults.server_environment(chosen, data_dir, gateway.grpc_port)
    return Program(
        name="server",
        command=[sys.executable, "-P", "-m", "iotflow_server"],
        env=env,
        ready=functools.partial(all_serve, addresses),
        start_within=START_SECONDS + local_defaults.store_start_seconds(env),
        grace=local_defaults.drain_seconds(env) + SPARE_SECONDS,
    )


def _envoy(gateway: Gateway) -> Program:
    socket = gateway.admin_socket
    return Program(
        name="envoy",
        command=gateway.command(),
        env={},
        ready=functools.partial(answers, f"{gateway.address}/health"),
        drain=functools.partial(drain, socket, DRAIN_SECONDS) if socket else None,
    )


def _announce(gateway: Gateway, broker: Broker, data_dir: Path) -> None:
    write_line(f"REST         {gateway.address}")
    write_line(f"gRPC         {gateway.rest_host}:{gateway.rest_port}, or past the gateway {HOST}:{gateway.grpc_port}")
    if broker.host:
        write_line(f"MQTT         {broker.host}:{broker.port} ({broker.kind})")
    if anonymous_port := _anonymous_port(broker, gateway.rest_host):
        write_line(
            f"MQTT         {broker.host}:{anonymous_port} for clients without a login, which put api_key into each message"
        )
    write_line(f"admin token  {_admin_token(data_dir / 'admin-token')}")
    write_line(f"commands     {_program()} (--help lists them)")
    write_line(f"ready: {gateway.address}/health (Ctrl-C stops it)")


def _program() -> str:
    """This command as one calls it from the folder in which it was started."""
    program = Path(sys.argv[0])
    return os.path.relpath(program) if program.is_relative_to(Path.cwd()) else str(program)


def _admin_token(file: Path) -> str:
    if local_defaults.chosen().get("IOTFLOW_ADMIN_TOKEN") or not file.exists():
        return "as set in IOTFLOW_ADMIN_TOKEN"
    return f"{file.read_text().strip()} (kept in {file})"

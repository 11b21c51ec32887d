"""`iotflow up`: the whole service on this machine."""

import argparse
import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from iotflow_cli import local_defaults, mqtt
from iotflow_cli.console import UsageError
from iotflow_cli.local_service import LocalService
from iotflow_cli.mqtt import EMBEDDED, BrokerChoice, chosen_broker
from iotflow_cli.ports import Listener, check_distinct, check_free, port
from iotflow_server.data_folder import FolderInUse, reserved

LOCK = "up.lock"
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
        help="folder of the databases, the journal and the secrets (default: %(default)s)",
    )
    parser.add_argument(
        "--rest-port",
        type=port,
        default=5000,
        metavar="PORT",
        help="port of REST, gRPC and gRPC-Web (default: %(default)s)",
    )
    parser.add_argument(
        "--grpc-port",
        type=port,
        # argparse passes a default that is text through `type`.
        default=chosen.get("IOTFLOW_GRPC_PORT", "50051"),
        metavar="PORT",
        help="port of the server itself, gRPC only (default: %(default)s)",
    )
    parser.add_argument(
        "--rest-host",
        default=local_defaults.HOST,
        metavar="ADDRESS",
        help="address of REST; 0.0.0.0 opens it to the network, and registration and reads then need credentials "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=chosen.get("IOTFLOW_WORKERS", "1"),
        metavar="N",
        help="number of server processes; more than one needs IOTFLOW_REDIS_URL (default: %(default)s)",
    )
    parser.add_argument(
        "--telemetry",
        metavar="URL",
        # The value is not shown: it may contain a password.
        help="sqlite, or iotdb://user:password@host:port[,host:port] (default: the value of IOTFLOW_TELEMETRY, else sqlite)",
    )
    parser.add_argument(
        "--broker",
        default=EMBEDDED,
        metavar="BROKER",
        help="MQTT broker: embedded (this machine only), mosquitto, mqtt(s)://user:password@host:port, or none "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--mqtt-port",
        type=port,
        default=chosen.get("IOTFLOW_MQTT_PORT", "1883"),
        metavar="PORT",
        help="port of a broker that this command starts (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def positive(text: str) -> int:
    """A count from 1. Raises ValueError, as argparse expects."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def run(arguments: argparse.Namespace) -> int:
    """Run the service until it is stopped; the exit code. Raises UsageError."""
    data_dir: Path = arguments.data_dir.resolve()
    broker = chosen_broker(arguments.broker, arguments.rest_host, arguments.mqtt_port)
    with reserved_for_run(data_dir):
        _check_ports(arguments.rest_host, arguments.rest_port, arguments.grpc_port, broker)
        _allow_many_connections()
        if arguments.telemetry:
            # A variable, not an argument: every user of the machine can read the arguments of a process.
            os.environ["IOTFLOW_TELEMETRY"] = arguments.telemetry
        os.environ["IOTFLOW_WORKERS"] = str(arguments.workers)
        service = LocalService(
            data_dir, arguments.rest_host, arguments.rest_port, arguments.grpc_port, arguments.workers, broker
        )
        return asyncio.run(service.run())


@contextmanager
def reserved_for_run(data_dir: Path) -> Iterator[None]:
    """Make the data folder and keep other runs out. Raises UsageError."""
    with ExitStack() as stack:
        try:
            stack.enter_context(reserved(data_dir, LOCK))
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
    named = Listener("MQTT", broker.host, broker.port, "--mqtt-port")
    if broker.is_ours:
        listeners.append(named)
    if anonymous_port := mqtt.anonymous_port(broker, local_defaults.effective(rest_host)):
        listeners.append(Listener("MQTT without a login", broker.host, anonymous_port, "--mqtt-port"))
    # A broker that runs already keeps its port, so the others must differ from it.
    check_distinct([named, *listeners] if local_defaults.is_local(broker.host) and not broker.is_ours else listeners)
    for one in listeners:
        check_free(one.host, one.port, one.option)


def _allow_many_connections() -> None:
    """Raise the limit of open files: each connection is one, and most shells allow only 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Linux allows no infinite number.
    enough = min(OPEN_FILES, hard)
    if soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))

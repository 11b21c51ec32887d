"""The interoperability tests of the Paho project against the endpoint: `python -m tests.interoperability.paho FOLDER`.

FOLDER: a checkout of eclipse/paho.mqtt.testing. Nothing of it is copied. The endpoint has no server behind it: each message counts as
stored at once, and the clients have the login that may use every topic, because these tests use topics of their own.
Writes the table of docs/mqtt-interoperability.md.
"""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.interoperability.page import write_table
from tests.support.mqtt_endpoint import ADAPTER, RunningEndpoint, running_endpoint

VERSIONS = {"3.1.1": "client_test", "5": "client_test5"}
PROGRAM = str(Path(__file__).with_name("paho_program.py"))
# Seconds for one test.
LONGEST = 60.0
_NO_FREE_PUBLISHING = "devices do not publish to each other"
# Tests of what the endpoint does not offer, each with the reason.
LEFT_OUT: Mapping[str, str] = {
    "test_shared_subscriptions": f"shared subscriptions are refused: {_NO_FREE_PUBLISHING}",
    "test_server_topic_alias": "the endpoint sends no topic aliases, as it may (3.3.2.3.4)",
    "test_server_keep_alive": "the test expects a broker that allows a keepalive of 60 seconds at most; the endpoint allows an hour",
    "test_subscribe_failure": "the test expects a broker with a forbidden topic `test/nosubscribe` for every login",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """problem: empty where the test passed. left_out: the reason why it was not run."""

    version: str
    test: str
    problem: str = ""
    left_out: str = ""


def main(folder: Path) -> int:
    """1 where a test failed."""
    outcomes = asyncio.run(_run(folder / "interoperability"))
    _write(outcomes, _commit(folder))
    for one in outcomes:
        if one.problem:
            sys.stdout.write(f"{one.version} {one.test}:\n{one.problem}\n")
    return int(any(one.problem for one in outcomes))


async def _run(folder: Path) -> list[Outcome]:
    async with running_endpoint() as endpoint, asyncio.TaskGroup() as tasks:
        storing = tasks.create_task(_store(endpoint))
        outcomes = [
            await _outcome(version, test, [str(folder), module, str(endpoint.port), *ADAPTER, test])
            for version, module in VERSIONS.items()
            for test in await _tests(folder, module)
        ]
        storing.cancel()
    return outcomes


async def _store(endpoint: RunningEndpoint) -> None:
    while True:
        endpoint.endpoint.finish(await endpoint.taken())


async def _tests(folder: Path, module: str) -> list[str]:
    code, output = await _program([str(folder), module, "0", *ADAPTER])
    assert code == 0, output
    return output.splitlines()


async def _outcome(version: str, test: str, arguments: list[str]) -> Outcome:
    if reason := LEFT_OUT.get(test):
        return Outcome(version, test, left_out=reason)
    code, output = await _program(arguments)
    sys.stderr.write(f"{version} {test}: {'passed' if code == 0 else 'failed'}\n")
    return Outcome(version, test, problem=output if code else "")


async def _program(arguments: list[str]) -> tuple[int, str]:
    """The exit code, and the output."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, PROGRAM, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(LONGEST):
            output, _ = await program.communicate()
    except TimeoutError:
        program.kill()
        await program.wait()
        return 1, f"no end after {LONGEST:.0f} seconds"
    return program.returncode or 0, output.decode(errors="replace")


def _write(outcomes: list[Outcome], commit: str) -> None:
    rows = [f"| {one.version} | {one.test.removeprefix('test').strip('_')} | {_result(one)} |" for one in outcomes]
    when = f"Run on {datetime.now(UTC).date()} with commit `{commit}` of eclipse/paho.mqtt.testing."
    write_table("paho", [when, "", "| MQTT | Test | Result |", "|---|---|---|", *rows])


def _result(one: Outcome) -> str:
    if one.left_out:
        return f"left out: {one.left_out}"
    return "**failed**" if one.problem else "passed"


def _commit(folder: Path) -> str:
    command = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

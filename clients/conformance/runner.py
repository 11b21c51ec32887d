"""Runs scenarios with the testee of one language."""

import asyncio
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from clients.conformance import disk
from clients.conformance.languages import ROOT, Language
from clients.conformance.outcome import Outcome
from clients.conformance.scenario import Scenario
from clients.conformance.server import Server
from clients.conformance.stage import Stage
from clients.conformance.testee import Testee
from clients.conformance.waiting import ScenarioFailed

# For the whole of a scenario, so that an error of the runner cannot hang either.
_SCENARIO_SECONDS = 900.0
_LOG_BYTES = 2_000


async def run(language: Language, scenarios: Iterable[Scenario]) -> AsyncIterator[Outcome]:
    """Run the scenarios one after the other. All that need no server of their own share one."""
    with tempfile.TemporaryDirectory(prefix="iotflow-conformance-") as name:
        folder = Path(name)
        skips = await _skips(language, folder)
        async with _running_server(folder / "shared", {}) as shared:
            for scenario in scenarios:
                if reason := _omission(scenario, skips):
                    yield Outcome(scenario.name, "skipped", reason)
                    continue
                yield await _outcome(language, scenario, shared, folder)


async def _skips(language: Language, folder: Path) -> dict[str, str]:
    """What the client lacks: features or names of scenarios, and why."""
    log = folder / "hello.log"
    testee = await Testee.start(language.run, ROOT, {}, log)
    try:
        skips: dict[str, str] = (await testee.hello())["skips"]
    except ScenarioFailed as failure:
        sys.exit(f"The testee of {language.name} does not answer: {failure}{_tail(log)}")
    finally:
        await testee.kill()
    return {**_machine_lacks(), **skips}


def _machine_lacks() -> dict[str, str]:
    lacks = {}
    if not disk.is_possible():
        lacks["small_disk"] = "only root may mount a small disk"
        lacks["names"] = "only root may give the testee other names of hosts"
    if shutil.which("cc") is None:
        lacks["clock_steps"] = "there is no C compiler for the library that steps the clock"
    return lacks


def _omission(scenario: Scenario, skips: dict[str, str]) -> str:
    return next((skips[each] for each in (scenario.name, *scenario.needs) if each in skips), "")


async def _outcome(language: Language, scenario: Scenario, shared: Server, folder: Path) -> Outcome:
    began = time.monotonic()
    own = folder / scenario.name
    own.mkdir()
    reason = await _failure(language, scenario, shared, own)
    return Outcome(scenario.name, "failed" if reason else "passed", reason, time.monotonic() - began)


async def _failure(language: Language, scenario: Scenario, shared: Server, folder: Path) -> str:
    """Run a scenario; the reason of its failure, or an empty text."""
    if not scenario.server:
        await shared.start()
        return await _staged(language, scenario, shared, folder)
    async with _running_server(folder / "server", scenario.server) as server:
        return await _staged(language, scenario, server, folder)


async def _staged(language: Language, scenario: Scenario, server: Server, folder: Path) -> str:
    stage = Stage(language, server, folder)
    try:
        async with asyncio.timeout(_SCENARIO_SECONDS):
            await stage.open(with_relay=scenario.relay, by_mqtt=language.mqtt and scenario.sends_to_device)
            return await _steps(scenario, stage)
    except (TimeoutError, ScenarioFailed, OSError) as failure:
        return f"{type(failure).__name__}: {failure}{_tail(stage.testee_log)}"
    finally:
        await stage.end()


async def _steps(scenario: Scenario, stage: Stage) -> str:
    for number, step in enumerate(scenario.steps, 1):
        try:
            await step.run(stage)
        except ScenarioFailed as failure:
            return f"step {number} ({step.verb}): {failure}{_tail(stage.testee_log)}"
        except Exception:  # noqa: BLE001 - a fault of the runner must not end the other scenarios
            return f"step {number} ({step.verb}): {traceback.format_exc()}"
    return ""


@asynccontextmanager
async def _running_server(folder: Path, settings: dict[str, str]) -> AsyncIterator[Server]:
    server = Server(folder, settings)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()


def _tail(log: Path) -> str:
    text = log.read_bytes()[-_LOG_BYTES:].decode(errors="replace").strip() if log.exists() else ""
    return f"\n--- the testee's standard error ---\n{text}" if text else ""

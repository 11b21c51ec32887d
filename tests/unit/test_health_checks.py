"""The health of the service is that of its worst check, and a check that hangs or fails does not hide the others."""

import asyncio
from collections.abc import Mapping

import pytest

from iotflow_server import health
from iotflow_server.errors import Unavailable
from iotflow_server.health import Check, CheckResult, HealthChecks
from iotflow_server.streams.active_streams import ActiveStreams


async def works() -> str:
    return ""


async def is_behind() -> str:
    return "It is behind."


async def is_away() -> str:
    raise Unavailable("STORE_UNAVAILABLE", "It is away.")


async def hangs() -> str:
    await asyncio.Event().wait()
    return ""


GOOD = CheckResult("a", "healthy", "")
CASES: list[tuple[Mapping[str, Check], Mapping[str, Check], str, list[CheckResult]]] = [
    ({"a": works}, {}, "healthy", [GOOD]),
    ({"a": works, "b": is_behind}, {}, "degraded", [GOOD, CheckResult("b", "degraded", "It is behind.")]),
    ({"b": is_away, "a": works}, {}, "unhealthy", [CheckResult("b", "unhealthy", "It is away."), GOOD]),
    ({"a": works}, {"part": works}, "healthy", [GOOD]),
    ({"a": works}, {"part": is_behind}, "degraded", [GOOD, CheckResult("part", "degraded", "It is behind.")]),
    ({"a": works}, {"part": is_away}, "unhealthy", [GOOD, CheckResult("part", "unhealthy", "It is away.")]),
]
NAMES = ["one works", "one is behind", "one is away", "another process works", "another is behind", "another is away"]


@pytest.mark.parametrize(("checks", "external", "status", "results"), CASES, ids=NAMES)
async def test_the_worst_check_decides_and_other_processes_are_named_while_they_fail(
    checks: Mapping[str, Check], external: Mapping[str, Check], status: str, results: list[CheckResult]
) -> None:
    assert await HealthChecks(checks, external, ActiveStreams()).run() == (status, results)


async def test_a_check_that_hangs_is_unhealthy_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.01)
    status, results = await HealthChecks({"a": works, "b": hangs}, {}, ActiveStreams()).run()
    assert status == "unhealthy"
    assert results == [GOOD, CheckResult("b", "unhealthy", "The check did not finish within 0.01 seconds.")]

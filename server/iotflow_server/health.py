"""Health checks of the components, each with a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from iotflow.words import HealthStatus
from iotflow_server.errors import Unavailable
from iotflow_server.streams.active_streams import ActiveStreams

# Returns the problem as a sentence; empty: no problem. Raises Unavailable if the component does not work.
Check = Callable[[], Awaitable[str]]
# A component that needs longer is unhealthy.
CHECK_SECONDS = 5.0
HEALTHY, DEGRADED = HealthStatus.HEALTHY, HealthStatus.DEGRADED
UNHEALTHY, DRAINING = HealthStatus.UNHEALTHY, HealthStatus.DRAINING
# The worst status first.
BY_SEVERITY = (UNHEALTHY, DEGRADED)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """status: see HealthStatus. message: the problem as a sentence; empty: none."""

    name: str
    status: str
    message: str


class HealthChecks:
    """checks: by name, in the order of the response.

    external: checks of other processes, by name; the response contains them only while they fail.
    """

    def __init__(
        self, checks: Mapping[str, Check], external: Mapping[str, Check], active_streams: ActiveStreams
    ) -> None:
        self._checks = checks
        self._external = external
        self._active_streams = active_streams

    async def run(self) -> tuple[str, list[CheckResult]]:
        """The status of the service, and the results of its checks."""
        pending = [_checked(name, check) for name, check in (*self._checks.items(), *self._external.items())]
        found = await asyncio.gather(*pending)
        checks = [check for check in found if check.name in self._checks or check.status != HEALTHY]
        statuses = {check.status for check in checks}
        worst = next((status for status in BY_SEVERITY if status in statuses), HEALTHY)
        return DRAINING if self._active_streams.draining else worst, checks


async def _checked(name: str, check: Check) -> CheckResult:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            problem = await check()
    except TimeoutError:
        return CheckResult(
            name=name, status=UNHEALTHY, message=f"The check did not finish within {CHECK_SECONDS:g} seconds."
        )
    except Unavailable as error:
        return CheckResult(name=name, status=UNHEALTHY, message=error.message)
    return CheckResult(name=name, status=DEGRADED if problem else HEALTHY, message=problem)


class PartsDown:
    """The parts of the service that `iotflow up` lists as stopped.

    file: one sentence on each line; missing or empty: all parts run. None: no supervisor writes such a file.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file

    async def check(self) -> str:
        """The sentences of the file; empty: all parts run."""
        return await asyncio.to_thread(_sentences, self._file) if self._file else ""


def _sentences(file: Path) -> str:
    try:
        return "; ".join(file.read_text().splitlines())
    except OSError:
        return ""

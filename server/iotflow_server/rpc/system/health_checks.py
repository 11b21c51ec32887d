"""How the parts of the service are, each looked at within a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from iotflow.v1.system_service_pb2 import HealthCheck
from iotflow.words import HealthStatus
from iotflow_server.errors import Unavailable
from iotflow_server.rpc.streams.sessions import Sessions

# What is not as it should be, as a sentence; empty: nothing. Raises Unavailable where the part cannot do its work.
Check = Callable[[], Awaitable[str]]
# A part that needs longer is as good as away.
CHECK_SECONDS = 5.0
HEALTHY, DEGRADED = HealthStatus.HEALTHY, HealthStatus.DEGRADED
UNHEALTHY, DRAINING = HealthStatus.UNHEALTHY, HealthStatus.DRAINING
# The worse one comes first.
BY_GRAVITY = (UNHEALTHY, DEGRADED)


class HealthChecks:
    """checks: by name, in the order in which they are shown. beside: of what runs beside this server, shown while it fails."""

    def __init__(self, checks: Mapping[str, Check], beside: Mapping[str, Check], sessions: Sessions) -> None:
        self._checks = checks
        self._beside = beside
        self._sessions = sessions

    async def run(self) -> tuple[str, list[HealthCheck]]:
        """How the service is as a whole, and each part."""
        looks = [_checked(name, check) for name, check in (*self._checks.items(), *self._beside.items())]
        found = await asyncio.gather(*looks)
        checks = [check for check in found if check.name in self._checks or check.status != HEALTHY]
        statuses = {check.status for check in checks}
        worst = next((status for status in BY_GRAVITY if status in statuses), HEALTHY)
        return DRAINING if self._sessions.draining else worst, checks


async def _checked(name: str, check: Check) -> HealthCheck:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            trouble = await check()
    except TimeoutError:
        return HealthCheck(name=name, status=UNHEALTHY, message=f"no answer in {CHECK_SECONDS:g} seconds")
    except Unavailable as refusal:
        return HealthCheck(name=name, status=UNHEALTHY, message=refusal.message)
    return HealthCheck(name=name, status=DEGRADED if trouble else HEALTHY, message=trouble)

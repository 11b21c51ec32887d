"""How long all readings are kept, as the settings say it."""

import asyncio

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import TelemetryWriter

_RETRY_SECONDS = 5.0
# A store that says nothing keeps nobody from starting.
_PATIENCE_SECONDS = 3.0

log = structlog.get_logger(__name__)


class RetentionRule:
    """Tells the store; where that is away, as soon as it is back. milliseconds: None for ever."""

    def __init__(self, writer: TelemetryWriter, milliseconds: int | None) -> None:
        self._writer = writer
        self._milliseconds = milliseconds
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Set it, now or later."""
        if not await self._is_set():
            self._telling = asyncio.create_task(self._keep_trying(), name="retention rule")

    async def close(self) -> None:
        """Try no more."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])

    async def _keep_trying(self) -> None:
        while not await self._is_set():  # noqa: ASYNC110 - a store that is back rings no bell
            await asyncio.sleep(_RETRY_SECONDS)
        log.info("retention_rule_set", milliseconds=self._milliseconds)

    async def _is_set(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._writer.set_retention(None, self._milliseconds)
        except (Unavailable, TimeoutError):
            return False
        return True

"""Waits until the journal is empty."""

import asyncio

from iotflow_server.telemetry.journal import JournaledWriter
from tests.faults.progress import PATIENCE


async def caught_up(store: JournaledWriter) -> None:
    async with asyncio.timeout(PATIENCE):
        while await store.check():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

"""The file that tells `iotflow up` and supervisors that the adapter receives messages."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from iotflow_gateway.app import create_ready_file

PATIENCE = 10.0


async def test_the_file_comes_once_the_broker_delivers_messages_and_the_task_goes_on(tmp_path: Path) -> None:
    connected, file = asyncio.Event(), tmp_path / "ready"
    asked = asyncio.Event()

    async def wait() -> None:
        asked.set()
        await connected.wait()

    broker: Any = SimpleNamespace(connected=wait)
    task = asyncio.create_task(create_ready_file(broker, file))
    async with asyncio.timeout(PATIENCE):
        await asked.wait()
        assert not file.exists()
        connected.set()
        while not file.exists():  # noqa: ASYNC110 - a file rings no bell
            await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

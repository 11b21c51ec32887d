"""Imports of devices from a file, for tests without an event loop."""

import asyncio
from pathlib import Path

from iotflow.channels import credentials, open_channel
from iotflow_cli.device_import import ImportResult, TakeProgress, import_devices


def run_import(
    devices: Path, keys: Path, target: str, token: str, on_progress: TakeProgress = lambda *_: None
) -> ImportResult:
    """See import_devices. target: host:port of the server. Blocks until the end."""
    return asyncio.run(_imported(devices, keys, target, token, on_progress))


async def _imported(devices: Path, keys: Path, target: str, token: str, on_progress: TakeProgress) -> ImportResult:
    async with open_channel(target) as channel:
        return await import_devices(devices, keys, channel, credentials(token=token), on_progress)

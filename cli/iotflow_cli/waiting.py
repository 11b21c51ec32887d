"""Waiting for something that nobody announces."""

import asyncio
from collections.abc import Awaitable, Callable

ASK_EVERY = 0.05


async def until(condition: Callable[[], Awaitable[bool]], within: float) -> None:
    """Ask again and again until it is true; TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(ASK_EVERY)

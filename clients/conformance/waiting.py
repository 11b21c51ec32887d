"""Waits with a limit, and the failure of a scenario."""

import asyncio
import time
from collections.abc import Awaitable, Callable

# Between two looks at a state that does not report its changes.
_LOOK_SECONDS = 0.05


class ScenarioFailed(Exception):
    """A promise was not kept, or not within its limit. The message is a sentence."""


class Changes:
    """Wakes all that wait for a condition of one object."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """The object has changed."""
        self._changed.set()

    async def until(self, condition: Callable[[], bool], within: float, expected: Callable[[], str]) -> None:
        """Wait at most `within` seconds for the condition. Raises ScenarioFailed with the expectation."""
        try:
            async with asyncio.timeout(within):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise ScenarioFailed(f"{expected()} (waited {within:g} s)") from None


async def poll(condition: Callable[[], Awaitable[str]], within: float) -> None:
    """Look again and again until the condition returns an empty text. Raises ScenarioFailed with its last text."""
    ends_at = time.monotonic() + within
    while complaint := await condition():
        if time.monotonic() > ends_at:
            raise ScenarioFailed(f"{complaint} (waited {within:g} s)")
        await asyncio.sleep(_LOOK_SECONDS)

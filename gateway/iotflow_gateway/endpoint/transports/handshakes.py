"""TLS handshakes in turns of the event loop: each takes about a millisecond of processor, and a fleet begins thousands at once."""

import asyncio
from collections import deque
from collections.abc import Callable

from iotflow_gateway.endpoint.limits import MOST_HANDSHAKES_AT_ONCE


class Handshakes:
    """The steps of handshakes that wait, in the order of arrival."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def add(self, step: Callable[[], None]) -> None:
        """Take the step once its turn comes; others are served in between."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._run)
        self._waiting.append(step)

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(min(MOST_HANDSHAKES_AT_ONCE, len(self._waiting))):
            loop.call_soon(self._waiting.popleft())
        if self._waiting:
            loop.call_soon(self._run)

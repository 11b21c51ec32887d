"""Whether anything listens at the MQTT broker's address."""

import asyncio
import time

REACH_SECONDS = 2.0
# Asked for by anyone: more often than this the broker, and the name service, are not bothered.
AGE_SECONDS = 1.0


class BrokerProbe:
    """host empty: there is no broker."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._asked = 0.0
        self._answer: asyncio.Task[bool] | None = None

    async def is_reachable(self) -> bool:
        """As found out at most a second ago; one look at a time, however many ask."""
        if not self._host:
            return False
        answer = self._answer
        if answer is None or (answer.done() and time.monotonic() - self._asked > AGE_SECONDS):
            self._asked = time.monotonic()
            answer = self._answer = asyncio.create_task(self._look(), name="broker probe")
        return await asyncio.shield(answer)

    async def _look(self) -> bool:
        try:
            async with asyncio.timeout(REACH_SECONDS):
                _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return False
        writer.close()
        return True

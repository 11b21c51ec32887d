"""Results of commands that wait for a stream."""

import asyncio

from iotflow.v1.device_service_pb2 import StreamCommandsRequest

# Of more results the oldest are forgotten: the server delivers their commands again.
MOST_RESULTS = 1_000


class Outbox:
    """At most one result of each command, and at most MOST_RESULTS in all."""

    def __init__(self) -> None:
        self._results: dict[int, StreamCommandsRequest] = {}
        self._is_filled = asyncio.Event()

    def put(self, result: StreamCommandsRequest) -> None:
        """Append a result."""
        self._results.setdefault(result.command_id, result)
        if len(self._results) > MOST_RESULTS:
            del self._results[next(iter(self._results))]
        self._is_filled.set()

    def take_all(self) -> list[StreamCommandsRequest]:
        """Remove and return everything, the oldest first."""
        results = list(self._results.values())
        self._results.clear()
        self._is_filled.clear()
        return results

    async def next(self) -> StreamCommandsRequest:
        """Remove and return the oldest result; wait for one."""
        while not self._results:
            await self._is_filled.wait()
        command_id = next(iter(self._results))
        result = self._results.pop(command_id)
        if not self._results:
            self._is_filled.clear()
        return result

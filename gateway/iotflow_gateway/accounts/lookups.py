"""Lookups of single devices at the server: by the key in a message, or by a name that the directory does not have yet."""

import asyncio
import time
from collections import OrderedDict
from hashlib import sha256

import grpc

from iotflow.errors import server_error
from iotflow.v1.mqtt_service_pb2 import FindAccountRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.retries import TRIES, gave_up, is_fatal

# Seconds for which a result is valid, found or not found, and the number of results that are cached.
TTL, ABSENCE_TTL, SIZE = 5.0, 1.0, 50_000
ANSWER_SECONDS, RETRY_SECONDS = 5.0, 0.5
# No device has this id.
UNKNOWN = 0

Key = tuple[str, bytes]


class Lookups:
    """Concurrent lookups of the same device share one request. Its callers resume in the order of their calls."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._results: OrderedDict[Key, tuple[float, int]] = OrderedDict()
        self._pending: dict[Key, asyncio.Task[int]] = {}

    def by_key(self, api_key: str) -> "int | asyncio.Task[int]":
        """The id of the device with this key, UNKNOWN, or the task that returns either."""
        return self._find(("api_key", sha256(api_key.encode()).digest()), FindAccountRequest(api_key=api_key))

    def by_username(self, username: str) -> "int | asyncio.Task[int]":
        """The id of the device with this id or name, UNKNOWN, or the task that returns either."""
        return self._find(("username", username.encode()), FindAccountRequest(username=username))

    def is_pending(self, username: str) -> bool:
        """Whether a lookup of this id or name is in progress."""
        return bool(self._pending) and ("username", username.encode()) in self._pending

    async def close(self) -> None:
        """Cancel the lookups in progress."""
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _find(self, key: Key, request: FindAccountRequest) -> "int | asyncio.Task[int]":
        if key in self._pending:
            return self._pending[key]
        result = self._results.get(key)
        if result and result[0] > time.monotonic():
            return result[1]
        task = asyncio.create_task(self._look_up(key, request), name="lookup")
        self._pending[key] = task
        # The first of the task's callbacks: a later message must not overtake the ones that wait.
        task.add_done_callback(lambda _: self._pending.pop(key))
        return task

    async def _look_up(self, key: Key, request: FindAccountRequest) -> int:
        found = await self._request(request)
        ttl = ABSENCE_TTL if found == UNKNOWN else TTL
        self._results[key] = (time.monotonic() + ttl, found)
        self._results.move_to_end(key)
        if len(self._results) > SIZE:
            self._results.popitem(last=False)
        return found

    async def _request(self, request: FindAccountRequest) -> int:
        """Request the account until the server answers: a message of an unidentified device is neither stored nor rejected. Raises
        Rejected if the server fails over the request TRIES times."""
        faults = 0
        while True:
            try:
                found = await self._stub.FindAccount(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError as failure:
                error = server_error(failure)
                if error.code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
                    return UNKNOWN
                faults += not error.retryable and not is_fatal(error)
                if faults >= TRIES:
                    raise gave_up(error) from None
                await asyncio.sleep(max(error.retry_after or 0.0, RETRY_SECONDS))
            else:
                return found.account.device_id

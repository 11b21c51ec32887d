"""Devices asked for one at a time: by the key in a payload, or before the directory has heard of them."""

import asyncio
import time
from collections import OrderedDict
from hashlib import sha256

import grpc

from iotflow.errors import server_error
from iotflow.v1.mqtt_service_pb2 import FindAccountRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.failures import TRIES, ends_adapter, given_up

# Seconds that an answer counts, and how many are remembered.
TTL, ABSENCE_TTL, SIZE = 5.0, 1.0, 50_000
ANSWER_SECONDS, RETRY_SECONDS = 5.0, 0.5
UNKNOWN = 0

Asked = tuple[str, bytes]


class Lookups:
    """Answers are shared by all who ask for the same meanwhile, in the order in which they asked."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._known: OrderedDict[Asked, tuple[float, int]] = OrderedDict()
        self._under_way: dict[Asked, asyncio.Task[int]] = {}

    def by_key(self, api_key: str) -> "int | asyncio.Task[int]":
        """The device's id, UNKNOWN, or what will have it."""
        return self._find(("api_key", sha256(api_key.encode()).digest()), FindAccountRequest(api_key=api_key))

    def by_username(self, username: str) -> "int | asyncio.Task[int]":
        """As by_key, by the device's id or name."""
        return self._find(("username", username.encode()), FindAccountRequest(username=username))

    def is_asking(self, username: str) -> bool:
        """Whether somebody waits for this id or name: whoever comes now is to wait behind them."""
        return bool(self._under_way) and ("username", username.encode()) in self._under_way

    async def close(self) -> None:
        """Cancel what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _find(self, asked: Asked, request: FindAccountRequest) -> "int | asyncio.Task[int]":
        if asked in self._under_way:
            return self._under_way[asked]
        known = self._known.get(asked)
        if known and known[0] > time.monotonic():
            return known[1]
        task = asyncio.create_task(self._ask(asked, request), name="lookup")
        self._under_way[asked] = task
        # As the first of its callbacks: what comes then must not overtake those who wait.
        task.add_done_callback(lambda _: self._under_way.pop(asked))
        return task

    async def _ask(self, asked: Asked, request: FindAccountRequest) -> int:
        found = await self._answer(request)
        ttl = ABSENCE_TTL if found == UNKNOWN else TTL
        self._known[asked] = (time.monotonic() + ttl, found)
        self._known.move_to_end(asked)
        if len(self._known) > SIZE:
            self._known.popitem(last=False)
        return found

    async def _answer(self, request: FindAccountRequest) -> int:
        """Asks until it is answered: a message whose device is in doubt is neither stored nor refused. Raises Refused where the
        server fails over the question each time."""
        faults = 0
        while True:
            try:
                found = await self._stub.FindAccount(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
            except grpc.aio.AioRpcError as failed:
                error = server_error(failed)
                if error.code in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
                    return UNKNOWN
                faults += not error.retryable and not ends_adapter(error)
                if faults >= TRIES:
                    raise given_up(error) from None
                await asyncio.sleep(max(error.retry_after or 0.0, RETRY_SECONDS))
            else:
                return found.account.device_id

"""The logins that the server checks: in turns of the client addresses, with bounds for an address of which many fail."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from iotflow.fair_slots import FairSlots
from iotflow.log_limits import LogLimit
from iotflow_gateway.endpoint.limits import (
    MOST_FAILED_ADDRESSES,
    MOST_FAILED_LOGINS,
    MOST_LOGIN_BYTES,
    MOST_LOGIN_BYTES_OF_AN_ADDRESS,
    MOST_LOGINS,
    MOST_LOGINS_AFTER_FAILURES,
    MOST_LOGINS_OF_AN_ADDRESS,
    MOST_WAITING_AFTER_FAILURES,
)
from iotflow_gateway.mqtt import Connect, Properties

log = structlog.get_logger(__name__)

MINUTE = 60.0
# Memory of a user property beside its texts.
PROPERTY_BYTES = 200


class FailedLogins:
    """Failed logins of each address. They are forgotten at a steady rate, all that are allowed within a minute."""

    def __init__(self) -> None:
        # The number that is not forgotten, and the time of the last one. The address of the last failure comes last.
        self._failures: dict[str, tuple[float, float]] = {}

    def record(self, address: str) -> None:
        """Count a failed login."""
        count = self._count(address) + 1
        self._failures.pop(address, None)
        if len(self._failures) >= MOST_FAILED_ADDRESSES:
            del self._failures[next(iter(self._failures))]
        # A flood is forgotten within a minute as well.
        self._failures[address] = min(count, 2.0 * MOST_FAILED_LOGINS), time.monotonic()

    def are_too_many(self, address: str) -> bool:
        """Whether the address has more than are allowed."""
        return address in self._failures and self._count(address) > MOST_FAILED_LOGINS

    def _count(self, address: str) -> float:
        count, at = self._failures.get(address, (0.0, 0.0))
        return max(0.0, count - (time.monotonic() - at) * MOST_FAILED_LOGINS / MINUTE)


class Logins:
    """Logins that wait or are checked. Whether an address is bounded by its failures is decided when a login begins."""

    def __init__(self) -> None:
        self._slots = FairSlots(MOST_LOGINS, self._most)
        self._failed = FailedLogins()
        self._waiting: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._all_bytes = 0
        self._log_limit = LogLimit()

    def refusal(self, address: str, connect: Connect) -> str:
        """The limit for which a login cannot wait; empty: it can."""
        size = _size(connect)
        if self._all_bytes + size > MOST_LOGIN_BYTES:
            return f"{MOST_LOGIN_BYTES} bytes of logins wait"
        if self._bytes[address] + size > MOST_LOGIN_BYTES_OF_AN_ADDRESS:
            return f"{MOST_LOGIN_BYTES_OF_AN_ADDRESS} bytes of logins of one address wait"
        if self._waiting[address] >= MOST_WAITING_AFTER_FAILURES and self._failed.are_too_many(address):
            failed = f"more than {MOST_FAILED_LOGINS} logins of one address failed in a minute"
            return f"{failed}, and {MOST_WAITING_AFTER_FAILURES} wait"
        return ""

    def record_failure(self, address: str) -> None:
        """Count a login that was rejected."""
        self._failed.record(address)
        if self._failed.are_too_many(address):
            reason = f"more than {MOST_FAILED_LOGINS} logins of one address failed in a minute"
            effect = f"{MOST_LOGINS_AFTER_FAILURES} of its logins are checked at a time"
            self._log_limit.warning(log, "logins_slowed", reason=reason, address=address, effect=effect)

    @asynccontextmanager
    async def turn(self, address: str, connect: Connect) -> AsyncIterator[None]:
        """Wait for the turn of a login."""
        size = _size(connect)
        self._waiting[address] += 1
        self._bytes[address] += size
        self._all_bytes += size
        try:
            await self._slots.acquire(address)
            try:
                yield
            finally:
                self._slots.release(address)
        finally:
            self._waiting[address] -= 1
            self._bytes[address] -= size
            self._all_bytes -= size
            if not self._waiting[address]:
                del self._waiting[address], self._bytes[address]

    def _most(self, address: str) -> int:
        return MOST_LOGINS_AFTER_FAILURES if self._failed.are_too_many(address) else MOST_LOGINS_OF_AN_ADDRESS


def _size(connect: Connect) -> int:
    """Bytes of memory that a CONNECT takes, approximately."""
    size = len(connect.client_id) + len(connect.username or "") + len(connect.password or b"")
    size += _size_of(connect.properties)
    if connect.will:
        size += len(connect.will.topic) + len(connect.will.payload) + _size_of(connect.will.properties)
    return size


def _size_of(properties: Properties) -> int:
    pairs = properties.get("user_properties", ())
    return sum(len(name) + len(value) + PROPERTY_BYTES for name, value in pairs)

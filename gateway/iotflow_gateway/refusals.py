"""Tells devices what was refused of theirs, and why."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import structlog

from iotflow_gateway.message import Message
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.refusal import Refused

log = structlog.get_logger(__name__)

# Of a message refused in many places a device hears of so many.
MOST_OF_A_MESSAGE = 20
# Of what the device wrote itself it hears so many characters again: a broker cuts off who sends more than it takes.
LONGEST = 1_000
# The log has one line for so long, however many are refused.
LINE_SECONDS = 10.0


class Refusals:
    """publish: sends a payload to a topic; whether it could."""

    def __init__(self, publish: Callable[[str, bytes], bool], metrics: Metrics) -> None:
        self._publish = publish
        self._metrics = metrics
        self._unlogged: Counter[str] = Counter()
        self._next_line = 0.0

    def tell(self, message: Message, refused: Refused) -> None:
        """On the device's topic for errors, where there is a device."""
        message.refusals += 1
        if not refused.is_notice:
            self._metrics.refused(refused.reason)
            self._log(message, refused)
        if not message.address.root or message.refusals > MOST_OF_A_MESSAGE:
            return
        if not self._publish(message.address.errors, orjson.dumps(_said(message, refused))):
            self._metrics.untold()

    def _log(self, message: Message, refused: Refused) -> None:
        """The first of each while, with how many came since the line before."""
        self._unlogged[refused.reason] += 1
        now = time.monotonic()
        if now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            log.warning(
                "refused",
                reasons=dict(self._unlogged),
                topic=message.topic[:LONGEST],
                problem=refused.message[:LONGEST],
            )
            self._unlogged.clear()


def _message_id(message: Message, refused: Refused) -> str:
    """The message's, or that of the reading at fault in its list."""
    own = None if refused.index is None else message.listed_ids.get(refused.index)
    return own or message.message_id


def _said(message: Message, refused: Refused) -> dict[str, Any]:
    said = {
        "reason": refused.reason,
        "message": refused.message[:LONGEST],
        "retryable": refused.retryable,
        "topic": message.topic,
        "message_id": _message_id(message, refused)[:LONGEST],
        "field": refused.place[:LONGEST],
        "timestamp": round(time.time() * 1_000),
    }
    return said | ({"correlation": message.correlation.hex()} if message.correlation else {})

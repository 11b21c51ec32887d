"""Tells devices what was refused of theirs, and why."""

import time
from collections import Counter
from collections.abc import Callable

import orjson
import structlog

from iotflow.log_limits import Interval
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.rejections.rejected import Rejected

log = structlog.get_logger(__name__)

# Of a message refused in many places a device hears of so many.
MOST_OF_A_MESSAGE = 20
# Of a device that is refused again and again, it hears so many in ten seconds: they wait in the broker's memory for its sessions.
MOST_OF_A_DEVICE = 200
# Of messages of clients without a login that show no key of the device, it hears so many: they must not crowd out its own.
MOST_WITHOUT_KEY = 20
# Of what the device wrote itself it hears so many characters again: a broker cuts off who sends more than it takes.
LONGEST = 1_000


class ErrorTopics:
    """publish: sends a payload to a topic; whether it could. count: called with the reason of each."""

    def __init__(self, publish: Callable[[str, bytes], bool], metrics: Metrics, count: Callable[[str], None]) -> None:
        self._publish = publish
        self._metrics = metrics
        self._count = count
        self._unlogged: Counter[str] = Counter()
        self._between_lines = Interval()
        # By topic and whether the sender is known to be the device, since the last time that this was emptied.
        self._told: Counter[tuple[str, bool]] = Counter()
        self._between_shares = Interval()

    def tell(self, message: Message, refused: Rejected) -> None:
        """On the device's topic for errors, where there is a device."""
        message.refusals += 1
        if not refused.is_notice:
            self._metrics.refused(refused.reason)
            self._count(refused.reason)
            self._log(message, refused)
        if not message.address.root or message.refusals > MOST_OF_A_MESSAGE:
            return
        if not (self._has_room(message) and self._publish(message.address.errors, _said(message, refused))):
            self._metrics.untold()

    def _has_room(self, message: Message) -> bool:
        if self._between_shares.passed():
            self._told.clear()
        is_own = not message.address.keyed or bool(message.device_id)
        told = (message.address.errors, is_own)
        self._told[told] += 1
        return self._told[told] <= (MOST_OF_A_DEVICE if is_own else MOST_WITHOUT_KEY)

    def _log(self, message: Message, refused: Rejected) -> None:
        """The first of each while, with how many came since the line before."""
        self._unlogged[refused.reason] += 1
        if self._between_lines.passed():
            log.warning(
                "refused",
                reasons=dict(self._unlogged),
                topic=message.topic[:LONGEST],
                problem=refused.message[:LONGEST],
            )
            self._unlogged.clear()


def _message_id(message: Message, refused: Rejected) -> str:
    """The message's, or that of the reading at fault in its list."""
    own = None if refused.index is None else message.listed_ids.get(refused.index)
    return own or message.message_id


def _said(message: Message, refused: Rejected) -> bytes:
    said = {
        "reason": refused.reason,
        "message": refused.message[:LONGEST],
        "retryable": refused.retryable,
        "topic": message.topic,
        "message_id": _message_id(message, refused)[:LONGEST],
        "field": refused.place[:LONGEST],
        "timestamp": round(time.time() * 1_000),
    }
    return orjson.dumps(said | ({"correlation": message.correlation.hex()} if message.correlation else {}))

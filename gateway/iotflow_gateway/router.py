"""Takes each message as it comes and hands it to who carries it out."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from iotflow.readings.decoding import MOST_READINGS
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.accounts.lookups import UNKNOWN, Lookups
from iotflow_gateway.metrics import Metrics
from iotflow_gateway.pipeline.batcher import Batcher
from iotflow_gateway.pipeline.json_readings import document, merged_notice, readings, refused, text_or_document
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.protobuf_batches import batch
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.topics import SIGNS_OF_LIFE, Kind

log = structlog.get_logger(__name__)

PROTOBUF = "application/x-protobuf"
# The server's largest message is twice that, unless set otherwise.
LONGEST = 8 * 2**20

LONGEST_ID = 1_000

Handler = Callable[[Message, int, Any], None]


class MessageRouter:
    """keyed: whose a message is, is told by an `api_key` in it. handlers: what is done with messages that are no telemetry, given
    the message, the device's id and the JSON that it holds; finish() is theirs to call.

    refused, finished: called with what becomes of a message.
    """

    def __init__(
        self,
        directory: Directory,
        lookups: Lookups,
        joining: Batcher,
        handlers: Mapping[Kind, Handler],
        refused: Callable[[Message, Rejected], None],
        finished: Callable[[Message], None],
        metrics: Metrics,
        *,
        keyed: bool,
    ) -> None:
        self._directory = directory
        self._lookups = lookups
        self._joining = joining
        self._handlers = handlers
        self._refused = refused
        self._finished = finished
        self._metrics = metrics
        self._keyed = keyed

    def take(self, message: Message) -> None:
        """Never waits and never fails: what cannot be taken is refused, and done."""
        kind = message.address.kind
        self._metrics.received(kind or "unknown")
        if message.stale:
            # It was taken when it was published; the broker gives it to each new subscription once more.
            self._finished(message)
        else:
            self._or_refuse(message, lambda: self._take(kind, message))

    def _take(self, kind: Kind | None, message: Message) -> None:
        if kind is None:
            raise _misplaced(message)
        if len(message.payload) > LONGEST:
            raise Rejected("TOO_LARGE", f"a message has at most {LONGEST} bytes")
        in_protobuf = kind is Kind.BATCH or (kind is Kind.TELEMETRY and message.content_type == PROTOBUF)
        content = None if in_protobuf else _content(kind, message)
        if kind is Kind.REGISTER:
            self._handlers[kind](message, UNKNOWN, content)
            return
        device = self._device(message, content)
        if isinstance(device, int):
            self._carry_out(kind, message, device, content)
        else:
            device.add_done_callback(lambda task: self._found(kind, message, task, content))

    def _device(self, message: Message, content: Any) -> "int | asyncio.Task[int]":
        if self._is_keyed(message):
            return self._lookups.by_key(_api_key(message, content))
        if message.device_id:
            return message.device_id
        username = message.address.device
        found = None if self._lookups.is_asking(username) else self._directory.find(username)
        return found if found is not None else self._lookups.by_username(username)

    def _is_keyed(self, message: Message) -> bool:
        return self._keyed or message.address.keyed

    def _found(self, kind: Kind, message: Message, task: "asyncio.Task[int]", content: Any) -> None:
        if task.cancelled():
            # The adapter goes down; the broker keeps the message.
            return
        self._or_refuse(message, lambda: self._carry_out(kind, message, task.result(), content))

    def _carry_out(self, kind: Kind, message: Message, device_id: int, content: Any) -> None:
        if device_id == UNKNOWN:
            raise _unknown(message, keyed=self._is_keyed(message))
        if self._is_keyed(message):
            self._check_own(message, device_id)
            message.device_id = device_id
            if message.shown:
                message.shown.api_key = _api_key(message, content)
        if content is None and kind in (Kind.TELEMETRY, Kind.BATCH):
            self._joining.add_batch(device_id, message, batch(message.payload, device_id))
        elif kind is Kind.TELEMETRY:
            self._take_readings(message, device_id, content)
        else:
            self._handlers[kind](message, device_id, content)

    def _take_readings(self, message: Message, device_id: int, content: Any) -> None:
        decoded = readings(message.payload, content)
        for problem in decoded.problems:
            self._refused(message, refused(problem))
        # One notice a message: a device whose clock was never set would hear of every reading in its list.
        for notice in decoded.notices[:1]:
            self._refused(message, refused(notice, is_notice=True))
        if merged := decoded.merged:
            self._refused(message, merged_notice(merged))
        self._joining.add(device_id, message, decoded.readings)
        if not decoded.readings:
            self._finished(message)

    def _check_own(self, message: Message, device_id: int) -> None:
        account = self._directory.account(device_id)
        if account is not None and message.address.device not in account.usernames:
            raise Rejected("NOT_YOUR_DEVICE", "the key is another device's", field="api_key")

    def _or_refuse(self, message: Message, work: Callable[[], None]) -> None:
        try:
            work()
        except Rejected as refused:
            self._refuse(message, refused)
        except Exception:
            # Whatever is wrong with it, or with us: those behind it must not wait for it.
            log.exception("message not understood", topic=message.topic)
            self._refuse(message, Rejected("INTERNAL", "the adapter does not understand this message"))

    def _refuse(self, message: Message, refused: Rejected) -> None:
        self._refused(message, refused)
        self._finished(message)


def _content(kind: Kind, message: Message) -> Any:
    """The JSON of a payload; a sign of life needs none, and may be any text. What is wrong with a registration is answered
    where its answers are heard."""
    if not message.payload and kind is not Kind.TELEMETRY:
        return {}
    may_be_text = kind in (*SIGNS_OF_LIFE, Kind.REGISTER)
    content = text_or_document(message.payload) if may_be_text else document(message.payload)
    if isinstance(content, list):
        if kind is Kind.TELEMETRY and len(content) <= MOST_READINGS:
            message.listed_ids = {place: said for place, item in enumerate(content) if (said := _message_id(item))}
    else:
        message.message_id = _message_id(content) or message.message_id
    return content


def _message_id(content: Any) -> str:
    said = content.get("message_id") if isinstance(content, dict) else None
    return str(said)[:LONGEST_ID] if isinstance(said, str | int) else ""


def _api_key(message: Message, content: Any) -> str:
    first = content[0] if isinstance(content, list) and content else content
    key = first.get("api_key") if isinstance(first, dict) else None
    if not key and message.shown and message.address.kind in SIGNS_OF_LIFE:
        # A last will is plain text, and of the same connection as the messages before.
        key = message.shown.api_key
    if not isinstance(key, str) or not key:
        raise Rejected(
            "KEY_REQUIRED", "without a login, a message holds the device's key as `api_key`", field="api_key"
        )
    return key


def _misplaced(message: Message) -> Rejected:
    root = message.address.root
    if root and not message.address.keyed and not message.topic.startswith(f"{root}/"):
        return Rejected(
            "NOT_YOUR_TOPIC",
            f"{message.topic:.200} is no topic that you may publish to; with this login, yours begin with {root}/",
        )
    return Rejected("UNKNOWN_TOPIC", f"there is no topic {message.topic:.200} to publish to")


def _unknown(message: Message, *, keyed: bool) -> Rejected:
    if keyed:
        return Rejected("WRONG_KEY", "no device has this key", field="api_key")
    return Rejected("DEVICE_NOT_FOUND", f"there is no device {message.address.device:.100}")

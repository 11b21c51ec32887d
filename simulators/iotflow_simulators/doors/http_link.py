"""A link with a kept connection of HTTP/1.1, and one request at a time."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import orjson

from iotflow_simulators.doors.documents import value_of
from iotflow_simulators.doors.http_answers import Answer, AnswerReader
from iotflow_simulators.doors.link import Listener, Login, Problem
from iotflow_simulators.doors.socket_link import Endpoint, SocketLink

ANSWER_SECONDS = 60.0
LONGEST_PAUSE = 3_600.0
# Statuses of requests that may succeed later.
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_SILENT = Problem("SILENT", "no answer to a request")


class HttpLink(SocketLink):
    """The connection of a device, whose key is in each request."""

    def __init__(self, endpoint: Endpoint, login: Login, listener: Listener) -> None:
        super().__init__(endpoint, login, listener)
        headers = (
            f"HTTP/1.1\r\nHost: {endpoint.address}\r\nX-API-Key: {login.key}\r\nContent-Type: application/json\r\n"
        )
        self._headers = headers.encode()
        self._reader = AnswerReader()
        self._answered: Callable[[Answer], None] | None = None
        self._limit: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a request is on its way."""
        return self._answered is not None

    @abstractmethod
    def idle(self) -> None:
        """Send the next request, where there is one. Called after each answer."""

    def request(self, method: bytes, path: str, body: bytes, answered: Callable[[Answer], None]) -> None:
        """Send a request, while none is on its way. answered: called with its answer."""
        self._answered = answered
        self.write(b"%b %b %bContent-Length: %d\r\n\r\n%b" % (method, path.encode(), self._headers, len(body), body))
        self._limit = self.loop.call_later(ANSWER_SECONDS, self.fail, _SILENT)

    def received(self, data: bytes) -> None:
        """Take a part of an answer."""
        if (answer := self._reader.feed(data)) is not None:
            self._take(answer)

    def ended(self) -> None:
        """Release the timer."""
        if self._limit:
            self._limit.cancel()
            self._limit = None

    def _take(self, answer: Answer) -> None:
        answered, self._answered = self._answered, None
        if self._limit:
            self._limit.cancel()
            self._limit = None
        if answered:
            answered(answer)
        if self.is_over:
            return
        if answer.closes:
            self.fail(Problem("DISCONNECTED", "the server closed the connection after an answer"))
        elif not self.is_busy:
            self.idle()


def retry_after(answer: Answer) -> float | None:
    """The seconds that the service asks for, at most LONGEST_PAUSE."""
    seconds = answer.headers.get(b"retry-after", b"")
    return min(float(seconds), LONGEST_PAUSE) if seconds.isdigit() else None


def object_of(body: bytes) -> dict[str, Any]:
    """The object of an answer; empty where it has none."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def error_of(answer: Answer) -> tuple[str, str]:
    """Reason and message of a google.rpc.Status. Raises MalformedDocument."""
    content = object_of(answer.body)
    details: list[Any] = value_of(content, "details", list, [])
    reasons = [reason for detail in details if (reason := value_of(detail, "reason", str, ""))]
    return (reasons or [f"HTTP_{answer.status}"])[0], value_of(content, "message", str, "")

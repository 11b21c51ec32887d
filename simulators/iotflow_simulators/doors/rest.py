"""The door of REST: HTTP/1.1, a kept connection for each device, one request at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from iotflow_simulators.doors.http_answers import Answer, AnswerReader, MalformedAnswer
from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing, Problem, json_reading
from iotflow_simulators.doors.socket_link import SocketLink

ANSWER_SECONDS = 60.0
ONE, MANY = "/api/v1/devices/telemetry", "/api/v1/devices/telemetry/batch"
# The request may succeed later.
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class RestDoor(DoorWay):
    """A server of REST, without TLS."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    def link(self, login: Login, listener: Listener) -> Link:
        """A connection of its own for each device."""
        return RestLink(self, login, listener)


class RestLink(SocketLink):
    """The connection of a device. Readings that wait meanwhile go into one request."""

    window = 100

    def __init__(self, door: RestDoor, login: Login, listener: Listener) -> None:
        super().__init__(door.host, door.port, login, listener)
        headers = (
            f"HTTP/1.1\r\nHost: {door.host}:{door.port}\r\nX-API-Key: {login.key}\r\nContent-Type: application/json\r\n"
        )
        self._headers = headers.encode()
        self._reader = AnswerReader()
        self._sent: list[Outgoing] = []
        self._waiting: list[Outgoing] = []
        self._limit: asyncio.TimerHandle | None = None

    def greet(self) -> None:
        """There is nothing to say before the first request."""
        self.listener.opened()

    def send(self, readings: Sequence[Outgoing]) -> None:
        """Send them now, or after the present answer."""
        self._waiting += readings
        if not self._sent:
            self._request()

    def received(self, data: bytes) -> None:
        """Take a part of an answer."""
        try:
            answer = self._reader.feed(data)
        except (MalformedAnswer, ValueError) as error:
            self.fail(Problem("MALFORMED_ANSWER", str(error)))
            return
        if answer is not None:
            self._stop_waiting()
            self._answered(answer)

    def ended(self) -> None:
        """Release the timer."""
        self._stop_waiting()

    def _request(self) -> None:
        """Send the first that wait: a malformed one alone, others together."""
        waiting = self._waiting
        count = next((at for at, one in enumerate(waiting) if one.payload is not None), len(waiting)) or 1
        self._sent, self._waiting = waiting[:count], waiting[count:]
        if count == 1:
            path, body = ONE, json_reading(self._sent[0])
        else:
            path, body = MANY, b'{"readings":[%b]}' % b",".join(map(json_reading, self._sent))
        self.write(b"POST %b %bContent-Length: %d\r\n\r\n%b" % (path.encode(), self._headers, len(body), body))
        self._limit = self.loop.call_later(ANSWER_SECONDS, self.fail, Problem("SILENT", "no answer to a request"))

    def _answered(self, answer: Answer) -> None:
        if answer.status in _LATER:
            seconds = answer.headers.get(b"retry-after", b"")
            after = float(seconds) if seconds.isdigit() else None
            self.fail(Problem(f"HTTP_{answer.status}", answer.body[:200].decode("utf-8", "replace"), retry_after=after))
            return
        sent, self._sent = self._sent, []
        if answer.status < 300:
            self._stored(sent, answer)
        else:
            reason, message = _error(answer)
            for outgoing in sent:
                self.listener.refused(outgoing, reason, "", message)
        if self.is_over:
            return
        if answer.closes:
            self.fail(Problem("DISCONNECTED", "the server closed the connection after an answer"))
        elif self._waiting and not self._sent:
            self._request()

    def _stored(self, sent: Sequence[Outgoing], answer: Answer) -> None:
        if len(sent) > 1:
            for rejection in _object(answer.body).get("rejected", ()):
                for index in range(rejection["index"], rejection["index"] + (rejection.get("count") or 1)):
                    self.listener.refused(
                        sent[index], rejection["reason"], rejection["measurement"], rejection["message"]
                    )
        for outgoing in sent:
            self.listener.acknowledged(outgoing)

    def _stop_waiting(self) -> None:
        if self._limit:
            self._limit.cancel()
            self._limit = None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _error(answer: Answer) -> tuple[str, str]:
    """Reason and message of a google.rpc.Status."""
    content = _object(answer.body)
    reasons = [detail["reason"] for detail in content.get("details", ()) if detail.get("reason")]
    return (reasons or [f"HTTP_{answer.status}"])[0], str(content.get("message", ""))

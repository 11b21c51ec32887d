"""The door of REST: HTTP/1.1, a kept connection for each device, one request at a time."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from iotflow_simulators.doors.documents import MalformedDocument, value_of
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.http_answers import Answer
from iotflow_simulators.doors.http_link import LATER, HttpLink, error_of, object_of, retry_after
from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing, Problem, json_reading
from iotflow_simulators.doors.rest_key_calls import RestKeyCalls
from iotflow_simulators.doors.rest_listening import RestListening
from iotflow_simulators.doors.socket_link import Endpoint

ONE, MANY = "/api/v1/devices/telemetry", "/api/v1/devices/telemetry/batch"
_Call = tuple[bytes, str, bytes, Callable[[Answer], None]]


class RestDoor(DoorWay):
    """A server of REST. poll_seconds: in which each device asks for commands and for its configuration once."""

    def __init__(self, address: DoorAddress, poll_seconds: float) -> None:
        super().__init__()
        self.endpoint = Endpoint(address, address.context(), self.tasks)
        self.poll_seconds = poll_seconds
        self.key_calls = RestKeyCalls(self.endpoint)

    def link(self, login: Login, listener: Listener) -> Link:
        """A connection of its own for each device."""
        return RestLink(self, login, listener)


class RestLink(HttpLink):
    """The connection of a device. Readings that wait meanwhile go into one request."""

    window = 100

    def __init__(self, door: RestDoor, login: Login, listener: Listener) -> None:
        super().__init__(door.endpoint, login, listener)
        self._sent: list[Outgoing] = []
        self._waiting: list[Outgoing] = []
        self._calls: deque[_Call] = deque()
        self._listening = RestListening(self.call, listener, door.poll_seconds)

    def greet(self) -> None:
        """There is nothing to say before the first request."""
        self._listening.begin()
        self.listener.opened()

    def send(self, readings: Sequence[Outgoing]) -> None:
        """Send them now, or after the present answer."""
        self._waiting += readings
        if not self.is_busy:
            self.idle()

    def call(self, method: bytes, path: str, body: bytes, answered: Callable[[Answer], None]) -> None:
        """Send another request than those of readings, before the readings that wait."""
        self._calls.append((method, path, body, answered))
        if not self.is_busy:
            self.idle()

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """By a request."""
        self._listening.answer(number, executed=executed, result=result, message=message)

    def report(self, configuration: Mapping[str, Any]) -> None:
        """By a request."""
        self._listening.report(configuration)

    def idle(self) -> None:
        """Send what waits: a malformed reading alone, others together."""
        if self._calls:
            self.request(*self._calls.popleft())
            return
        waiting = self._waiting
        if not waiting:
            return
        count = next((at for at, one in enumerate(waiting) if one.payload is not None), len(waiting)) or 1
        self._sent, self._waiting = waiting[:count], waiting[count:]
        if count == 1:
            path, body = ONE, json_reading(self._sent[0])
        else:
            path, body = MANY, b'{"readings":[%b]}' % b",".join(map(json_reading, self._sent))
        self.request(b"POST", path, body, self._reported)

    def ended(self) -> None:
        """Release the timers."""
        super().ended()
        self._listening.end()

    def _reported(self, answer: Answer) -> None:
        if answer.status in LATER:
            text = answer.body[:200].decode("utf-8", "replace")
            self.fail(Problem(f"HTTP_{answer.status}", text, retry_after=retry_after(answer)))
            return
        sent, self._sent = self._sent, []
        if answer.status < 300:
            self._stored(sent, answer)
            return
        reason, message = error_of(answer)
        for outgoing in sent:
            self.listener.refused(outgoing, reason, "", message)

    def _stored(self, sent: Sequence[Outgoing], answer: Answer) -> None:
        if len(sent) > 1:
            rejected: list[Any] = value_of(object_of(answer.body), "rejected", list, [])
            for rejection in rejected:
                self._rejected(sent, rejection)
        for outgoing in sent:
            self.listener.acknowledged(outgoing)

    def _rejected(self, sent: Sequence[Outgoing], rejection: Any) -> None:
        first, count = value_of(rejection, "index", int), value_of(rejection, "count", int, 0) or 1
        texts = [value_of(rejection, key, str, "") for key in ("reason", "measurement", "message")]
        if not 0 <= first < first + count <= len(sent):
            raise MalformedDocument(f"a rejection of the readings {first} to {first + count - 1} of {len(sent)}")
        for outgoing in sent[first : first + count]:
            self.listener.refused(outgoing, *texts)

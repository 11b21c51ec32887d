"""Commands and desired configurations of a device at the door of REST: the device asks for them again and again."""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from iotflow_simulators.doors.documents import deliver_command, value_of
from iotflow_simulators.doors.http_answers import Answer
from iotflow_simulators.doors.http_link import object_of
from iotflow_simulators.doors.link import Listener

POLL, ACKNOWLEDGE = "/api/v1/devices/commands/poll", "/api/v1/devices/commands/%d/ack"
CONFIG = "/api/v1/devices/config"
# Of one answer. Commands without a result are in the next one again.
MOST_COMMANDS = 20
# A device asks once in SHORTEST_POLL, and all devices together ask MOST_POLLS times in a second.
SHORTEST_POLL, MOST_POLLS = 2.0, 50.0
# See RestLink.call().
Call = Callable[[bytes, str, bytes, Callable[[Answer], None]], None]


def poll_seconds(devices: int) -> float:
    """The interval of each of this number of devices."""
    return max(SHORTEST_POLL, devices / MOST_POLLS)


class RestListening:
    """Asks at a random place of each interval for the first time, so that a fleet does not ask all at once.

    An answer with an error changes nothing: the service has the command or the configuration in a later one again.
    """

    def __init__(self, call: Call, listener: Listener, interval: float) -> None:
        self._call = call
        self._listener = listener
        self._interval = interval
        self._timer: asyncio.TimerHandle | None = None
        self._is_asking = False
        # Versions of the desired configuration: the one that the device got, and the one in whose place it reported its own.
        self._version = self._reported = 0

    def begin(self) -> None:
        """Ask within an interval."""
        self._ask_in(random.uniform(0, self._interval))  # noqa: S311

    def end(self) -> None:
        """Ask no more."""
        if self._timer:
            self._timer.cancel()

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """Send the result of a command."""
        state, shown = "succeeded" if executed else "failed", {"message": message} if message else {}
        body = orjson.dumps({"state": state, "result": {**result, **shown}})
        self._call(b"POST", ACKNOWLEDGE % number, body, _ignore)

    def report(self, configuration: Mapping[str, Any]) -> None:
        """Report the configuration that is in force."""
        version = self._version

        def reported(answer: Answer) -> None:
            if answer.status < 300:
                self._reported = version

        self._call(b"PUT", CONFIG, orjson.dumps({"configuration": dict(configuration)}), reported)

    def _ask_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._ask)

    def _ask(self) -> None:
        self._ask_in(self._interval)
        # The connection may take longer for its requests than an interval.
        if not self._is_asking:
            self._is_asking = True
            self._call(b"POST", POLL, b'{"page_size":%d}' % MOST_COMMANDS, self._commands)
            self._call(b"GET", CONFIG, b"", self._configuration)

    def _commands(self, answer: Answer) -> None:
        content = object_of(answer.body) if answer.status < 300 else {}
        found: list[Any] = value_of(content, "commands", list, [])
        for command in found:
            deliver_command(self._listener, command, "id")

    def _configuration(self, answer: Answer) -> None:
        self._is_asking = False
        content = object_of(answer.body) if answer.status < 300 else {}
        version = value_of(content, "desired_version", int, 0)
        desired: dict[str, Any] = value_of(content, "desired", dict, {})
        if version and version != self._reported:
            self._version = version
            self._listener.configured(desired)


def _ignore(_: Answer) -> None:
    """Without a result, the service delivers the command again."""

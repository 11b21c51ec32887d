"""A device during a run: its connection, and how it gets a new one."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from iotflow.channels import Backoff
from iotflow_simulators.doors.link import Link, Login, Outgoing, Problem
from iotflow_simulators.models.base import CommandResult
from iotflow_simulators.running.outbox import Outbox
from iotflow_simulators.running.states import State
from iotflow_simulators.running.surroundings import Surroundings

WRONG_KEY = "WrongKeyOfASimulatedDevice000000"
# Results of commands that a device has for a command that it gets again.
MOST_RESULTS = 1_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


class Session:
    """index: of the device in the plan. login: with its right key."""

    def __init__(self, index: int, login: Login, around: Surroundings) -> None:
        self.index = index
        self.is_open = False
        # By the number of the command, those of the last MOST_RESULTS.
        self.results: dict[int, asyncio.Future[CommandResult]] = {}
        self.login = login
        self.last: deque[Outgoing] = deque(maxlen=around.remembered)
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._link: Link | None = None
        self._is_wanted = self._has_wrong_key = False
        self._outbox = Outbox()
        self._backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_expecting(self) -> bool:
        """Whether readings may still be reported. Those of a device that is off wait in it."""
        return self._is_wanted and not self._outbox.is_empty

    @property
    def unreported(self) -> int:
        """Readings that wait, and those on their way."""
        return len(self._outbox)

    def connect(self) -> None:
        """Be connected from now on."""
        self._is_wanted = True
        self._open()

    def disconnect(self, *, clean: bool) -> None:
        """Be disconnected from now on. What is not reported waits."""
        self._is_wanted = False
        self._close(clean=clean)

    def reboot(self) -> None:
        """Be disconnected from now on, and forget everything."""
        self.disconnect(clean=False)
        self._outbox.forget()

    def break_connection(self) -> None:
        """Lose the connection, and connect at once."""
        self._close(clean=False)
        if self._is_wanted:
            self._open()

    def reconnect(self) -> None:
        """End the connection with a goodbye, and connect at once."""
        self._close(clean=True)
        if self._is_wanted:
            self._open()

    def use_wrong_key(self) -> None:
        """Connect with a wrong key. What waits is kept for the time after."""
        self._close(clean=False)
        self._outbox.set_aside()
        self._has_wrong_key = True
        self._open()

    def use_right_key(self) -> None:
        """Connect with the right key. What was to be sent with the wrong one is forgotten."""
        self._close(clean=False)
        self._outbox.restore()
        self._has_wrong_key = False
        self._set_state(State.OFF)
        if self._is_wanted:
            self._open()

    def submit(self, outgoing: Outgoing, now: float) -> None:
        """A reading leaves the schedule. now: in seconds of the running loop."""
        accounts = self._around.accounts
        accounts.left(outgoing, now)
        self.last.append(outgoing)
        if not self._outbox.add(outgoing):
            accounts.dropped(outgoing)
        elif self.is_open:
            self._send()
        elif self._has_wrong_key and self._link is None and self._timer is None:
            self._open()

    def opened(self) -> None:
        """See Listener."""
        self.is_open = True
        self._set_state(State.ONLINE)
        self._backoff.reset()
        self._send()

    def acknowledged(self, outgoing: Outgoing) -> None:
        """See Listener."""
        if self._outbox.report(outgoing.number):
            self._around.accounts.acknowledged(outgoing, self._loop.time())
            self._send()

    def refused(self, outgoing: Outgoing, reason: str, measurement: str, message: str) -> None:
        """See Listener."""
        self.refused_number(outgoing.number, reason, measurement, message)

    def refused_number(self, number: int, reason: str, measurement: str, message: str) -> None:
        """See Listener."""
        accounts, now = self._around.accounts, self._loop.time()
        if measurement:
            accounts.refused_value(self.index, number, reason, measurement, message, now)
        elif outgoing := self._outbox.report(number):
            accounts.refused(self.index, outgoing, reason, message, now)
            self._send()
        else:
            accounts.refused_late(self.index, number, reason, message, now)
            for outgoing in self.last:
                if outgoing.number == number:
                    outgoing.fate = f"refused: {reason}"

    def lost(self, problem: Problem) -> None:
        """See Listener."""
        self._link, self.is_open = None, False
        accounts, now = self._around.accounts, self._loop.time()
        accounts.lost(self.index, problem, now)
        self._outbox.take_back()
        if self._has_wrong_key and problem.is_refusal:
            for outgoing in self._outbox.drain():
                accounts.refused(self.index, outgoing, problem.reason, problem.message, now)
        elif self._is_wanted:
            self._set_state(State.LOST)
            self._timer = self._loop.call_later(self._backoff.delay(problem.retry_after), self._open)

    def command(self, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        """See Listener."""
        self._around.command(self, number, name, parameters)

    def configured(self, desired: Mapping[str, Any]) -> None:
        """See Listener."""
        self._around.configured(self, desired)

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """Report the result of a command, where the device is connected."""
        if self._link and self.is_open:
            self._link.answer(number, executed=executed, result=result, message=message)

    def remember(self, number: int, result: asyncio.Future[CommandResult]) -> None:
        """Keep the result of a command. The oldest one of too many is forgotten."""
        self.results[number] = result
        if len(self.results) > MOST_RESULTS:
            del self.results[next(iter(self.results))]

    def report(self, configuration: Mapping[str, Any]) -> None:
        """Report a configuration, where the device is connected."""
        if self._link and self.is_open:
            self._link.report(configuration)

    def _open(self) -> None:
        self._cancel_timer()
        if self._link is None:
            login = Login(self.login.id, self.login.name, WRONG_KEY) if self._has_wrong_key else self.login
            self._link = self._around.door.link(login, self)
            self._set_state(State.CONNECTING)
            self._link.open()

    def _close(self, *, clean: bool) -> None:
        self._cancel_timer()
        link, self._link, self.is_open = self._link, None, False
        self._set_state(State.OFF)
        if link:
            link.close(clean=clean)
        self._outbox.take_back()

    def _set_state(self, state: State) -> None:
        self._around.states[self.index] = State.WRONG_KEY if self._has_wrong_key else state

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _send(self) -> None:
        link = self._link
        if self._outbox.waiting and link and self.is_open and (chosen := self._outbox.take(link.window)):
            link.send(chosen)

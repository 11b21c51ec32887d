"""A device during a run: its connection, and how it gets a new one."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from iotflow.channels import Backoff
from iotflow_simulators.doors.key_calls import KeyCalls
from iotflow_simulators.doors.link import Link, Login, Outgoing, Problem
from iotflow_simulators.running.reading_fates import ReadingFates
from iotflow_simulators.running.states import State
from iotflow_simulators.running.surroundings import Surroundings

WRONG_KEY = "WrongKeyOfASimulatedDevice000000"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


class Session:
    """index: of the device in the plan. login: with its right key."""

    def __init__(self, index: int, login: Login, around: Surroundings) -> None:
        self.index = index
        self.is_open = False
        self.login = login
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._link: Link | None = None
        self._is_wanted = self._has_wrong_key = False
        self._fates = ReadingFates(index, around.accounts, around.remembered)
        self._outbox = self._fates.outbox
        self._backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def last(self) -> Sequence[Outgoing]:
        """Its last readings, the newest at the end."""
        return self._fates.last

    @property
    def is_expecting(self) -> bool:
        """Whether readings may still be reported. Those of a device that is off wait in it."""
        return self._is_wanted and not self._outbox.is_empty

    @property
    def key_calls(self) -> KeyCalls | None:
        """How the device replaces its key; None: it uses none."""
        return self._around.door.key_calls

    @property
    def may_use_key(self) -> bool:
        """Whether the device is connected, or connects, with its right key."""
        return self._is_wanted and not self._has_wrong_key

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

    def reconnect(self, *, clean: bool) -> None:
        """Lose the connection, or end it with a goodbye, and connect at once."""
        self._close(clean=clean)
        if self._is_wanted:
            self._open()

    def rotate_key(self) -> None:
        """Replace the key, now or when that is possible."""
        self._around.rotations.request(self)

    def use_key(self, key: str) -> None:
        """Use a new right key from now on."""
        self.login = replace(self.login, key=key)
        self._around.accounts.own.rotated_keys += 1
        if self._link and not self._has_wrong_key:
            self.reconnect(clean=True)

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
        if not self._fates.submit(outgoing, now):
            return
        if self.is_open:
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
        if self._fates.acknowledged(outgoing, self._loop.time()):
            self._send()

    def refused(self, outgoing: Outgoing, reason: str, measurement: str, message: str) -> None:
        """See Listener."""
        self.refused_number(outgoing.number, reason, measurement, message)

    def refused_number(self, number: int, reason: str, measurement: str, message: str) -> None:
        """See Listener."""
        if self._fates.refused(number, reason, measurement, message, self._loop.time()):
            self._send()

    def lost(self, problem: Problem) -> None:
        """See Listener."""
        self._link, self.is_open = None, False
        now = self._loop.time()
        self._around.accounts.lost(self.index, problem, now)
        self._outbox.take_back()
        if self._has_wrong_key and problem.is_refusal:
            self._fates.refuse_waiting(problem, now)
        elif self._is_wanted:
            self._set_state(State.LOST)
            self._timer = self._loop.call_later(self._backoff.delay(problem.retry_after), self._open)

    def command(self, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        """See Listener."""
        self._around.commands.command(self, number, name, parameters)

    def configured(self, desired: Mapping[str, Any]) -> None:
        """See Listener."""
        self._around.commands.configured(self, desired)

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """Report the result of a command, where the device is connected."""
        if self._link and self.is_open:
            self._link.answer(number, executed=executed, result=result, message=message)

    def report_problem(self, problem: Problem) -> None:
        """The device has got no new key."""
        self._around.accounts.key_not_replaced(self.index, problem, self._loop.time())

    def report(self, configuration: Mapping[str, Any]) -> None:
        """Report a configuration, where the device is connected."""
        if self._link and self.is_open:
            self._link.report(configuration)

    def _open(self) -> None:
        self._cancel_timer()
        if self._link is None:
            login = replace(self.login, key=WRONG_KEY) if self._has_wrong_key else self.login
            self._link = self._around.door.link(login, self)
            self._set_state(State.CONNECTING)
            self._link.open()
            self._around.rotations.resume(self)

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

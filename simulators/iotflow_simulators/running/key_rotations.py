"""Devices that replace their keys during a run."""

import asyncio
from dataclasses import replace

from iotflow.channels import Backoff
from iotflow_simulators import SimulationError
from iotflow_simulators.doors.key_calls import KeyCalls, KeyNotAccepted
from iotflow_simulators.doors.link import Problem
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.key_saver import KeySaver
from iotflow_simulators.running.session import Session
from iotflow_simulators.tasks import OwnedTasks

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0


class KeyRotations:
    """A new key is in the file before it is used. Until it was used, the one before it stays valid: where an answer is lost, the
    device asks again with that one, and the service forgets the key of the lost answer.

    A device that is off, or uses a wrong key, replaces its key when it is back.
    """

    def __init__(self, keys: KeyStore) -> None:
        self._saver = KeySaver(keys)
        self._due: set[int] = set()
        self._rotating: set[int] = set()
        self._tasks = OwnedTasks()

    @property
    def is_idle(self) -> bool:
        """Whether no device waits for a new key, except those that are away."""
        return not self._rotating

    def request(self, session: Session) -> None:
        """The device is to replace its key."""
        if session.key_calls:
            self._due.add(session.index)
            self.resume(session)

    def resume(self, session: Session) -> None:
        """The device connects: it does what is still to be done."""
        index, calls = session.index, session.key_calls
        if calls and index in self._due and index not in self._rotating and session.may_use_key:
            self._rotating.add(index)
            self._tasks.start(self._rotate(session, calls), "rotation of a key")

    async def close(self) -> None:
        """Replace no key any more. A key that was not used yet does no harm."""
        await self._tasks.close()

    async def _rotate(self, session: Session, calls: KeyCalls) -> None:
        backoff = Backoff(_FIRST_PAUSE, _LONGEST_PAUSE)
        try:
            while session.may_use_key and session.index in self._due:
                try:
                    session.use_key(await self._accepted_key(session, calls))
                    self._due.discard(session.index)
                except KeyNotAccepted as error:
                    session.report_problem(error.problem)
                    if error.is_final:
                        self._due.discard(session.index)
                    else:
                        await asyncio.sleep(backoff.delay(error.problem.retry_after))
        finally:
            self._rotating.discard(session.index)

    async def _accepted_key(self, session: Session, calls: KeyCalls) -> str:
        """A new key, which is kept. Raises KeyNotAccepted."""
        key = await calls.successor(session.login)
        try:
            await self._saver.save(session.login.name, key)
        except SimulationError as error:
            raise KeyNotAccepted(Problem("KEY_NOT_KEPT", str(error)), is_final=False) from None
        try:
            await calls.use(replace(session.login, key=key))
        except KeyNotAccepted as error:
            if error.is_final:
                # A call whose answer was lost came later to the service, and made the next key.
                raise KeyNotAccepted(error.problem, is_final=False) from None
            # The next call with the key is its first use.
        return key

"""The keys of a device agree with a model for all acts of its owner, a thief and an admin, and for any lost responses."""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.db.database import Database
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.keys import DeviceKey
from iotflow_server.errors import PermissionDenied
from tests.integration.registry.parts import GRACE, SECRET, Clock, parts_of

T = TypeVar("T")
KEYS = st.integers(0, 30)


@dataclass
class Model:
    """newest, previous: keys in plain. ends: end of the grace period of the previous key, None until the newest is used."""

    newest: str
    previous: str | None = None
    ends: datetime | None = None

    def is_valid(self, key: str, now: datetime) -> bool:
        return key == self.newest or (key == self.previous and (self.ends is None or now < self.ends))

    def has_all_rights(self, key: str) -> bool:
        return key == self.newest or (key == self.previous and self.ends is None)

    def use(self, key: str, now: datetime) -> None:
        if key == self.newest and self.previous and self.ends is None:
            self.ends = now + GRACE


class Owner(RuleBasedStateMachine):
    """The owner alone; any response to a rotation may be lost."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._runner = asyncio.Runner()
        self._clock = Clock()
        self._database = Database(f"sqlite:///{Path(self._folder.name)}/registry.db")
        self._run(self._database.start())
        self._parts = parts_of(self._database, self._clock)

    @initialize()
    def register(self) -> None:
        device, key = self._run(self._parts.registry.register(NewDevice("d"), actor="token:me"))
        self._id = device.id
        self._keys = [key]
        # The keys in the memory of the device, without those of lost responses.
        self._held = key
        self._model = Model(key)

    @rule(lost=st.booleans())
    def rotate_as_owner(self, lost: bool) -> None:
        successor = self._rotate(self._held)
        if successor and not lost:
            self._held = successor

    @rule()
    def use_as_owner(self) -> None:
        self._use(self._held)

    @rule(minutes=st.sampled_from([1, 30, 60]))
    def wait(self, minutes: int) -> None:
        self._clock.advance(minutes=minutes)

    @invariant()
    def the_pair_is_the_models(self) -> None:
        [pair] = self._run(self._parts.keys.pairs([self._id])).values()
        hashes = {KeyHasher(SECRET).hash(key): key for key in self._keys}
        assert hashes[pair.newest] == self._model.newest
        previous = hashes[pair.previous] if pair.previous else None
        assert (previous, pair.until) == (self._model.previous, self._model.ends)

    def teardown(self) -> None:
        self._run(self._database.close())
        self._runner.close()
        self._folder.cleanup()

    def _key(self, number: int) -> str:
        return self._keys[-1 - number % len(self._keys)]

    def _use(self, key: str) -> DeviceKey | None:
        found = self._run(self._parts.keys.find(key))
        assert (found is not None) == self._model.is_valid(key, self._clock.now)
        self._model.use(key, self._clock.now)
        return found

    def _rotate(self, key: str) -> str:
        """The successor, or an empty string if the rotation is rejected."""
        shown = self._use(key)
        if shown is None:
            return ""
        try:
            successor, _ = self._run(self._parts.keys.rotate(shown))
        except PermissionDenied:
            assert not self._model.has_all_rights(key)
            return ""
        assert self._model.has_all_rights(key)
        self._model = Model(successor, key)
        self._keys.append(successor)
        return successor

    def _run(self, work: Coroutine[object, object, T]) -> T:
        return self._runner.run(work)


class Everybody(Owner):
    """Each rule picks any key that was ever issued. Its holder may be the owner, with an old key, or a thief."""

    @rule(key=KEYS)
    def use(self, key: int) -> None:
        self._use(self._key(key))

    @rule(key=KEYS)
    def rotate(self, key: int) -> None:
        self._rotate(self._key(key))

    @rule(key=KEYS)
    def end_grace(self, key: int) -> None:
        shown = self._use(self._key(key))
        if shown is None:
            return
        try:
            self._run(self._parts.keys.end_grace(shown))
            assert self._key(key) == self._model.newest
            self._model = Model(self._model.newest)
        except PermissionDenied:
            assert self._key(key) != self._model.newest

    @rule(grace=st.sampled_from([timedelta(0), GRACE]), lost=st.booleans())
    def reset(self, grace: timedelta, lost: bool) -> None:
        key = self._run(self._parts.keys.reset(self._id, grace, actor="token:me"))
        pending = self._model.previous is not None and self._model.ends is None
        in_use = self._model.previous if pending else self._model.newest
        self._model = Model(key, in_use, self._clock.now + grace) if grace else Model(key)
        self._keys.append(key)
        if not lost:
            self._held = key


def test_keys_agree_with_the_model() -> None:
    run_state_machine_as_test(Everybody, settings=settings(max_examples=15, stateful_step_count=20, deadline=None))


class Undisturbed(Owner):
    @invariant()
    def the_owner_is_let_in(self) -> None:
        assert self._model.is_valid(self._held, self._clock.now)
        assert self._model.has_all_rights(self._held)


def test_lost_responses_never_lock_the_owner_out() -> None:
    run_state_machine_as_test(Undisturbed, settings=settings(max_examples=5, stateful_step_count=15, deadline=None))

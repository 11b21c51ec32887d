"""Keys that devices replace during a run: the new one is kept before it is used, and a lost answer locks no device out."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from iotflow_simulators.doors.key_calls import KeyCalls, KeyNotAccepted
from iotflow_simulators.doors.link import Login, Problem
from iotflow_simulators.registration import KeyStore
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.running.session import Session
from tests.unit.simulators.recorded_door import DOOR, RecordedDoor, device_at

PATIENCE = 20.0


class KeyServer(KeyCalls):
    """Holds the keys of one device as the service does. lost: answers of rotations that are lost next. stale: rotations that
    arrive once more, after their caller got an answer."""

    def __init__(self) -> None:
        self.newest, self.previous = "first", ""
        self.lost = self.stale = 0
        self.is_open = True
        self.asked: list[str] = []

    async def successor(self, login: Login) -> str:
        """The next key."""
        self.asked.append(login.key)
        if not self.is_open:
            raise KeyNotAccepted(Problem("UNAVAILABLE", "no server"), is_final=False)
        if login.key not in (self.newest, self.previous):
            raise KeyNotAccepted(Problem("WRONG_KEY", "no device has this key"), is_final=True)
        answer = self._rotate(login.key)
        if self.stale:
            self.stale -= 1
            self._rotate(login.key)
        if self.lost:
            self.lost -= 1
            raise KeyNotAccepted(Problem("UNAVAILABLE", "the answer is lost"), is_final=False)
        return answer

    async def use(self, login: Login) -> None:
        """The first use ends the key before."""
        if login.key == self.newest:
            self.previous = ""
        elif login.key != self.previous:
            raise KeyNotAccepted(Problem("WRONG_KEY", "no device has this key"), is_final=True)

    def _rotate(self, key: str) -> str:
        self.newest, self.previous = f"key-{len(self.asked)}{'+' if self.newest.startswith('key') else ''}", key
        return self.newest


class Place:
    """A device at a door, with its keys."""

    def __init__(self, folder: Path) -> None:
        self.server = KeyServer()
        self.door = RecordedDoor(self.server)
        self.keys = KeyStore(folder)
        self.session: Session
        self.measures: Measures
        self.session, self.measures = device_at(self.door, folder)
        self.keys.keep("room-1", "first")

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait for it."""
        async with asyncio.timeout(PATIENCE):
            while not is_true():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def rotated(self) -> None:
        """Wait until the device uses the newest key, which is kept, and the only one."""
        await self.until(lambda: self.measures.doors[DOOR].rotated_keys == 1)
        assert self.session.login.key == self.keys.key("room-1") == self.server.newest != "first"
        assert not self.server.previous


@pytest.fixture
async def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_a_device_reconnects_with_its_new_key(place: Place) -> None:
    place.session.connect()
    place.session.rotate_key()
    await place.rotated()
    assert place.door.seen == ["open first", "goodbye", f"open {place.server.newest}"]


async def test_after_a_lost_answer_the_device_asks_again_with_its_old_key(place: Place) -> None:
    place.server.lost = 2
    place.session.connect()
    place.session.rotate_key()
    await place.rotated()
    assert place.server.asked == ["first"] * 3
    assert place.measures.errors.problems == {"UNAVAILABLE": 2}


async def test_a_rotation_that_arrives_late_is_repeated(place: Place) -> None:
    place.server.stale = 1
    place.session.connect()
    place.session.rotate_key()
    await place.rotated()
    assert place.server.asked == ["first"] * 2


async def test_a_key_that_cannot_be_kept_is_not_used(place: Place) -> None:
    text = place.keys.path.read_text()
    place.keys.path.write_text("{")
    place.session.connect()
    place.session.rotate_key()
    await place.until(lambda: len(place.server.asked) > 2)
    assert place.session.login.key == "first"
    assert set(place.measures.errors.problems) == {"KEY_NOT_KEPT"}
    place.keys.path.write_text(text)
    await place.rotated()


@pytest.mark.parametrize("fault", ["off", "wrong key"])
async def test_a_device_that_is_away_replaces_its_key_when_it_is_back(place: Place, fault: str) -> None:
    session = place.session
    if fault == "wrong key":
        session.connect()
        session.use_wrong_key()
    session.rotate_key()
    await asyncio.sleep(0)
    assert place.server.asked == []
    (session.connect if fault == "off" else session.use_right_key)()
    await place.rotated()


async def test_a_device_that_goes_away_meanwhile_goes_on_later(place: Place) -> None:
    place.server.is_open = False
    place.session.connect()
    place.session.rotate_key()
    await place.until(lambda: len(place.server.asked) > 1)
    place.session.disconnect(clean=True)
    place.server.is_open = True
    place.session.connect()
    await place.rotated()


async def test_a_refusal_ends_the_rotation_and_not_the_next_one(place: Place) -> None:
    session = place.session
    session.connect()
    session.login = replace(session.login, key="an unknown one")
    session.rotate_key()
    await place.until(lambda: place.measures.errors.problems == {"WRONG_KEY": 1})
    session.login = replace(session.login, key="first")
    session.rotate_key()
    await place.rotated()
    assert place.server.asked == ["an unknown one", "first"]


async def test_two_requests_at_once_are_one_rotation(place: Place) -> None:
    place.session.connect()
    place.session.rotate_key()
    place.session.rotate_key()
    await place.rotated()
    assert place.server.asked == ["first"]

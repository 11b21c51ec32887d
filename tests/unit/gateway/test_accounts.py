"""The directory, what is written for Mosquitto, and in which order messages are acknowledged."""

import asyncio
import base64
import hashlib
import sys
from pathlib import Path

from iotflow_gateway.accounts.directory import Account, Directory
from iotflow_gateway.accounts.mosquitto import MosquittoAccounts
from iotflow_gateway.pipeline.message import Message, Unacknowledged
from iotflow_gateway.topics import Address
from tests.processes import running


def account(device_id: int, name: str, status: str = "active", verifier: str = "$7$1$c2FsdA==$aA==") -> Account:
    return Account(device_id, name, status, verifier)


def test_names_that_change_hands() -> None:
    """Whatever comes first: the name belongs to who has it now."""
    directory = Directory()
    directory.put(account(1, "a"))
    directory.put(account(2, "b"))
    directory.put(account(2, "a"))
    directory.put(account(1, "c"))
    assert [directory.find(name) for name in ("a", "b", "c", "1", "2")] == [2, None, 1, 1, 2]
    directory.remove(1)
    directory.remove(99)
    assert [directory.find(name) for name in ("a", "c", "1")] == [2, None, None]
    directory.keep_only([])
    assert (len(directory), directory.find("a")) == (0, None)


def test_password_file(tmp_path: Path) -> None:
    """Who may log in, and nobody else; a name that would be another's is left out."""
    directory = Directory()
    for one in (
        account(1, "pump"),
        account(2, "off", "inactive"),
        account(3, "keyless", verifier=""),
        account(4, "co:lon"),
        account(5, " pump"),
    ):
        directory.put(one)
    accounts = MosquittoAccounts(tmp_path, None, directory, ("iotflow/gateway", "secret"))
    asyncio.run(accounts.update())
    lines = [line.split(":", 1) for line in (tmp_path / "passwords").read_text().splitlines()]
    assert [name for name, _ in lines] == ["iotflow/gateway", "1", "pump", "4", "5"]
    _, kind, iterations, salt, derived = lines[0][1].split("$")
    expected = hashlib.pbkdf2_hmac("sha512", b"secret", base64.b64decode(salt), int(iterations))
    assert (kind, base64.b64decode(derived)) == ("7", expected)


# Takes SIGHUP once the file that it is given, if any, is gone, whatever became of that signal where the tests are started.
BROKER = """
import pathlib, signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)
print("begins", flush=True)
while sys.argv[1:] and pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
signal.signal(signal.SIGHUP, lambda *_: print("told", flush=True))
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_broker_is_told_of_changes_only(tmp_path: Path) -> None:
    with running([sys.executable, "-c", BROKER]) as broker:
        broker.wait_for_line("ready")
        accounts = accounts_told(tmp_path, broker.pid)
        asyncio.run(accounts.update())
        broker.wait_for_line("told")
        asyncio.run(accounts.update())
        broker.terminate()
        assert broker.lines == ["begins", "ready", "told"]


def test_a_broker_that_is_just_starting_is_told_later(tmp_path: Path) -> None:
    """SIGHUP would end it, or whatever else has its number by now."""
    starting = tmp_path / "starting"
    starting.touch()
    with running([sys.executable, "-c", BROKER, str(starting)]) as broker:
        broker.wait_for_line("begins")
        accounts = accounts_told(tmp_path, broker.pid)

        async def until_told() -> None:
            await accounts.update()
            starting.unlink()
            updating = asyncio.create_task(accounts.run())
            await asyncio.to_thread(broker.wait_for_line, "told")
            updating.cancel()
            await asyncio.gather(updating, return_exceptions=True)

        asyncio.run(until_told())
        assert broker.lines == ["begins", "ready", "told"]


def accounts_told(folder: Path, pid: int) -> MosquittoAccounts:
    """Of one device, for a broker of this number."""
    (folder / "mosquitto.pid").write_text(f"{pid}\n")
    directory = Directory()
    directory.put(account(1, "pump"))
    return MosquittoAccounts(folder, None, directory, ("iotflow/gateway", "secret"))


def test_acknowledged_in_the_order_of_arrival() -> None:
    acknowledged: list[Message] = []
    waiting = Unacknowledged(acknowledged.append)
    messages = [Message("t", Address(None, "", ""), b"", mid, 1) for mid in range(4)]
    for message in messages:
        waiting.add(message)
    waiting.finish(messages[1])
    waiting.finish(messages[3])
    assert not acknowledged
    waiting.finish(messages[0])
    assert acknowledged == messages[:2]
    waiting.finish(messages[2])
    assert acknowledged == messages

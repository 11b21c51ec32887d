"""The directory, Mosquitto's password file, and the order of acknowledgements."""

import asyncio
import base64
import hashlib
import sys
from pathlib import Path

from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.accounts.mosquitto import MosquittoAccounts
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.message_queues import Unacknowledged
from iotflow_gateway.topics import Address
from tests.support.processes import running


def account(device_id: int, name: str, status: str = "active", verifier: str = "$7$1$c2FsdA==$aA==") -> DeviceAccount:
    return DeviceAccount(device_id, name, status, verifier)


def test_a_name_belongs_to_the_device_that_has_it_now() -> None:
    """In either order of the two changes."""
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


async def test_the_password_file_has_the_devices_that_may_log_in(tmp_path: Path) -> None:
    """A name that Mosquitto would read as another one is left out."""
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
    await accounts.prepare()
    lines = [line.split(":", 1) for line in (tmp_path / "passwords").read_text().splitlines()]
    assert [name for name, _ in lines] == ["iotflow/gateway", "1", "pump", "4", "5"]
    _, kind, iterations, salt, derived = lines[0][1].split("$")
    expected = hashlib.pbkdf2_hmac("sha512", b"secret", base64.b64decode(salt), int(iterations))
    assert (kind, base64.b64decode(derived)) == ("7", expected)


# A broker that handles SIGHUP once the given file, if any, is removed. The tests may have been started with SIGHUP ignored.
BROKER = """
import pathlib, signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)
print("begins", flush=True)
while sys.argv[1:] and pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
signal.signal(signal.SIGHUP, lambda *_: print("reloaded", flush=True))
print("ready", flush=True)
while True:
    signal.pause()
"""


async def test_the_broker_reloads_after_changes_only(tmp_path: Path) -> None:
    with running([sys.executable, "-c", BROKER]) as broker:
        broker.wait_for_line("ready")
        accounts = accounts_for(tmp_path, broker.pid)
        await accounts.prepare()
        broker.wait_for_line("reloaded")
        await accounts.update()
        again = accounts_for(tmp_path, broker.pid)
        await again.prepare()
        again.connected()
        await again.update()
        broker.terminate()
        assert broker.lines == ["begins", "ready", "reloaded"]


async def test_a_starting_broker_reloads_later(tmp_path: Path) -> None:
    """SIGHUP would end the broker, or another process with its id."""
    starting = tmp_path / "starting"
    starting.touch()
    with running([sys.executable, "-c", BROKER, str(starting)]) as broker:
        broker.wait_for_line("begins")
        accounts = accounts_for(tmp_path, broker.pid)
        await accounts.prepare()
        accounts.connected()
        starting.unlink()
        updating = asyncio.create_task(accounts.run())
        await asyncio.to_thread(broker.wait_for_line, "reloaded")
        updating.cancel()
        await asyncio.gather(updating, return_exceptions=True)
        assert broker.lines == ["begins", "ready", "reloaded"]


def accounts_for(folder: Path, pid: int) -> MosquittoAccounts:
    """The accounts of one device, for a broker with this process id."""
    (folder / "mosquitto.pid").write_text(f"{pid}\n")
    directory = Directory()
    directory.put(account(1, "pump"))
    return MosquittoAccounts(folder, None, directory, ("iotflow/gateway", "secret"))


def test_messages_are_acknowledged_in_the_order_of_arrival() -> None:
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

"""Mosquitto acknowledges no message that it does not keep for the adapter, also while accounts change and the adapter is away."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from iotflow_cli.mosquitto.broker import ENVIRONMENT, Mosquitto
from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.accounts.mosquitto import MosquittoAccounts
from tests.integration.mqtt.clients import eventually
from tests.support.mqtt import Part
from tests.support.mqtt_device import MqttDevice, mqtt_device
from tests.support.processes import free_port

ADAPTER, TOKEN, KEY = "iotflow/gateway", "secret", "key"
# Of KEY, in Mosquitto's form.
VERIFIER = (
    "$7$1$c2FsdHNhbHRzYWx0$q2iBV/Uxscdyq0RX7ykDSRI/Lq7NoLpSQQFFXouYANIchsMJXtVgLBVTUqXVPR8DFxnVb3L7S0nWnIlKFtbYFw=="
)
TOPIC = "iotflow/devices/1/telemetry"


class Broker:
    """Mosquitto, whose accounts the adapter keeps."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "passwords"
        self._port = free_port()
        self.directory = Directory()
        self.add_device(1)
        mosquitto = Mosquitto(folder, "127.0.0.1", self._port, "iotflow", anonymous=False)
        mosquitto.prepare()
        self.process = Part(mosquitto.command(), ENVIRONMENT, self._port)

    def accounts(self, token: str = TOKEN) -> MosquittoAccounts:
        """Those of an adapter that starts."""
        return MosquittoAccounts(self._folder, None, self.directory, (ADAPTER, token))

    def add_device(self, device_id: int) -> None:
        self.directory.put(DeviceAccount(device_id, f"pump {device_id}", "active", VERIFIER))

    def restart(self) -> None:
        """End it with SIGTERM, at which it saves all sessions, and start it again."""
        self.process.stop()
        self.process.start()

    def adapter(self, token: str = TOKEN) -> AbstractContextManager[MqttDevice]:
        """A connection of the adapter, whose session outlives it."""
        return mqtt_device(self._port, ADAPTER, token, "adapter", v5=False, kept=True)

    def device(self, device_id: int) -> AbstractContextManager[MqttDevice]:
        return mqtt_device(self._port, str(device_id), KEY)

    def publish(self, content: object) -> None:
        """Publish as the first device; the broker acknowledges it."""
        with self.device(1) as device:
            assert device.publish(TOPIC, content) == "Success"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path)
    try:
        yield made
    finally:
        made.process.close()


async def test_accounts_that_change_while_the_adapter_is_away_cost_no_message(broker: Broker) -> None:
    """Mosquitto restored the adapter's session, and would take its rights away if it reloaded the accounts now."""
    accounts = broker.accounts()
    await accounts.prepare()
    broker.process.start()
    with broker.adapter() as adapter:
        adapter.subscribe("iotflow/devices/+/telemetry")
    broker.restart()
    # An adapter that starts again, and a device that is registered.
    accounts = broker.accounts()
    await accounts.prepare()
    broker.add_device(2)
    await accounts.update()
    broker.publish({"n": 1})
    with broker.adapter() as adapter:
        accounts.connected()
        await accounts.update()
        eventually(lambda: is_accepted(broker, 2))
        broker.publish({"n": 2})
        assert [message.json() for message in adapter.receive(2)] == [{"n": 1}, {"n": 2}]


async def test_a_lost_connection_to_an_earlier_broker_does_not_count(broker: Broker) -> None:
    """The adapter may not know yet that the broker has restarted."""
    accounts = broker.accounts()
    await accounts.prepare()
    broker.process.start()
    with broker.adapter() as adapter:
        accounts.connected()
        adapter.subscribe("iotflow/devices/+/telemetry")
    broker.restart()
    broker.add_device(2)
    await accounts.update()
    broker.publish({"n": 1})
    assert not is_accepted(broker, 2)
    with broker.adapter() as adapter:
        assert adapter.receive()[0].json() == {"n": 1}


async def test_an_adapter_with_a_new_token_gets_its_login(broker: Broker) -> None:
    await broker.accounts().prepare()
    broker.process.start()
    await broker.accounts("renewed").prepare()
    eventually(lambda: is_known(broker, "renewed"))
    assert not is_known(broker, TOKEN)


async def test_an_adapter_whose_login_is_rejected_gets_it_again(broker: Broker) -> None:
    """An earlier process wrote the file, and ended before the broker read it."""
    await broker.accounts().prepare()
    written = broker.file.read_text()
    broker.file.write_text("")
    broker.process.start()
    broker.file.write_text(written)
    accounts = broker.accounts()
    await accounts.prepare()
    assert not is_known(broker, TOKEN)
    await accounts.renew_login()
    eventually(lambda: is_known(broker, TOKEN))


def is_accepted(broker: Broker, device_id: int) -> bool:
    with broker.device(device_id) as device:
        return device.connection == "Success"


def is_known(broker: Broker, token: str) -> bool:
    """Whether the adapter can log in."""
    with broker.adapter(token) as adapter:
        return adapter.connection == "Success"

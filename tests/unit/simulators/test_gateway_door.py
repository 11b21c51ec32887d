"""A simulated gateway of many devices."""

import asyncio
from unittest.mock import create_autospec

from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.gateway import GatewayDoor
from iotflow_simulators.doors.link import Listener, Login

PATIENCE = 10.0


async def test_a_gateway_that_reaches_no_service_disconnects_its_devices_and_closes() -> None:
    lost = asyncio.Event()
    listener = create_autospec(Listener)
    listener.lost.side_effect = lambda _: lost.set()
    door = GatewayDoor(DoorAddress("127.0.0.1", 1), "token", ())
    door.link(Login(7, "pump", ""), listener).open()
    async with asyncio.timeout(PATIENCE):
        await lost.wait()
        await door.close()
    listener.opened.assert_not_called()

"""The look at the broker that anyone may ask for."""

import asyncio
import socket

from iotflow_server.rpc.mqtt.broker_probe import BrokerProbe


async def _answers(port: int, listening: socket.socket, count: int) -> tuple[list[bool], int]:
    probe = BrokerProbe("127.0.0.1", port)
    answers = await asyncio.gather(*(probe.is_reachable() for _ in range(count)))
    answers.append(await probe.is_reachable())
    listening.setblocking(False)
    connections = 0
    try:
        while True:
            listening.accept()[0].close()
            connections += 1
    except BlockingIOError:
        return answers, connections


def test_however_many_ask_the_broker_is_bothered_once() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        answers, connections = asyncio.run(_answers(listening.getsockname()[1], listening, 100))
    assert answers == [True] * 101
    assert connections == 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert not asyncio.run(BrokerProbe("127.0.0.1", port).is_reachable())
    assert not asyncio.run(BrokerProbe("", port).is_reachable())

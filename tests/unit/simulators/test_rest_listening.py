"""A device of REST asks for its commands and its configuration, and goes on after answers that are errors."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import create_autospec

import orjson
import pytest

from iotflow_simulators.doors.http_answers import Answer
from iotflow_simulators.doors.link import Listener
from iotflow_simulators.doors.rest_listening import CONFIG, POLL, RestListening, poll_seconds

INTERVAL = 0.005
PATIENCE = 5.0


def answer(content: Mapping[str, Any], status: int = 200) -> Answer:
    """Of the service."""
    return Answer(status, {}, orjson.dumps(content))


class Service:
    """Answers at once, by method and path. is_silent: leaves requests without an answer."""

    def __init__(self) -> None:
        self.answers = {
            ("POST", POLL): answer({"commands": []}),
            ("GET", CONFIG): answer({}),
            ("PUT", CONFIG): answer({}),
        }
        self.requests: list[tuple[str, str, bytes]] = []
        self.is_silent = False

    def call(self, method: bytes, path: str, body: bytes, answered: Callable[[Answer], None]) -> None:
        """See RestLink.call()."""
        self.requests.append((method.decode(), path, body))
        if not self.is_silent:
            answered(self.answers.get((method.decode(), path)) or answer({}))

    def count(self, method: str, path: str) -> int:
        """Such requests so far."""
        return sum(request[:2] == (method, path) for request in self.requests)

    async def until_asked(self, times: int) -> None:
        """Wait until the device asked for its configuration so often."""
        async with asyncio.timeout(PATIENCE):
            while self.count("GET", CONFIG) < times:  # noqa: ASYNC110
                await asyncio.sleep(INTERVAL)


@pytest.mark.parametrize(("devices", "seconds"), [(1, 2.0), (100, 2.0), (1_000, 20.0), (100_000, 2_000.0)])
def test_all_devices_together_ask_at_most_fifty_times_a_second(devices: int, seconds: float) -> None:
    assert poll_seconds(devices) == seconds


async def test_a_configuration_is_followed_again_until_its_report_is_taken() -> None:
    service, listener = Service(), create_autospec(Listener)
    listening = RestListening(service.call, listener, INTERVAL)
    listener.configured.side_effect = lambda desired: listening.report({**desired, "mode": "heat"})
    service.answers["GET", CONFIG] = answer({"desired": {"setpoint": 18}, "desired_version": 3})
    service.answers["PUT", CONFIG] = answer({}, 503)
    listening.begin()
    await service.until_asked(3)
    service.answers["PUT", CONFIG] = answer({})
    followed = service.count("PUT", CONFIG)
    assert followed >= 2
    await service.until_asked(service.count("GET", CONFIG) + 5)
    assert service.count("PUT", CONFIG) == followed + 1
    # An older version is one too: the service may have been restored.
    service.answers["GET", CONFIG] = answer({"desired": {"setpoint": 20}, "desired_version": 2})
    await service.until_asked(service.count("GET", CONFIG) + 2)
    listening.end()
    assert service.count("PUT", CONFIG) == followed + 2
    listener.configured.assert_called_with({"setpoint": 20})


async def test_errors_of_questions_change_nothing() -> None:
    service, listener = Service(), create_autospec(Listener)
    listening = RestListening(service.call, listener, INTERVAL)
    command = {"id": 7, "name": "set_mode", "parameters": {"mode": "eco"}}
    for method, path in (("POST", POLL), ("GET", CONFIG)):
        service.answers[method, path] = answer({"commands": [command], "desired_version": 1}, 401)
    listening.begin()
    await service.until_asked(3)
    listener.command.assert_not_called()
    listener.configured.assert_not_called()
    service.answers["POST", POLL] = answer({"commands": [command, {"id": 8, "name": "identify"}]})
    await service.until_asked(service.count("GET", CONFIG) + 1)
    listening.end()
    assert [call.args for call in listener.command.call_args_list][:2] == [
        (7, "set_mode", {"mode": "eco"}),
        (8, "identify", {}),
    ]


async def test_a_device_asks_again_only_after_an_answer() -> None:
    service = Service()
    service.is_silent = True
    listening = RestListening(service.call, create_autospec(Listener), INTERVAL)
    listening.begin()
    await service.until_asked(1)
    await asyncio.sleep(10 * INTERVAL)
    listening.end()
    assert service.count("GET", CONFIG) == service.count("POST", POLL) == 1


async def test_results_have_the_state_of_the_contract() -> None:
    service = Service()
    listening = RestListening(service.call, create_autospec(Listener), INTERVAL)
    listening.answer(7, executed=True, result={"mode": "eco"}, message="")
    listening.answer(8, executed=False, result={}, message="The command is unknown.")
    assert [(path, orjson.loads(body)) for _, path, body in service.requests] == [
        ("/api/v1/devices/commands/7/ack", {"state": "succeeded", "result": {"mode": "eco"}}),
        ("/api/v1/devices/commands/8/ack", {"state": "failed", "result": {"message": "The command is unknown."}}),
    ]

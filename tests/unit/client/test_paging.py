"""Calls of any method, and lists page by page."""

from typing import Any

import pytest

from iotflow.errors import ServerError
from iotflow.paging import call, pages
from iotflow.v1.fleet_service_pb2 import DESCRIPTOR, ListDevicesRequest, ListDevicesResponse
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from tests.support.scripted_server import connected, key_of

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

NAMES = ["a", "b", "c"]


class Fleet:
    """Answers with one device a page. The token of a page is the position of its device. asked: the requests."""

    def __init__(self) -> None:
        self.asked: list[ListDevicesRequest] = []
        self.keys: list[str] = []

    async def list(self, request: ListDevicesRequest, context: Any) -> ListDevicesResponse:
        self.asked.append(request)
        self.keys.append(key_of(context))
        position = int(request.page_token or 0)
        following = position + 1
        answer = ListDevicesResponse(next_page_token=str(following) if following < len(NAMES) else "")
        answer.devices.add(name=NAMES[position])
        return answer


async def test_a_call_has_the_key_of_the_connection_and_its_answer() -> None:
    fleet = Fleet()
    async with connected(DESCRIPTOR, {"ListDevices": fleet.list}) as connection:
        request = ListDevicesRequest(page_token="2")
        answer = await call(connection, FleetServiceStub, "ListDevices", request, ListDevicesResponse)
        assert [device.name for device in answer.devices] == ["c"]
        assert (fleet.asked, fleet.keys) == ([request], ["key"])


async def test_an_answer_of_another_type_is_an_error_of_the_caller() -> None:
    async with connected(DESCRIPTOR, {"ListDevices": Fleet().list}) as connection:
        wrong = "ListDevices answers with ListDevicesResponse, not with ListDevicesRequest"
        with pytest.raises(TypeError, match=wrong):
            await call(connection, FleetServiceStub, "ListDevices", ListDevicesRequest(), ListDevicesRequest)


async def test_a_status_is_raised_as_the_clients_error() -> None:
    async with connected(DESCRIPTOR, {}) as connection:
        with pytest.raises(ServerError, match="UNIMPLEMENTED"):
            await call(connection, FleetServiceStub, "ListDevices", ListDevicesRequest(), ListDevicesResponse)


async def test_pages_come_until_the_last_one_and_leave_the_request_as_it_is() -> None:
    fleet, request = Fleet(), ListDevicesRequest(page_size=1, page_token="1")
    async with connected(DESCRIPTOR, {"ListDevices": fleet.list}) as connection:
        found = pages(connection, FleetServiceStub, "ListDevices", request, ListDevicesResponse)
        assert [[device.name for device in page.devices] async for page in found] == [["b"], ["c"]]
    assert fleet.asked == [ListDevicesRequest(page_size=1, page_token=token) for token in ("1", "2")]
    assert request == ListDevicesRequest(page_size=1, page_token="1")

"""The size of a page, its end, and the tokens of the next one."""

import pytest

from iotflow.v1.device_pb2 import Device
from iotflow.v1.fleet_service_pb2 import ListDevicesRequest
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.page_tokens import after_id, after_name, first_page, size_of, token_of, token_of_name

MEBIBYTE = 2**20


def token_after(device: Device) -> str:
    return token_of(device.id)


def devices(count: int) -> list[Device]:
    return [Device(id=id_) for id_ in range(1, count + 1)]


def test_a_list_of_101_items_has_a_first_page_of_100_items_by_default() -> None:
    size = size_of(ListDevicesRequest())
    page, token = first_page(devices(101)[: size + 1], size, token_after)
    assert (len(page), after_id(token)) == (100, 100)


def test_a_list_of_100_items_is_one_page_by_default() -> None:
    page, token = first_page(devices(100), size_of(ListDevicesRequest()), token_after)
    assert (len(page), token) == (100, "")


def test_the_requested_size_replaces_every_default() -> None:
    assert size_of(ListDevicesRequest(page_size=1)) == 1
    assert size_of(ListDevicesRequest(page_size=1), 7) == 1
    assert size_of(ListDevicesRequest(), 7) == 7


def device_of(size: int, id_: int) -> Device:
    """A device whose message has this size."""
    device = Device(id=id_, name="x" * size)
    device.name = "x" * (2 * size - device.ByteSize())
    assert device.ByteSize() == size
    return device


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ([MEBIBYTE // 2, MEBIBYTE // 2], 2),
        ([MEBIBYTE // 2, MEBIBYTE // 2 + 1], 1),
        ([MEBIBYTE // 2, MEBIBYTE // 2, 100], 2),
        ([3 * MEBIBYTE, 100], 1),
    ],
)
def test_a_page_has_at_most_one_mebibyte_and_at_least_one_item(sizes: list[int], count: int) -> None:
    found = [device_of(size, id_) for id_, size in enumerate(sizes, 1)]
    page, token = first_page(found, len(found), token_after)
    assert len(page) == count
    assert token == (token_of(count) if count < len(sizes) else "")


@pytest.mark.parametrize("id_", [1, 10, 2**53])
def test_a_token_of_an_id_is_read_as_this_id(id_: int) -> None:
    assert after_id(token_of(id_)) == id_


@pytest.mark.parametrize("name", ["a", "größe", ">>>???"])
def test_a_token_of_a_name_is_read_as_this_name(name: str) -> None:
    assert after_name(token_of_name(name)) == name


def test_the_first_page_follows_nothing() -> None:
    assert (after_id(""), after_name("")) == (0, "")


@pytest.mark.parametrize("id_", [0, -1, 2**53 + 1, 10**17])
def test_a_token_of_an_id_that_no_item_has_is_rejected(id_: int) -> None:
    with pytest.raises(InvalidArgument, match="token is invalid"):
        after_id(token_of(id_))


def test_a_token_of_the_other_kind_of_list_is_rejected() -> None:
    with pytest.raises(InvalidArgument, match="token is invalid"):
        after_id(token_of_name("1"))
    with pytest.raises(InvalidArgument, match="token is invalid"):
        after_name(token_of(1))

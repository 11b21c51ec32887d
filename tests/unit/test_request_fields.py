"""Fields with an empty value are in the bytes of a request, and not in the parsed message."""

from contextvars import copy_context

import pytest

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow_server.interceptors.request_fields import LONGEST, has_empty_fields, keep

EMPTY_NAME = b"\x0a\x00"
REQUESTS = {
    "no field": (b"", False),
    "a field": (b"\x0a\x01a", False),
    "an empty field": (EMPTY_NAME, True),
    "a field and an empty field": (b"\x0a\x01a\x12\x00", True),
    "the longest": (EMPTY_NAME * (LONGEST // 2), True),
    "a longer one, whose bytes are not kept": (EMPTY_NAME * (LONGEST // 2 + 1), False),
}


@pytest.mark.parametrize(("content", "has_some"), REQUESTS.values(), ids=REQUESTS)
def test_an_empty_field_is_known(content: bytes, has_some: bool) -> None:
    def known() -> bool:
        keep(content)
        return has_empty_fields(RegisterDeviceRequest.FromString(content))

    assert copy_context().run(known) is has_some

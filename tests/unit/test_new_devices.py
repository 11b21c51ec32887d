"""The quick check of devices agrees with the rules of the contract and of the registry."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow_server.devices.registry import check_texts
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.validation import check
from iotflow_server.rpc.codec.new_devices import SHORT, checked_device, is_plain

FIELDS = [field.name for field in RegisterDeviceRequest.DESCRIPTOR.fields]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("/+#\0\u200b 07a\ufdd0"), max_size=120)
DEVICES = st.builds(RegisterDeviceRequest, **dict.fromkeys(FIELDS, TEXTS))


def is_allowed(device: RegisterDeviceRequest) -> bool:
    """Whether RegisterDevice accepts the device."""
    try:
        check(device)
        check_texts(device.name, device.device_type)
    except InvalidArgument:
        return False
    return True


@given(DEVICES)
@example(RegisterDeviceRequest(name="٣"))
@example(RegisterDeviceRequest(name="7"))
@example(RegisterDeviceRequest(name=" "))
@example(RegisterDeviceRequest(name="a", device_type="a/b"))
@example(RegisterDeviceRequest(name="a" * 100, location="b" * 200))
def test_a_plain_device_is_allowed(device: RegisterDeviceRequest) -> None:
    assert is_allowed(device) or not is_plain(device)


@pytest.mark.parametrize("name", FIELDS)
def test_short_texts_are_allowed_in_every_field(name: str) -> None:
    device = RegisterDeviceRequest(**({"name": "a"} | {name: "a" * SHORT}))
    assert is_plain(device)
    assert is_allowed(device)


@given(DEVICES)
@example(RegisterDeviceRequest(name="a", description="\0"))
def test_every_device_is_accepted_or_rejected_as_by_its_registration(device: RegisterDeviceRequest) -> None:
    storable = "\0" not in "".join(value for _, value in device.ListFields())
    try:
        new = checked_device(device)
    except InvalidArgument as error:
        assert error.field
        assert not (is_allowed(device) and storable)
    else:
        assert is_allowed(device)
        assert storable
        assert (new.name, new.device_type) == (device.name, device.device_type or "sensor")

"""What a target is: host:port."""

import pytest
from grpc import StatusCode

from iotflow.connection import Connection
from iotflow.errors import ServerError
from iotflow.sync import Client
from iotflow.target import checked_target
from iotflow.writer import TelemetryWriter


@pytest.mark.parametrize(
    "target",
    [
        "localhost:1",
        "iot_server.example.com:65535",
        "xn--bcher-kva.example:50051",
        "127.0.0.1:50051",
        "[::1]:50051",
        "[2001:db8::1]:50051",
        "[::ffff:192.0.2.1]:50051",
    ],
)
def test_a_name_or_an_address_with_a_port_is_a_target(target: str) -> None:
    assert checked_target(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "localhost",
        ":50051",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:http",
        "localhost:٥",
        "localhost:50051\n",
        " localhost:50051",
        "http://localhost:50051",
        "dns:///localhost:50051",
        "unix:/tmp/iotflow.sock",
        "user@localhost:50051",
        "::1:50051",
        "[::g]:50051",
        "[127.0.0.1]:50051",
        "[fe80::1%eth0]:50051",
    ],
)
def test_another_form_is_an_error_that_states_the_form(target: str) -> None:
    with pytest.raises(ServerError, match="not host:port, such as") as invalid:
        checked_target(target)
    error = invalid.value
    assert (error.code, error.field, error.retryable) == (StatusCode.INVALID_ARGUMENT, "target", False)


async def test_a_target_is_checked_where_it_is_given() -> None:
    for connecting in (Connection, Client, TelemetryWriter):
        with pytest.raises(ServerError, match="host:port"):
            connecting("http://localhost:50051")

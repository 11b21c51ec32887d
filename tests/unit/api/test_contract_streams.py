"""All streams of the contract announce their events alike, see stream.proto."""

import pytest
from google.protobuf.descriptor import MethodDescriptor

from iotflow.contract import bindings, methods, path
from iotflow_server.interceptors.stream_limits import reads, subscriptions

# Streams whose answers are all of one kind: acknowledgements, keys, columns and bytes of files.
UNIFORM = {"StreamTelemetry", "ImportDevices", "ReadTelemetry", "ExportTelemetry"}
STREAMS = [method for method in methods() if method.server_streaming]
SHARED = {
    "heartbeat": "StreamHeartbeat",
    "missed": "StreamGap",
    "caught_up": "StreamCaughtUp",
    "error": "StreamError",
}


def events(method: MethodDescriptor) -> dict[str, str]:
    """The message of each event."""
    event = method.output_type.oneofs_by_name.get("event")
    return {field.name: field.message_type.name for field in event.fields if field.message_type} if event else {}


def test_the_contract_has_streams_of_both_kinds() -> None:
    both_ways = {method.name for method in STREAMS if method.client_streaming}
    assert both_ways >= {"StreamCommands", "StreamTelemetry", "StreamDeviceCommands"}
    assert len(STREAMS) >= 10


@pytest.mark.parametrize("method", STREAMS, ids=path)
def test_answers_are_events_unless_they_are_all_of_one_kind(method: MethodDescriptor) -> None:
    assert bool(events(method)) is (method.name not in UNIFORM)
    assert not events(method) or len(events(method)) == len(method.output_type.fields)


@pytest.mark.parametrize("method", STREAMS, ids=path)
def test_events_that_streams_share_have_one_name_and_one_message(method: MethodDescriptor) -> None:
    for name, message in events(method).items():
        assert SHARED.get(name, message) == message
        assert (message in SHARED.values()) is (name in SHARED)


@pytest.mark.parametrize("method", STREAMS, ids=path)
def test_events_for_browsers_begin_with_a_heartbeat_and_end_with_an_error(method: MethodDescriptor) -> None:
    is_for_browsers = bool(events(method)) and any(bindings(method))
    assert ({"heartbeat", "error"} & set(events(method))) == ({"heartbeat", "error"} if is_for_browsers else set())


def test_limits_of_their_own_have_reads_and_subscriptions() -> None:
    assert {name.rpartition("/")[2] for name in reads()} == {"ReadTelemetry", "ExportTelemetry"}
    assert {name.rpartition("/")[2] for name in subscriptions()} == {"SubscribeTelemetry", "WatchCommands"}

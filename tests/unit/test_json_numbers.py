"""64-bit integers of responses in the contract of the REST gateway."""

import pytest
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import Message

from iotflow.v1.command_pb2 import Command
from iotflow.v1.command_service_pb2 import ListCommandsResponse, WatchCommandsResponse
from iotflow.v1.fleet_pb2 import IngestStatistics
from iotflow.v1.fleet_service_pb2 import GetStatsResponse
from iotflow_cli.descriptors import descriptor_set
from iotflow_server.interceptors.rest_responses import add_json_numbers

LAST = 2**53


def printed(answer: Message) -> dict[str, object]:
    """The JSON of a response, by the contract of the gateway."""
    pool = descriptor_pool.DescriptorPool()
    for file in FileDescriptorSet.FromString(descriptor_set()).file:
        pool.Add(file)
    copy = message_factory.GetMessageClass(pool.FindMessageTypeByName(answer.DESCRIPTOR.full_name))
    shown: dict[str, object] = json_format.MessageToDict(
        copy.FromString(answer.SerializeToString()), preserving_proto_field_name=True
    )
    return shown


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Command(id=LAST, device_id=7), {"id": float(LAST), "device_id": 7}),
        (
            ListCommandsResponse(commands=[Command(id=1), Command(id=LAST - 1)]),
            {"commands": [{"id": 1.0}, {"id": float(LAST - 1)}]},
        ),
        (WatchCommandsResponse(command=Command(id=2**40)), {"command": {"id": float(2**40)}}),
        (
            GetStatsResponse(ingest_stats=IngestStatistics(values_stored=2**33)),
            {"ingest_stats": {"values_stored": float(2**33)}},
        ),
        (Command(device_id=7), {"device_id": 7}),
        (GetStatsResponse(), {}),
    ],
)
def test_rest_responses_have_json_numbers(answer: Message, expected: dict[str, object]) -> None:
    assert printed(add_json_numbers(answer)) == expected


def test_the_contract_of_grpc_is_unchanged() -> None:
    answer = add_json_numbers(Command(id=LAST))
    assert Command.FromString(answer.SerializeToString()).id == LAST

"""A field that the contract calls required is one without which a request is rejected, in every message of a request."""

from collections.abc import Iterator

import pytest
from google.api.field_behavior_pb2 import FieldBehavior, field_behavior
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from iotflow.contract import methods
from tools.api import rules
from tools.api.contract import load

load()


def requests() -> Iterator[Descriptor]:
    """The messages of all requests, and the messages within them."""
    waiting, seen = [method.input_type for method in methods()], set[str]()
    while waiting:
        message = waiting.pop()
        if message.full_name.startswith("iotflow.v1.") and message.full_name not in seen:
            seen.add(message.full_name)
            if not message.GetOptions().map_entry:
                yield message
            waiting += [field.message_type for field in message.fields if field.message_type]


def behaviours(field: FieldDescriptor) -> list[int]:
    return list(field.GetOptions().Extensions[field_behavior])


MESSAGES = {message.name: message for message in requests()}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_field_is_required_if_a_message_without_it_is_rejected(name: str) -> None:
    needed = rules.required(MESSAGES[name])
    for field in MESSAGES[name].fields:
        assert behaviours(field) == [FieldBehavior.REQUIRED if field.name in needed else FieldBehavior.OPTIONAL], (
            field.name
        )

"""Response fields with a constant value, stated in the option `constant` of the contract; older clients require their keys."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from iotflow.contract import method_of
from iotflow.v1 import options_pb2

# The path of messages to a field, the field, and its value.
Constant = tuple[Sequence[str], str, Any]


def constant_filler(method: str) -> Callable[[Message], None] | None:
    """A function that sets the constant fields of a method's responses; None: there are none. method: its full name."""
    found = method_of(method)
    constants = list(_constants(found.output_type, (), ())) if found else []
    if not constants:
        return None

    def fill(response: Message) -> None:
        for way, name, value in constants:
            holder: Any = response
            for step in way:
                if not holder.HasField(step):
                    break
                holder = getattr(holder, step)
            else:
                setattr(holder, name, value)

    return fill


def _constants(message: Descriptor, way: Sequence[str], within: Sequence[Descriptor]) -> Iterator[Constant]:
    for field in message.fields:
        if field.GetOptions().HasExtension(options_pb2.constant):
            yield way, field.name, _value(field)
        elif field.message_type and not field.is_repeated and field.message_type not in within:
            yield from _constants(field.message_type, (*way, field.name), (*within, message))


def _value(field: FieldDescriptor) -> Any:
    stated: str = field.GetOptions().Extensions[options_pb2.constant]
    return stated == "true" if field.type == FieldDescriptor.TYPE_BOOL else stated

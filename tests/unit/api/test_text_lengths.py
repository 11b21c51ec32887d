"""The length of a text that the contract states is exact: accepted at the limit, rejected one character above."""

from collections.abc import Iterator
from typing import Any

import protovalidate
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from iotflow_server.interceptors.validation import field_path
from tools.api import rules
from tools.api.contract import load

# Characters of which some field accepts any number, the longest in UTF-8 first: lengths count characters, not bytes.
CHARACTERS = "\U0001f4a7aA1"


def limited() -> Iterator[tuple[FieldDescriptor, str, int]]:
    """Fields with texts, the place of the texts in the field, and their largest length. place: empty, or of map keys."""
    for file in load().files:
        for message in file.message_types_by_name.values():
            for field in message.fields:
                stated = rules.keywords(field)
                for place in ("", "propertyNames"):
                    limit = (stated.get(place, {}) if place else stated).get("maxLength")
                    if limit:
                        yield field, place, limit


LIMITED = [*limited()]


def with_text(field: Any, place: str, text: str) -> Any:
    """A message with this text in the field."""
    message: Any = GetMessageClass(field.containing_type)()
    if place == "propertyNames":
        values = field.message_type.fields_by_name["value"]
        contents = getattr(message, field.name)
        contents[text] if values.message_type else contents.update({text: values.default_value})
    else:
        setattr(message, field.name, text)
    return message


def broken(field: FieldDescriptor, place: str, text: str) -> set[str]:
    """The rules of the field that the text violates."""
    found = protovalidate.collect_violations(with_text(field, place, text))
    return {one.proto.rule_id for one in found if field_path(one).partition("[")[0] == field.name}


def test_lengths_of_texts_are_found() -> None:
    assert {place for _, place, _ in LIMITED} == {"", "propertyNames"}
    assert len(LIMITED) >= 60


@pytest.mark.parametrize(
    ("field", "place", "limit"), LIMITED, ids=lambda value: getattr(value, "full_name", str(value))
)
def test_the_length_of_a_text_is_exact(field: FieldDescriptor, place: str, limit: int) -> None:
    valid = [one for one in CHARACTERS if not broken(field, place, one * limit)]
    assert valid, broken(field, place, "a" * limit)
    assert broken(field, place, valid[0] * (limit + 1)) == {"string.max_len"}

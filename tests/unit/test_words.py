"""Closed sets of words are declared once in the contract; rules, constants and types of the server agree with them."""

import re
from collections.abc import Iterator
from enum import StrEnum

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from iotflow import words
from iotflow.contract import methods, word
from iotflow.v1 import options_pb2, words_pb2
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.export import FORMATS
from tools.api.contract import load
from tools.api.rules import keywords
from tools.words import CLIENTS, LANGUAGES, module

# Declares the rules, of which the stubs have the bytes only.
load()
SETS = {
    name: [word(value) for value in enum.values if value.number]
    for name, enum in words_pb2.DESCRIPTOR.enum_types_by_name.items()
}


def fields() -> Iterator[FieldDescriptor]:
    """All fields of the contract."""
    waiting = [message for method in methods() for message in (method.input_type, method.output_type)]
    seen: set[str] = set()
    while waiting:
        message: Descriptor = waiting.pop()
        if message.full_name in seen:
            continue
        seen.add(message.full_name)
        yield from message.fields
        waiting += [field.message_type for field in message.fields if field.message_type]


def set_of(field: FieldDescriptor) -> str:
    found: str = field.GetOptions().Extensions[options_pb2.words]
    return found


def allowed(field: FieldDescriptor) -> list[str]:
    """The words that the rules of a field allow."""
    return [each for each in keywords(field).get("enum", []) if each]


@pytest.mark.parametrize("name", SETS)
def test_every_value_has_a_word_and_a_constant(name: str) -> None:
    constants: type[StrEnum] = getattr(words, name)
    assert [str(constant) for constant in constants] == SETS[name]
    assert all(SETS[name])
    assert len(set(SETS[name])) == len(SETS[name])


@pytest.mark.parametrize("field", [field for field in fields() if set_of(field)], ids=lambda field: field.full_name)
def test_a_field_names_a_set_and_its_rules_allow_no_other_words(field: FieldDescriptor) -> None:
    assert set(allowed(field)) <= set(SETS[set_of(field)])


def test_a_field_with_a_list_of_words_names_its_set() -> None:
    assert [field.full_name for field in fields() if allowed(field) and not set_of(field)] == []


def test_types_of_the_server_have_the_words_of_the_contract() -> None:
    assert list(ValueType) == SETS["MeasurementType"]
    assert list(FORMATS) == SETS["ExportFormat"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_constants_of_every_client_are_those_of_the_contract(language: str) -> None:
    _, path = LANGUAGES[language]
    committed = (CLIENTS / path).read_text()
    assert {text for texts in SETS.values() for text in texts} <= set(re.findall(r'"([^"\n]+)"', committed))
    if language != "python":
        assert committed == module(language)

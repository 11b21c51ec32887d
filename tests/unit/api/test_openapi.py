"""The reference of REST has all paths of the contract, and agrees with it."""

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass
from protovalidate import collect_violations

from iotflow_cli.descriptors import rest_paths
from tests.e2e.rest.case import Case
from tests.e2e.rest.cases import CASES
from tests.support.api_reference import operation, problems, reference
from tools.api import contract, errors
from tools.api.bindings import Operation, operations
from tools.api.contract import details

CONTRACT = contract.load()
OPERATIONS = list(operations(CONTRACT))
COMMON = ["400", "429", "500", "503", "504"]


def documented(bound: Operation) -> dict[str, Any]:
    found = reference("openapi")["paths"][bound.path][bound.verb]
    assert isinstance(found, dict)
    return found


def name_of(bound: Operation) -> str:
    return f"{bound.verb} {bound.path}"


@pytest.mark.parametrize(("verb", "paths"), rest_paths().items())
def test_the_paths_are_those_of_the_gateway(verb: str, paths: list[str]) -> None:
    assert {path for path, item in reference("openapi")["paths"].items() if verb.lower() in item} == set(paths)


@pytest.mark.parametrize("bound", OPERATIONS, ids=name_of)
def test_every_request_field_is_documented(bound: Operation) -> None:
    found = documented(bound)
    parameters = {one["name"] for one in found.get("parameters", ())}
    body = _properties(found["requestBody"]["content"]["application/json"]["schema"]) if bound.body else set()
    fields = bound.body.fields if bound.body else bound.method.input_type.fields
    expected = {field.name for field in fields} - set(bound.path_fields)
    assert set(bound.path_fields) <= parameters
    assert len(parameters | body) >= len(expected)
    assert body == (expected if bound.body else set())


@pytest.mark.parametrize("bound", OPERATIONS, ids=name_of)
def test_every_operation_has_a_success_and_the_common_errors(bound: Operation) -> None:
    responses = documented(bound)["responses"]
    assert [status for status in responses if status < "300"] == ["201" if bound.name in details().created else "200"]
    assert [status for status in COMMON if status not in responses] == []
    assert ("413" in responses) == (bound.body is not None)
    assert ("401" in responses) == ({} not in documented(bound)["security"] and bool(documented(bound)["security"]))


@pytest.mark.parametrize("case", [case for case in CASES if case.status < 400], ids=str)
def test_responses_of_the_rest_tables_are_documented(case: Case) -> None:
    found = operation(case.method, case.path)
    assert found is not None
    assert str(case.status) in found["responses"]


@pytest.mark.parametrize("bound", [bound for bound in OPERATIONS if bound.body], ids=name_of)
def test_examples_are_valid_messages(bound: Operation) -> None:
    content = documented(bound)["requestBody"]["content"]["application/json"]
    assert bound.body is not None
    assert problems("openapi", content["schema"], content["example"]) == []
    path = {name: "1" for name in bound.path_fields if name in bound.body.fields_by_name}
    message = ParseDict({**content["example"], **path}, GetMessageClass(bound.body)())
    assert collect_violations(message) == []


@pytest.mark.parametrize("bound", OPERATIONS, ids=name_of)
def test_examples_satisfy_their_schemas(bound: Operation) -> None:
    for response in documented(bound)["responses"].values():
        for content in response.get("content", {}).values():
            if "example" in content:
                assert problems("openapi", content["schema"], content["example"]) == []


@pytest.mark.parametrize("name", sorted(set(details().created) | set(details().also) | set(details().media)))
def test_details_are_of_existing_methods(name: str) -> None:
    assert name in {bound.name for bound in OPERATIONS}


@pytest.mark.parametrize("name", [*details().values, *(f"{m}.{f}" for m, fs in details().omitted.items() for f in fs)])
def test_values_are_of_existing_fields(name: str) -> None:
    fields = {
        field for file in CONTRACT.files for message in file.message_types_by_name.values() for field in message.fields
    }
    assert name in {one for field in fields for one in (field.name, contract.short_name(field))}


@pytest.mark.parametrize(
    ("comment", "stated"),
    [
        ("Makes one. ALREADY_EXISTS: the name is taken.", [(409, "The name is taken.")]),
        (
            "NOT_FOUND: no such command. FAILED_PRECONDITION (ENDED): it has ended.",
            [(404, "No such command."), (400, "`ENDED`: It has ended.")],
        ),
        ("Every RPC may end with NOT_FOUND (no such device).", []),
        ("ABORTED: not the present version.\n\nMore: not of it.", [(409, "Not the present version.")]),
    ],
)
def test_errors_are_read_from_comments(comment: str, stated: list[tuple[int, str]]) -> None:
    assert list(errors.stated(comment)) == stated


def _properties(schema: dict[str, Any]) -> set[str]:
    """The properties of the first variant, which is that of the contract."""
    if "anyOf" in schema:
        return _properties(schema["anyOf"][0])
    if "$ref" in schema:
        return _properties(reference("openapi")["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return set(schema["properties"])

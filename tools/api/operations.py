"""Operations of the REST reference, each with the roles that may call it and their credentials."""

import re

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

from iotflow.contract import path
from iotflow.words import Role
from iotflow_server.auth.permissions import permissions
from tools.api import errors, rules
from tools.api.bindings import HTTP_BODY, Operation, typed_sibling
from tools.api.contract import Contract, Details
from tools.api.examples import Examples
from tools.api.rules import Schema
from tools.api.schemas import Schemas, accepted

# With the default settings, which open nothing to the public.
_ROLES = permissions(public_reads=False, public_diagnostics=False)
KEY, TOKEN = "deviceKey", "bearerToken"
SECURITY_SCHEMES = {
    KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "A device's API key, shown once when the device is registered or its key is rotated.",
    },
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of a person or a program, made by an admin with `POST /api/v1/admin/tokens`.",
    },
}


def callers(method: MethodDescriptor) -> list[str]:
    """The roles that may call a method; empty: anyone."""
    roles = _ROLES[path(method)]
    return [] if Role.ANONYMOUS in roles else sorted(roles)


def security(method: MethodDescriptor) -> list[dict[str, list[str]]]:
    """The alternative credentials of a method; empty: it needs none."""
    roles = _ROLES[path(method)]
    known: list[dict[str, list[str]]] = [{}] if Role.ANONYMOUS in roles else []
    if Role.DEVICE in roles and Role.ANONYMOUS not in roles:
        known.append({KEY: []})
    if roles - {Role.DEVICE, Role.ANONYMOUS}:
        known.append({TOKEN: []})
    return known


class Operations:
    """Describes operations, and collects the schemas they refer to in `schemas`."""

    def __init__(self, contract: Contract, details: Details, schemas: Schemas) -> None:
        self._contract = contract
        self._details = details
        self._schemas = schemas
        self._examples = Examples(details)

    def describe(self, operation: Operation) -> Schema:
        """The operation object."""
        comment = self._comment(operation)
        body = self._request_body(operation)
        parameters = [self._parameter(operation, field) for field in operation.parameters]
        return {
            "operationId": _identifier(operation),
            "summary": _summary(comment),
            "description": "\n\n".join((comment, _open_to(operation))),
            "tags": [operation.method.containing_service.name],
            "security": security(operation.method),
            **({"parameters": parameters} if parameters else {}),
            **({"requestBody": body} if body else {}),
            "responses": {**self._successes(operation), **self._refusals(operation, comment)},
        }

    def _comment(self, operation: Operation) -> str:
        """The comment of the typed method, then that of the method for bytes, which describes the body."""
        methods = [typed_sibling(operation.method), operation.method]
        return "\n\n".join(self._contract.comment(method.full_name) for method in methods if method)

    def _parameter(self, operation: Operation, field: FieldDescriptor) -> Schema:
        schema = self._schemas.field(field)
        description = schema.pop("description", "")
        in_path = field.name in operation.path_fields
        is_required = in_path or field.name in rules.required(operation.method.input_type)
        return {
            "name": _parameter_name(field),
            "in": "path" if in_path else "query",
            **({"description": description} if description else {}),
            **({"required": True} if is_required else {}),
            "schema": schema,
            **({"example": self._examples.field(field)} if is_required else {}),
        }

    def _request_body(self, operation: Operation) -> Schema | None:
        message = operation.body
        if message is None:
            return None
        schema = self._schemas.reference(message, operation.path_fields)
        example = self._examples.message(message, operation.path_fields)
        needed = set(rules.required(message)).difference(operation.path_fields)
        content = {"schema": accepted(message.name, schema), "example": example}
        return {"required": bool(needed), "content": {"application/json": content}}

    def _successes(self, operation: Operation) -> dict[str, Schema]:
        content = self._answer(operation)
        status, meaning = ("201", "Made.") if operation.name in self._details.created else ("200", "Done.")
        others = self._details.also.get(operation.name, {})
        return {code: {"description": text, "content": content} for code, text in {status: meaning, **others}.items()}

    def _answer(self, operation: Operation) -> Schema:
        message = operation.method.output_type
        if message.full_name == HTTP_BODY:
            return {media: {} for media in self._details.media[operation.name]}
        schema = self._schemas.reference(message)
        if operation.method.server_streaming:
            return {"text/event-stream": {"schema": _events(schema)}}
        return {"application/json": {"schema": schema, "example": self._examples.message(message)}}

    def _refusals(self, operation: Operation, comment: str) -> dict[str, Schema]:
        own: dict[int, list[str]] = {}
        for status, text in errors.stated(comment):
            own.setdefault(status, []).append(text)
        common = errors.statuses(
            has_body=operation.body is not None,
            needs_credential=bool(callers(operation.method)),
            names_something=any(_names_something(field) for field in operation.fields),
        )
        documented = set(map(int, self._details.also.get(operation.name, {})))
        return {
            str(status): errors.response(status, own.get(status, [])) for status in sorted({*common, *own} - documented)
        }


def _identifier(operation: Operation) -> str:
    name = f"{operation.name[:1].lower()}{operation.name[1:]}"
    return name if operation.number == 1 else f"{name}{operation.number}"


def _names_something(field: FieldDescriptor) -> bool:
    return field.name.endswith(("_id", "_ids"))


def _summary(comment: str) -> str:
    return re.split(r"[.;] ", comment.split("\n")[0])[0].rstrip(".")


def _open_to(operation: Operation) -> str:
    return f"Open to: {', '.join(callers(operation.method)) or 'anyone'}."


def _parameter_name(field: FieldDescriptor) -> str:
    """The JSON name if the contract sets one, else the field's name."""
    first, *others = field.name.split("_")
    usual = first + "".join(word.capitalize() for word in others)
    name: str = field.name if field.json_name == usual else field.json_name
    return name


def _events(schema: Schema) -> Schema:
    return {
        "type": "string",
        "description": "Server-sent events; the `data` of each is JSON of this schema.",
        "contentMediaType": "application/json",
        "contentSchema": schema,
    }

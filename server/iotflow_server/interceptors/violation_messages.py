"""Error messages for violated rules of the contract."""

from collections.abc import Collection

import protovalidate
from google.protobuf.message import Message

# The size of a status is limited. Further names are omitted.
NAMES = 8
AT_LEAST_ONE = {"string.min_len", "repeated.min_items", "bytes.min_len", "map.min_pairs"}


def sentence(field: str, violation: protovalidate.Violation) -> str:
    """The message of the rule as a sentence about the field."""
    rule, message = violation.proto.rule_id, violation.proto.message or violation.proto.rule_id
    if rule == "required" or (rule in AT_LEAST_ONE and not violation.field_value):
        return f"{field} is required."
    if rule.endswith(".in"):
        words = ", ".join(str(word) for word in violation.rule_value if word)
        return f"{field} must be one of {words}." if violation.field_value else f"{field} is required: one of {words}."
    if not field:
        return f"{message[:1].upper()}{message[1:]}."
    return f"{field} {_plain(message)}." if message.startswith("must ") else f"{field}: {message}."


def nothing_known(request: Message, in_path: Collection[str]) -> str:
    """A sentence for a request without any known field; "" if it has one."""
    if any(field.name not in in_path for field, _ in request.ListFields()):
        return ""
    names = [field.name for field in request.DESCRIPTOR.fields if field.name not in in_path]
    more = ", …" if len(names) > NAMES else ""
    return f" The request has none of the fields {', '.join(names[:NAMES])}{more}; others are ignored." if names else ""


def _plain(message: str) -> str:
    return (
        message.replace("greater than or equal to ", "at least ")
        .replace("less than or equal to ", "at most ")
        .replace("no more than ", "at most ")
        .replace("(s)", "s")
    )

"""Rules for the texts in MQTT topics, for names and types in the registry and for publishers."""

import unicodedata

MOST_BYTES, MOST_PREFIX = 65_535, 200
# Firmware of the older service has topics without a prefix.
OLDER = "devices"
# The mount point of clients without a login, at brokers that cannot otherwise mark their messages.
ANONYMOUS = "anonymous/"
# First levels with their own meaning, which no prefix may begin with.
_TAKEN = (OLDER, ANONYMOUS.removesuffix("/"))
# Control characters and surrogates: a broker disconnects a client that uses one of them in a topic.
_REFUSED = frozenset({"Cc", "Cs"})
# Zero-width and bidirectional characters, and separators of lines and paragraphs: two names could look equal.
_INVISIBLE = frozenset({"Cf", "Zl", "Zp"})
_NONCHARACTERS, _LAST_OF_PLANE = range(0xFDD0, 0xFDF0), 0xFFFE


def topic_problem(text: str) -> str:
    """Why no client can publish to this topic, or to a topic that contains this text (MQTT 1.5.4, 4.7); empty: it can."""
    if not text:
        return "is empty"
    if "+" in text or "#" in text:
        return "has + or #, which stand for other topics"
    if len(text) > MOST_BYTES // 4 and len(text.encode(errors="replace")) > MOST_BYTES:
        return f"has more than {MOST_BYTES} bytes"
    return _character_problem(text, _REFUSED)


def level_problem(name: str) -> str:
    """Why a device's name cannot be a level of its topics; empty: it can."""
    if "/" in name:
        return "has a slash, which ends a level of a topic"
    if name.isascii() and name.isdigit():
        return "has only digits, as the id of another device may"
    return topic_problem(name)


def text_problem(text: str) -> str:
    """Why a new name or type is not allowed, besides its length; empty: it is allowed."""
    return _character_problem(text, _REFUSED | _INVISIBLE)


def _prefix_problem(prefix: str) -> str:
    if not all(prefix.split("/")):
        return "has an empty level: no slash at the begin or end, and no two in a row"
    if prefix.partition("/")[0] in _TAKEN:
        return f"has {' or '.join(_TAKEN)} as its first level, below which are topics of older firmware and of clients without a login"
    if prefix.startswith("$") or "%" in prefix:
        return "has a leading $ or a %, which mean something else to brokers"
    if len(prefix) > MOST_PREFIX:
        return f"has more than {MOST_PREFIX} characters"
    return topic_problem(prefix)


def topic_prefix(prefix: str) -> str:
    """Return the prefix. Raises ValueError where topics cannot begin with it."""
    if problem := _prefix_problem(prefix):
        raise ValueError(f"a topic cannot begin with what {problem}")
    return prefix


def _character_problem(text: str, categories: frozenset[str]) -> str:
    if text.isprintable():
        return ""
    for character in text:
        code = ord(character)
        if unicodedata.category(character) in categories or _is_noncharacter(code):
            return f"has the character U+{code:04X}, which is not allowed in names and topics"
    return ""


def _is_noncharacter(code: int) -> bool:
    return code in _NONCHARACTERS or code & _LAST_OF_PLANE == _LAST_OF_PLANE

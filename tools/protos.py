"""Writes the published .proto files: `full` as they are, `plain` without options, for generators that cannot read the rules.

Usage: python -m tools.protos FOLDER
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import contract

CONTRACT = contract.ROOT / "proto"
# What the options of the contract are declared in. Without them, nothing needs these files.
DECLARATIONS = re.compile(
    r"(buf/|google/api/(annotations|field_behavior|http)\.proto|iotflow/v1/(options|words)\.proto)"
)
IMPORT = re.compile(r'^import "([^"]+)";\n', re.MULTILINE)
# Comments and strings are skipped: brackets in them mean nothing.
TOKEN = re.compile(r'//[^\n]*|"(?:[^"\\]|\\.)*"|.', re.DOTALL)
OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


def write(folder: Path) -> None:
    """Both sets; what was in the folder before is removed."""
    contract.deps()
    shutil.rmtree(folder, ignore_errors=True)
    for source in (CONTRACT, contract.DEPS):
        shutil.copytree(source, folder / "full", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.binpb"))
    for path in (folder / "full").rglob("*.proto"):
        name = str(path.relative_to(folder / "full"))
        if not DECLARATIONS.match(name):
            contract.copy(path, folder / "plain" / name)
            (folder / "plain" / name).write_text(plain(path.read_text()))
    contract.buf("format", "-w", folder.resolve() / "plain")


def plain(source: str) -> str:
    """The source of a file without options that have a name in parentheses, and without their imports and linter comments."""
    without_imports = IMPORT.sub(lambda found: "" if DECLARATIONS.match(found[1]) else found[0], source)
    text = "".join(_without_options([token[0] for token in TOKEN.finditer(without_imports)]))
    text = re.sub(r"^\s*// buf:lint:ignore .*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"(\) returns \([^)]*\)) \{\s*\}", r"\1;", text)


def _without_options(tokens: list[str]) -> Iterator[str]:
    place = 0
    while place < len(tokens):
        if _is_option(tokens, place):
            place = _end(tokens, place, ";") + 1
        elif tokens[place] == "[":
            end = _end(tokens, place + 1, "]")
            kept = [part for part in _parts(tokens[place + 1 : end]) if not part.startswith("(")]
            yield f"[{', '.join(kept)}]" if kept else ""
            place = end + 1
        else:
            yield tokens[place]
            place += 1


def _is_option(tokens: list[str], place: int) -> bool:
    return tokens[place] == "o" and "".join(tokens[place : place + 8]) == "option ("


def _end(tokens: list[str], place: int, mark: str) -> int:
    """Where the mark stands outside of brackets, from this place on."""
    depth = 0
    while depth or tokens[place] != mark:
        depth += (tokens[place] in OPENING) - (tokens[place] in CLOSING)
        place += 1
    return place


def _parts(tokens: list[str]) -> Iterator[str]:
    """The options of a list, which commas outside of brackets divide."""
    rest = [*tokens, ","]
    while rest:
        end = _end(rest, 0, ",")
        yield "".join(rest[:end]).strip()
        rest = rest[end + 1 :]


if __name__ == "__main__":
    write(Path(sys.argv[1]))

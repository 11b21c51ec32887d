"""One row of the tables: a request and its expected response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.rest.world import World


@dataclass(frozen=True, slots=True)
class Case:
    """answer: the whole JSON, with shapes for unknown values; a function of the world if it has ids."""

    name: str
    method: str
    path: str
    who: str
    status: int
    answer: Any
    body: Any = None
    raw: bytes | None = None
    params: Mapping[str, Any] | list[tuple[str, str]] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[World], object] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.name}"

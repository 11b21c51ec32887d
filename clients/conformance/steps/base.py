"""A step, and the table of all kinds of steps."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from clients.conformance.stage import Stage

# Seconds that a step waits where the scenario states no limit.
PATIENCE = 10.0


class InvalidStep(ValueError):
    """A step that the vocabulary does not have. The message names the step and the field."""


class Step(BaseModel):
    """One act of a scenario. Its fields are those of the YAML."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    verb: ClassVar[str] = ""

    async def run(self, stage: Stage) -> None:
        """Do it. Raises ScenarioFailed where the promise is not kept."""
        raise NotImplementedError


_KINDS: dict[str, type[Step]] = {}
_Kind = TypeVar("_Kind", bound=type[Step])


def step(verb: str) -> Callable[[_Kind], _Kind]:
    """Enter a class into the vocabulary under this word."""

    def enter(kind: _Kind) -> _Kind:
        kind.verb = verb
        _KINDS[verb] = kind
        return kind

    return enter


def vocabulary() -> dict[str, type[Step]]:
    """All kinds of steps, by their words."""
    return dict(_KINDS)


def parse_steps(given: Any) -> tuple[Step, ...]:
    """The steps of a list. Raises InvalidStep."""
    if not isinstance(given, list):
        raise InvalidStep("steps must be a list.")
    return tuple(_parse(number, each) for number, each in enumerate(given, 1))


def _parse(number: int, given: Any) -> Step:
    """A step is a word, or a mapping of one word to its fields."""
    if isinstance(given, Step):
        return given
    verb, fields = (given, {}) if isinstance(given, str) else _single(number, given)
    if verb not in _KINDS:
        raise InvalidStep(f"step {number}: there is no step {verb!r}. There are {', '.join(sorted(_KINDS))}.")
    try:
        return _KINDS[verb].model_validate(fields or {})
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InvalidStep(f"step {number} ({verb}): {details}") from None


def _single(number: int, given: Any) -> tuple[str, Any]:
    if not isinstance(given, dict) or len(given) != 1:
        raise InvalidStep(f"step {number}: a step is a word, or a mapping of one word to its fields.")
    ((verb, fields),) = given.items()
    return str(verb), fields

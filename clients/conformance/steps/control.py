"""Steps that repeat others."""

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny, model_validator

from clients.conformance.stage import Stage
from clients.conformance.steps.base import Step, parse_steps, step


@step("repeat")
class Repeat(Step):
    """Repeats steps a number of times, or once with each value of a list in the variable ${each}."""

    times: int = 0
    over: list[Any] = []
    steps: Annotated[tuple[SerializeAsAny[Step], ...], BeforeValidator(parse_steps)]

    @model_validator(mode="after")
    def _has_one_measure(self) -> "Repeat":
        if bool(self.times) == bool(self.over):
            raise ValueError("give `times` or `over`, and not both")
        return self

    async def run(self, stage: Stage) -> None:
        for each in self.over or range(1, self.times + 1):
            stage.variables["each"] = stage.resolve(each)
            for one in self.steps:
                await one.run(stage)

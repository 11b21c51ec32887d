"""Every row of the REST tables through the real gateway: the status, the exact JSON, and conformance to the reference."""

import pytest

from tests.e2e.rest.case import Case
from tests.e2e.rest.cases import CASES
from tests.e2e.rest.shapes import LEAKS, without_noise
from tests.e2e.rest.world import World
from tests.support.api_reference import answer_problems


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rest(case: Case, world: World) -> None:
    if case.before:
        case.before(world)
    content = {"content": case.raw} if case.raw is not None else {"json": case.body} if case.body is not None else {}
    params = [(k, world.fill(str(v))) for k, v in dict(case.params).items()] if case.params else None
    answer = world.call(case.method, case.path, case.who, params=params, **content)
    expected = case.answer(world) if callable(case.answer) and not isinstance(case.answer, type) else case.answer
    assert answer.headers["content-type"].startswith("application/json"), answer.text
    assert answer.status_code == case.status, answer.text
    assert without_noise(answer.json()) == expected
    assert answer_problems(case.method, case.path.partition("?")[0], case.status, answer.json()) == []
    for name, value in case.headers.items():
        assert answer.headers.get(name) == value, dict(answer.headers)
    if answer.status_code >= 400:
        assert not LEAKS.search(answer.text), answer.text

"""The question to the application for another key or token, after the server has rejected the present one."""

import asyncio

import pytest
from grpc import StatusCode

from iotflow.channels import credentials
from iotflow.connection import Connection, needs_credential
from iotflow.errors import ServerError

PATIENCE = 5.0
WRONG_KEY = ServerError(StatusCode.UNAUTHENTICATED, "wrong", reason="WRONG_KEY")


async def test_concurrent_calls_share_one_question_for_a_key() -> None:
    answers: asyncio.Queue[str] = asyncio.Queue()
    asked: list[ServerError] = []

    async def ask(error: ServerError) -> str:
        asked.append(error)
        return await answers.get()

    async with asyncio.timeout(PATIENCE), Connection("h:1", api_key="old", on_credential_wanted=ask) as connection:
        used = connection.metadata
        assert used == (("x-api-key", "old"),)
        waiting = [asyncio.create_task(connection.renewed(WRONG_KEY, used)) for _ in range(3)]
        answers.put_nowait("new")
        assert await asyncio.gather(*waiting) == [True] * 3
        assert (asked, connection.metadata) == ([WRONG_KEY], (("x-api-key", "new"),))
        # The call failed with the key that is replaced by now.
        assert await connection.renewed(WRONG_KEY, used)
        assert await connection.renewed(WRONG_KEY, credentials("a key before"))
        assert len(asked) == 1


async def test_a_handler_without_another_key_changes_nothing() -> None:
    async def refuse(_error: ServerError) -> None:
        return None

    for handler in (refuse, None):
        async with Connection("h:1", api_key="old", on_credential_wanted=handler) as connection:
            assert await connection.renewed(WRONG_KEY, connection.metadata) is False
            assert connection.metadata == (("x-api-key", "old"),)


async def test_an_exception_of_the_handler_is_logged_and_named_by_the_error_of_the_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_error: ServerError) -> None:
        raise OSError("the vault is closed")

    async with Connection("h:1", api_key="old", on_credential_wanted=fail) as connection:
        asked = [connection.renewed(WRONG_KEY, connection.metadata) for _ in range(2)]
        for error in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(error, ServerError)
            assert (error.code, error.reason) == (StatusCode.UNAUTHENTICATED, "WRONG_KEY")
            assert "the vault is closed" in error.message
        assert connection.metadata == (("x-api-key", "old"),)
    assert caplog.messages == ["handler failed: on_credential_wanted"]


async def test_a_token_is_replaced_by_a_token_and_both_by_a_given_key() -> None:
    async def answer(_error: ServerError) -> str:
        return "new"

    async with Connection("h:1", token="old", on_credential_wanted=answer) as connection:
        assert await connection.renewed(WRONG_KEY, connection.metadata)
        assert connection.metadata == (("authorization", "Bearer new"),)
        connection.use_key("key")
        assert connection.metadata == (("x-api-key", "key"),)


class Handler:
    """Answers questions for a key, in turn, and then with the last answer. asked: how often."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def answer(self, _error: ServerError) -> str:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The longest that each pause may be, in seconds, as the connection makes it; none takes time."""
    found = list[float]()
    pause = asyncio.sleep

    async def record(seconds: float) -> None:
        found.append(seconds)
        await pause(0)

    monkeypatch.setattr("iotflow.channels.random.uniform", lambda _shortest, longest: longest)
    monkeypatch.setattr("iotflow.connection.asyncio.sleep", record)
    return found


@pytest.mark.parametrize("answers", [("old",), ("new",), ("new", "newer", "new", "newer")])
async def test_questions_whose_answers_are_rejected_come_after_pauses(
    answers: tuple[str, ...], pauses: list[float]
) -> None:
    handler = Handler(*answers)
    async with Connection("h:1", api_key="old", on_credential_wanted=handler.answer) as connection:
        assert await connection.renewed(WRONG_KEY, connection.metadata)
        assert (handler.asked, pauses) == (1, [])
        for _ in range(3):
            assert await connection.renewed(WRONG_KEY, connection.metadata)
    assert (handler.asked, pauses) == (4, [0.2, 0.4, 0.8])


async def test_a_pause_between_questions_includes_the_servers_delay(pauses: list[float]) -> None:
    limited = ServerError(StatusCode.UNAUTHENTICATED, "wrong", retry_after=7.0)
    async with Connection("h:1", on_credential_wanted=Handler("new").answer) as connection:
        for _ in range(2):
            assert await connection.renewed(limited, connection.metadata)
    assert pauses == [7.2]


async def test_the_question_after_a_key_that_was_accepted_comes_at_once(pauses: list[float]) -> None:
    handler = Handler("1", "2", "3", "4", "5")
    async with Connection("h:1", api_key="0", on_credential_wanted=handler.answer) as connection:
        for _ in range(2):
            assert await connection.renewed(WRONG_KEY, connection.metadata)
        # A stream with the key before tells nothing about the present one.
        connection.accepted(credentials("1"))
        assert await connection.renewed(WRONG_KEY, connection.metadata)
        assert pauses == [0.2, 0.4]
        connection.accepted(connection.metadata)
        assert await connection.renewed(WRONG_KEY, connection.metadata)
        assert pauses == [0.2, 0.4]
        assert await connection.renewed(WRONG_KEY, connection.metadata)
    assert (handler.asked, pauses) == (5, [0.2, 0.4, 0.2])


async def test_the_question_after_a_key_of_the_application_comes_at_once(pauses: list[float]) -> None:
    handler = Handler("1", "2", "3")
    async with Connection("h:1", api_key="0", on_credential_wanted=handler.answer) as connection:
        for _ in range(2):
            assert await connection.renewed(WRONG_KEY, connection.metadata)
        connection.use_key("rotated")
        assert await connection.renewed(WRONG_KEY, connection.metadata)
    assert (handler.asked, pauses) == (3, [0.2])


async def test_a_key_that_was_rotated_during_the_pause_is_used_without_a_question() -> None:
    handler = Handler("new")
    async with asyncio.timeout(PATIENCE), Connection("h:1", on_credential_wanted=handler.answer) as connection:
        assert await connection.renewed(WRONG_KEY, connection.metadata)
        asking = asyncio.create_task(connection.renewed(WRONG_KEY, connection.metadata))
        await asyncio.sleep(0)
        assert "credential handler" in {task.get_name() for task in asyncio.all_tasks()}
        connection.use_key("rotated")
        assert await asking
        assert (handler.asked, connection.metadata) == (1, credentials("rotated"))


async def test_the_end_of_a_connection_ends_the_question_for_a_key() -> None:
    began = asyncio.Event()

    async def ask(_error: ServerError) -> str:
        began.set()
        await asyncio.Event().wait()
        return ""

    connection = Connection("h:1", on_credential_wanted=ask)
    asking = asyncio.create_task(connection.renewed(WRONG_KEY, connection.metadata))
    async with asyncio.timeout(PATIENCE):
        await began.wait()
        await connection.close()
        await asyncio.wait((asking,))
    assert asking.cancelled()


@pytest.mark.parametrize(
    ("code", "reason", "is_needed"),
    [
        (StatusCode.UNAUTHENTICATED, "WRONG_KEY", True),
        # Such as the page of a captive portal.
        (StatusCode.UNAUTHENTICATED, "", False),
        (StatusCode.PERMISSION_DENIED, "", False),
        (StatusCode.PERMISSION_DENIED, "KEY_REPLACED", True),
        (StatusCode.PERMISSION_DENIED, "NOT_YOUR_DEVICE", False),
        (StatusCode.UNAVAILABLE, "KEY_REPLACED", False),
    ],
)
def test_another_key_may_help_against_an_invalid_one(code: StatusCode, reason: str, is_needed: bool) -> None:
    assert needs_credential(ServerError(code, "", reason=reason)) is is_needed

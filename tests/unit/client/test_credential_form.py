"""Keys and tokens of another form are an error of the program, which no error shows."""

from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from iotflow.connection import Connection
from iotflow.errors import ServerError
from iotflow.sync import Client
from iotflow.writer import TelemetryWriter

OTHER_FORMS = [
    "secret\n",
    "secret\r\n",
    " secret",
    "se cret",
    "secret\t",
    "secr\x00et",
    "secret\x7f",
    "schlüssel",
    "secret\u2028",
]
WRONG_KEY = ServerError(StatusCode.UNAUTHENTICATED, "wrong", reason="WRONG_KEY")


def is_about(error: ServerError, field: str) -> bool:
    return (error.code, error.field, error.retryable) == (StatusCode.INVALID_ARGUMENT, field, False)


@pytest.mark.parametrize("user", [Connection, Client, TelemetryWriter])
@pytest.mark.parametrize(("field", "longest"), [("api_key", 128), ("token", 4_096)])
def test_a_credential_is_checked_when_it_is_given(user: type, field: str, longest: int) -> None:
    for form in [*OTHER_FORMS, "x" * (longest + 1)]:
        with pytest.raises(ServerError, match=field) as raised:
            user("127.0.0.1:1", **{field: form})
        assert is_about(raised.value, field)
        assert "secr" not in str(raised.value)
        assert "xxx" not in str(raised.value)


@pytest.mark.parametrize(("field", "prefix", "longest"), [("api_key", "", 128), ("token", "Bearer ", 4_096)])
async def test_every_printable_character_may_be_in_a_credential(field: str, prefix: str, longest: int) -> None:
    printable = "".join(map(chr, range(0x21, 0x7F)))
    for form in (printable, "x" * longest, "!"):
        options: Any = {field: form}
        async with Connection("127.0.0.1:1", **options) as connection:
            assert [value for _, value in connection.metadata] == [prefix + form]


@pytest.mark.parametrize("form", [*OTHER_FORMS, ""])
async def test_a_key_that_the_program_sets_is_checked(form: str) -> None:
    async with Connection("127.0.0.1:1", api_key="old") as connection:
        with pytest.raises(ServerError) as raised:
            connection.use_key(form)
        assert is_about(raised.value, "api_key")
        assert connection.metadata == (("x-api-key", "old"),)


@pytest.mark.parametrize(("field", "header"), [("api_key", "x-api-key"), ("token", "authorization")])
@pytest.mark.parametrize("form", OTHER_FORMS)
async def test_an_answer_of_the_handler_is_checked_and_not_tried(field: str, header: str, form: str) -> None:
    async def answer(_error: ServerError) -> str:
        return form

    options: Any = {field: "old"}
    async with Connection("127.0.0.1:1", on_credential_wanted=answer, **options) as connection:
        with pytest.raises(ServerError) as raised:
            await connection.renewed(WRONG_KEY, connection.metadata)
        assert is_about(raised.value, field)
        assert dict(connection.metadata)[header].endswith("old")


def test_a_key_that_was_read_with_its_newline_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    with pytest.raises(ServerError, match="Leave out the newline"):
        Client("127.0.0.1:1", api_key=(tmp_path / "key").read_text())

"""Answers of HTTP, however their bytes are divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow_simulators.doors.http_answers import Answer, AnswerReader, MalformedAnswer

SIZED = b'HTTP/1.1 201 Created\r\nContent-Length: 7\r\nX-A: 1\r\n\r\n{"a":1}'
CHUNKED = (
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n'
)
EMPTY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\n\r\n"


@pytest.mark.parametrize(
    ("content", "status", "body", "closes"),
    [(SIZED, 201, b'{"a":1}', False), (CHUNKED, 200, b'{"a":1}', True), (EMPTY, 503, b"", False)],
)
@given(sizes=st.lists(st.integers(1, 20), max_size=20))
def test_an_answer_is_complete_with_its_last_byte(
    content: bytes, status: int, body: bytes, closes: bool, sizes: list[int]
) -> None:
    reader = AnswerReader()
    # The last byte of an answer without a body is that of its head.
    last, content = content[-1:], content[:-1]
    for size in sizes:
        assert reader.feed(content[:size]) is None
        content = content[size:]
    assert reader.feed(content) is None
    answer = reader.feed(last)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.closes) == (status, body, closes)
    # The connection is used again.
    again = reader.feed(SIZED)
    assert again is not None
    assert again.status == 201


@pytest.mark.parametrize(
    "content", [b"SSH-2.0\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", CHUNKED.replace(b"3\r\n", b"x\r\n", 1)]
)
def test_other_bytes_are_rejected(content: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        AnswerReader().feed(content)

"""The reference client's own reader of HTTP/1.1 answers, under every cut."""

from __future__ import annotations

import pytest

from streamproof.subjects.reference.framing import AnswerReader, FramingError

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

WHOLE = {
    "chunks": (CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde", True),
    "chunks with extensions and trailers": (CHUNKED + b"03;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n", b"abc", True),
    "upper and lower case sizes": (
        CHUNKED + b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
        b"0123456789" * 2,
        True,
    ),
    "a body that looks like the end": (CHUNKED + b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n", True),
    "a length": (OK + b"Content-Length: 5\r\n\r\nabcde", b"abcde", True),
    "the same length twice": (OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", b"abcde", True),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "no content": (b"HTTP/1.1 204 \r\n\r\n", b"", True),
    "no phrase": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na", b"a", True),
    "an interim answer first": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na", b"a", True),
    "asked to close": (OK + b"Connection: Close\r\nContent-Length: 1\r\n\r\na", b"a", False),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a", False),
    "bytes after the end": (OK + b"Content-Length: 1\r\n\r\nab", b"a", False),
}

BROKEN = {
    "the end in a chunk": (CHUNKED + b"5\r\nabc", b"abc", True),
    "the end after a chunk": (CHUNKED + b"3\r\nabc\r\n", b"abc", True),
    "the end in a chunk's head": (CHUNKED + b"3\r\nabc\r\n1", b"abc", True),
    "the end before the trailer's end": (CHUNKED + b"3\r\nabc\r\n0\r\n", b"abc", True),
    "the end before the length": (OK + b"Content-Length: 5\r\n\r\nabc", b"abc", True),
    "the end in the head": (OK + b"Content-Le", b"", True),
    "no head": (b"", b"", True),
    "no size": (CHUNKED + b"3\r\nabc\r\nzz\r\n", b"abc", False),
    "a size with a sign": (CHUNKED + b"+3\r\nabc\r\n", b"", False),
    "a chunk longer than its size": (CHUNKED + b"3\r\nabcd\r\n", b"abc", False),
    "no status": (b"HTTP/1.1 two-hundred OK\r\n\r\n", b"", False),
    "another protocol": (b"SSH-2.0-x\r\n\r\n", b"", False),
    "a header without colon": (OK + b"nonsense\r\n\r\n", b"", False),
    "lengths that differ": (OK + b"Content-Length: 5, 6\r\n\r\n", b"", False),
    "a length that is none": (OK + b"Content-Length: -5\r\n\r\n", b"", False),
    "another coding": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", b"", False),
    "a head without end": (OK + b"X: " + b"x" * 70_000, b"", False),
}


def splits(data: bytes) -> list[list[bytes]]:
    if len(data) > 1000:
        return [[data], [data[i : i + 1000] for i in range(0, len(data), 1000)]]
    halves = [[data[:i], data[i:]] for i in range(1, len(data))]
    return [[data], [data[i : i + 1] for i in range(len(data))], *halves]


def read(pieces: list[bytes], reader: AnswerReader) -> bytes:
    return b"".join(part for piece in pieces if piece for part in reader.receive(piece))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer(name: str) -> None:
    data, body, reusable = WHOLE[name]
    for pieces in splits(data):
        reader = AnswerReader()
        assert read(pieces, reader) == body, pieces
        assert reader.ended
        assert reader.reusable == reusable


def test_a_body_that_ends_by_closing() -> None:
    reader = AnswerReader()
    assert read([OK + b"\r\nabc", b"de"], reader) == b"abcde"
    assert not reader.ended
    assert list(reader.receive(b"")) == []
    assert reader.ended
    assert not reader.reusable


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_an_error_after_what_came_before(name: str) -> None:
    data, body, at_the_end = BROKEN[name]
    for pieces in splits(data):
        reader = AnswerReader()
        got = bytearray()
        fed = [*pieces, b""] if at_the_end else pieces

        def feed(fed: list[bytes] = fed, reader: AnswerReader = reader, got: bytearray = got) -> None:
            for number, piece in enumerate(fed):
                if piece or number == len(fed) - 1:
                    for part in reader.receive(piece):
                        got.extend(part)

        with pytest.raises(FramingError):
            feed()
        assert got == body, pieces


def test_headers_are_read_without_regard_to_case() -> None:
    reader = AnswerReader()
    read([OK + b"content-TYPE:\ttext/event-stream \r\nX-A: 1\r\nx-a: 2\r\n\r\n"], reader)
    assert reader.head is not None
    assert reader.head.header("content-type") == "text/event-stream"
    assert reader.head.header("x-a") == "1, 2"
    assert reader.head.header("x-b") is None

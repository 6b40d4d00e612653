from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamproof_formats import content_coding
from streamproof_formats.http import Chunk, ResponseReader, read_response

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CLOSE = HEAD + b"\r\n"


# Flushed text, then a block of a type that deflate does not have.
_PACKER = zlib.compressobj(wbits=31)
FAULTY = _PACKER.compress(b"data: a\n\n" * 9) + _PACKER.flush(zlib.Z_SYNC_FLUSH) + b"\x07" * 9


def length(number: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % number


def encoded(coding: bytes, body: bytes) -> bytes:
    return HEAD + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (coding, len(body)) + body


def read(pieces: list[bytes], socket_end: str) -> tuple:
    reader = ResponseReader()
    body = b"".join(reader.receive_data(piece) for piece in pieces)
    reader.close(socket_end)
    return body, reader.end, reader.framing, reader.head, tuple(reader.chunks), reader.trailers


# Case, raw bytes, how the socket ended; body, end, whole, excess, a part of the problem.
ANSWERS = [
    ("chunks and the zero chunk",
        CHUNKED + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "eof", b"hello!", "clean", True, 0, None),
    ("a reset behind the zero chunk", CHUNKED + b"1\r\n!\r\n0\r\n\r\n", "reset", b"!", "clean", True, 0, None),
    ("extensions and upper case",
        CHUNKED + b"A ;a=b\r\n0123456789\r\n000\r\n\r\n", "eof", b"0123456789", "clean", True, 0, None),
    ("trailers", CHUNKED + b"1\r\n!\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n", "eof", b"!", "clean", True, 0, None),
    ("a body that looks like an end",
        CHUNKED + b"7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", "eof", b"0\r\n\r\n\r\n", "clean", True, 0, None),
    ("no zero chunk, FIN", CHUNKED + b"5\r\nhello\r\n", "eof", b"hello", "fin", False, 0, None),
    ("no zero chunk, RST", CHUNKED + b"5\r\nhello\r\n", "reset", b"hello", "reset", False, 0, None),
    ("no zero chunk, silence", CHUNKED + b"5\r\nhello\r\n", "timeout", b"hello", "timeout", False, 0, None),
    ("cut inside a chunk", CHUNKED + b"5\r\nhel", "eof", b"hel", "fin", False, 0, None),
    ("cut inside a size", CHUNKED + b"1\r\n!\r\n1", "eof", b"!", "fin", False, 0, None),
    ("cut behind the zero chunk's line", CHUNKED + b"1\r\n!\r\n0\r\n", "eof", b"!", "fin", True, 0, None),
    ("a size that is no number",
        CHUNKED + b"1\r\n!\r\nzz\r\n",
        "eof", b"!", "bad-framing", False, 0, "a chunk size in hexadecimal and CRLF, found 'z'"),
    ("a negative size", CHUNKED + b"-1\r\n", "eof", b"", "bad-framing", False, 0, "found '-'"),
    ("an empty size", CHUNKED + b"\r\n", "eof", b"", "bad-framing", False, 0, "a chunk size"),
    ("a size of many digits", CHUNKED + b"1" * 17 + b"\r\n", "eof", b"", "bad-framing", False, 0, "a chunk size"),
    ("a huge chunk", CHUNKED + b"ffffffffffffffff\r\nhello", "eof", b"hello", "fin", False, 0, None),
    ("a size that ends in LF", CHUNKED + b"1\n!\r\n", "eof", b"", "bad-framing", False, 0, r"found '\n'"),
    ("an extension without end",
        CHUNKED + b"1;" + b"x" * 20000 + b"\r\n!", "eof", b"", "bad-framing", False, 0, "within 16384 bytes"),
    ("a chunk longer than its size",
        CHUNKED + b"3\r\nhello\r\n", "eof", b"hel", "bad-framing", False, 0, "CRLF behind the data of a chunk"),
    ("a trailer that is none",
        CHUNKED + b"0\r\nfoo\r\n\r\n", "eof", b"", "bad-framing", True, 0, "a header field, found 'foo'"),
    ("bytes behind the zero chunk",
        CHUNKED + b"0\r\n\r\nHTTP/1.1", "eof", b"", "clean", True, 8, "nothing behind the body"),
    ("the length", length(5) + b"hello", "timeout", b"hello", "clean", True, 0, None),
    ("a length of none", length(0), "timeout", b"", "clean", True, 0, None),
    ("a length that is too long", length(500) + b"hello", "eof", b"hello", "fin", False, 0, None),
    ("a length that is too short",
        length(3) + b"hello", "eof", b"hel", "clean", True, 2, "nothing behind the body of 3 bytes"),
    ("the same length twice",
        HEAD + b"Content-Length: 1, 1\r\nContent-Length: 1\r\n\r\n!", "eof", b"!", "clean", True, 0, None),
    ("two lengths",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n!",
        "eof", b"", "bad-framing", False, 0, "one Content-Length in digits, found 1, 2"),
    ("a length that is no number",
        HEAD + b"Content-Length: +5\r\n\r\nhello", "eof", b"", "bad-framing", False, 0, "found +5"),
    ("a length of many digits",
        HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx", "eof", b"", "bad-framing", False, 0, "in digits"),
    ("both framings",
        HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n!\r\n0\r\n\r\n",
        "eof", b"!", "clean", True, 0, None),
    ("closing", CLOSE + b"hello", "eof", b"hello", "clean", True, 0, None),
    ("closing by RST", CLOSE + b"hello", "reset", b"hello", "reset", False, 0, None),
    ("no closing", CLOSE + b"hello", "timeout", b"hello", "timeout", False, 0, None),
    ("closing at once", CLOSE, "eof", b"", "clean", True, 0, None),
    ("another coding than chunked",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\nhello", "eof", b"hello", "clean", True, 0, None),
    ("interim answers",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + length(1) + b"!",
        "eof", b"!", "clean", True, 0, None),
    ("lines in LF", b"HTTP/1.1 200 OK\nContent-Length: 1\n\n!", "eof", b"!", "clean", True, 0, None),
    ("no reason", b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n!", "eof", b"!", "clean", True, 0, None),
    ("no body at all",
        b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "timeout", b"", "clean", True, 0, None),
    ("gzip", encoded(b"gzip", gzip.compress(b"hello")), "eof", b"hello", "clean", True, 0, None),
    ("two members of gzip",
        encoded(b"x-gzip", gzip.compress(b"he") + gzip.compress(b"llo")), "eof", b"hello", "clean", True, 0, None),
    ("br", encoded(b"BR", brotli.compress(b"hello")), "eof", b"hello", "clean", True, 0, None),
    ("gzip named, none there",
        encoded(b"gzip", b"data: x\n\n"), "eof", b"", "bad-framing", True, 0, "expected gzip as Content-Encoding says"),
    ("br named, none there",
        encoded(b"br", b"\xff" * 20), "eof", b"", "bad-framing", True, 0, "expected br as Content-Encoding says"),
    ("an unknown encoding",
        encoded(b"zstd", b"x"), "eof", b"", "bad-framing", True, 0, "gzip, br or identity, found zstd"),
    ("gzip that breaks off",
        encoded(b"gzip", gzip.compress(b"hello")[:-4]),
        "eof", b"hello", "bad-framing", True, 0, "the end of the gzip data"),
    ("a fault in gzip", encoded(b"gzip", FAULTY), "eof", None, "bad-framing", True, 0, "expected gzip"),
    ("br that breaks off",
        encoded(b"br", brotli.compress(b"hello")[:-1]),
        "eof", None, "bad-framing", True, 0, "the end of the brotli data"),
    ("bytes behind br",
        encoded(b"br", brotli.compress(b"hello") + b"x"),
        "eof", b"hello", "bad-framing", True, 0, "nothing behind the brotli data"),
    ("encoded and empty", encoded(b"gzip", b""), "eof", b"", "clean", True, 0, None),
]  # fmt: skip


@pytest.mark.parametrize(("case", "raw", "socket_end", "body", "end", "whole", "excess", "problem"), ANSWERS)
def test_answers_are_read_as_framed_under_every_split(case, raw, socket_end, body, end, whole, excess, problem):
    expected = read([raw], socket_end)
    found, framing = expected[0], expected[2]
    assert body is None or found == body
    assert (expected[1], framing.is_whole, framing.excess) == (end, whole, excess)
    assert (problem is None) == (framing.problem is None)
    assert framing.problem is None or (problem in framing.problem and "\n" not in framing.problem)
    places = range(1, len(raw), 1 if len(raw) < 400 else 997)
    assert read([raw[at : at + 1] for at in range(len(raw))] if len(raw) < 1000 else [raw], socket_end) == expected
    for place in places:
        assert read([raw[:place], raw[place:]], socket_end) == expected, place


HEADS = [
    ("nothing", b"", "eof", "fin", "the end of the input"),
    ("half a head", HEAD, "reset", "reset", "the end of the input"),
    ("silence", HEAD, "timeout", "timeout", "the end of the input"),
    ("no HTTP", b"data: {}\r\n\r\n", "eof", "bad-framing", "a status line such as HTTP/1.1 200 OK, found 'data: {}'"),
    ("HTTP/2 in words", b"HTTP/2 200\r\n\r\n", "eof", "bad-framing", "a status line"),
    ("a bad status", b"HTTP/1.1 2xx OK\r\n\r\n", "eof", "bad-framing", "a status line"),
    ("a line that is no field", b"HTTP/1.1 200 OK\r\nfoo\r\n\r\n", "eof", "bad-framing", "a header field, found 'foo'"),
    ("control bytes", b"HTTP/1.1 200 OK\r\n\x00\x1b[31m: 1\r\n\r\n", "eof", "bad-framing", r"found '\x00\x1b[31m: 1'"),
    ("a head without end", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 60000, "eof", "bad-framing", "at most 262144 bytes"),
]


@pytest.mark.parametrize(("case", "raw", "socket_end", "end", "problem"), HEADS)
def test_an_answer_without_a_good_head_has_none(case, raw, socket_end, end, problem):
    for pieces in ([raw], [raw[at : at + 1000] for at in range(0, len(raw), 1000)], [raw[:5], raw[5:]]):
        body, found, framing, head, _, _ = read(pieces, socket_end)
        assert (body, found, head) == (b"", end, None)
        assert problem in framing.problem


def test_the_head_keeps_order_and_repeats_and_lowers_names():
    raw = b"HTTP/1.0 503 Slow down\r\nSet-Cookie: a=1\r\nset-cookie:b=2 \r\nX-Long: one\r\n  two\r\nX-Name:\xe9\r\n\r\n"
    head = read_response(raw, request_http="1.0").head
    assert head is not None
    assert (head.status, head.http, head.request_http, head.framing) == (503, "1.0", "1.0", "close")
    assert head.headers == (("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-long", "one two"), ("x-name", "é"))


def test_chunks_are_told_with_their_places():
    response = read_response(CHUNKED + b"5\r\nhello\r\n1;x\r\n!\r\n0\r\n\r\n")
    start = len(CHUNKED)
    assert response.chunks == (Chunk(0, 5, start + 3), Chunk(5, 1, start + 15), Chunk(6, 0, start + 21))


def test_the_places_of_very_many_chunks_are_not_all_kept():
    response = read_response(CHUNKED + b"1\r\n!\r\n" * 70000 + b"0\r\n\r\n")
    assert (len(response.body), response.end, len(response.chunks)) == (70000, "clean", 65536)


def bomb(coding: str) -> bytes:
    plain = b"\0" * (1 << 24)
    return gzip.compress(plain) if coding == "gzip" else brotli.compress(plain, quality=1)


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_bomb_ends_in_a_problem_within_the_limit(coding):
    reader = ResponseReader(max_decoded=1 << 20)
    body = reader.receive_data(encoded(coding.encode(), bomb(coding)))
    reader.close("eof")
    assert len(body) == 1 << 20
    assert (reader.end, reader.framing.is_whole) == ("bad-framing", True)
    assert reader.problem == "expected a body of at most 1048576 bytes once decoded, found more"


def test_without_brotli_the_problem_says_what_to_install(monkeypatch):
    monkeypatch.setattr(content_coding, "brotli", None)
    response = read_response(encoded(b"br", brotli.compress(b"hello")))
    assert (response.body, response.end) == (b"", "bad-framing")
    assert "install brotli 1.2 or newer" in str(response.framing.problem)


def test_what_a_flushed_encoding_holds_comes_out_at_once():
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: a\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    rest = packer.compress(b"data: b\n\n") + packer.flush()
    reader = ResponseReader()
    reader.receive_data(HEAD + b"Content-Encoding: gzip\r\n\r\n")
    assert reader.receive_data(first) == b"data: a\n\n"
    assert reader.receive_data(rest) == b"data: b\n\n"
    reader.close("eof")
    assert reader.end == "clean"


@given(st.binary(max_size=60), st.sampled_from([b"", HEAD, CHUNKED, CLOSE, length(9)]), st.integers(0, 300))
def test_no_bytes_raise_and_no_split_matters(rest, head, place):
    raw = head + rest
    for socket_end in ("eof", "reset", "timeout"):
        expected = read([raw], socket_end)
        assert expected[1] is not None
        assert read([raw[:place], raw[place:]], socket_end) == expected

"""Streams of the base layer, server-sent events and HTTP: those that break one of its rules and those that keep it.

They are streams of openai-chat; what rules of that dialect they break besides, its own table tells.  The rules on JSON
lines stand in the table of ollama-chat, their one dialect.
"""

from __future__ import annotations

import json
from typing import Any

import attrs

from streamproof_formats.response import BodyFraming, ResponseHead
from streamproof_formats.sse import encode

from .streams import DONE, finish, role, text
from .table import Row

DIALECT = "openai-chat"

CONTENT_TYPE = ("content-type", "text/event-stream")
JSON_TYPE = ("content-type", "application/json")
NO_CACHE = ("cache-control", "no-cache")


def head(*headers: tuple[str, str], **fields: Any) -> ResponseHead:
    return ResponseHead(status=fields.pop("status", 200), headers=headers, **fields)


def sized(size: int, **fields: Any) -> ResponseHead:
    """The head of a stream that announces its length."""
    return head(CONTENT_TYPE, NO_CACHE, ("content-length", str(size)), framing="length", **fields)


def written(data: Any, **options: Any) -> bytes:
    """One event, its JSON as it stands: characters are not escaped."""
    return encode(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), **options)


def row(broken: str, name: str, stream: bytes, **options: Any) -> Row:
    return broken.split(), name, stream, options


GOOD_HEAD = head(CONTENT_TYPE, NO_CACHE, ("transfer-encoding", "chunked"))
ERROR = b'{"error": {"message": "slow down", "type": "rate_limit_error", "param": null, "code": null}}'
ROLE, HI, FINISH, END = (written(item) for item in (role(), text("Hi"), finish(), DONE))
GOOD = ROLE + HI + FINISH + END
SIZE = len(GOOD)
PRETTY = json.dumps(text("Hi"), indent=1)


def around(event: bytes) -> bytes:
    """A stream with this in the place of its text."""
    return ROLE + event + FINISH + END


BREAKING: list[Row] = [
    row("SSE-02b", "a byte that is not UTF-8", around(HI.replace(b"Hi", b"H\xff"))),
    row("SSE-02b", "such a byte in a comment", GOOD + b": \xff\n\n"),
    row("SSE-04", "a byte order mark", b"\xef\xbb\xbf" + GOOD),
    row("SSE-06", "CRLF", GOOD.replace(b"\n", b"\r\n")),
    row("SSE-06", "lone CR", GOOD.replace(b"\n", b"\r")),
    row("SSE-06", "CRLF behind a comment", ROLE + HI + FINISH + b": c\r\n\n" + END),
    row("SSE-08", "a line separator", around(written(text("a\u2028b")))),
    row("SSE-08", "a next line", around(written(text("a\x85b")))),
    row("SSE-13", "no space behind the colon", around(written(text("Hi"), space=False))),
    row("SSE-26", "no blank line at the end", ROLE + HI + FINISH + b"data: [DONE]\n"),
    row("SSE-26", "no line end at the end", ROLE + HI + FINISH + b"data: [DONE]"),
    row("SSE-26", "the beginning of a block", GOOD + b"event: x"),
    row("SSE-26", "no blank line between two events", ROLE + HI[:-1] + FINISH + END),
    row("SSE-26", "no blank lines at all", GOOD.replace(b"\n\n", b"\n") + b"\n"),
    row("SSE-27", "an id where Open Responses is claimed", around(b"id: 1\n" + HI), profile="open-responses"),
    row("SSE-27b", "an id", around(written(text("Hi"), id="1"))),
    row("SSE-27b", "an id alone", around(b"id\n\n" + HI)),
    row("SSE-28", "a name without data", around(b"event: ping\n\n" + HI)),
    row("SSE-28", "a retry field alone", around(b"retry: 3000\n\n" + HI)),
    row("SSE-30", "JSON on several lines", around(encode(PRETTY))),
    row("SSE-40", "an answer of JSON", b"{}", head=head(JSON_TYPE, NO_CACHE)),
    row("SSE-40", "another status", GOOD, head=head(CONTENT_TYPE, NO_CACHE, status=201)),
    row("SSE-40", "no content type", GOOD, head=head(NO_CACHE)),
    row("SSE-41b", "another charset", GOOD, head=head(("content-type", f"{CONTENT_TYPE[1]}; charset=iso-8859-1"), NO_CACHE)),
    row("SSE-42", "no Cache-Control", GOOD, head=head(CONTENT_TYPE)),
    row("SSE-42", "one that lets caches keep it", GOOD, head=head(CONTENT_TYPE, ("cache-control", "private, max-age=60"))),
    row("SSE-43", "a length", GOOD, head=sized(SIZE)),
    row("SSE-43", "a length that silence did not reach", ROLE + HI + FINISH, head=sized(SIZE), end="timeout"),
    row("SSE-43 SSE-43b", "two lengths", GOOD, head=head(CONTENT_TYPE, NO_CACHE, ("content-length", "1, 2"), framing="length")),
    row("SSE-43 SSE-43b", "more than the length", GOOD + b"data: x\n\n", head=sized(SIZE)),
    row("SSE-43 SSE-43b", "bytes behind the length", GOOD, head=sized(SIZE), framing=BodyFraming(size=SIZE, is_whole=True, excess=3)),
    row("SSE-43 SSE-43b SSE-48", "less than the length, FIN", ROLE + HI + FINISH, head=sized(SIZE), end="fin"),
    row("SSE-43 SSE-43b SSE-48", "less than the length", ROLE + HI + FINISH, head=sized(SIZE)),
    row("SSE-43 SSE-48", "less than the length, RST", ROLE + HI + FINISH, head=sized(SIZE), end="reset"),
    row("SSE-43 SSE-44", "length and coding", GOOD, head=attrs.evolve(GOOD_HEAD, headers=(*GOOD_HEAD.headers, ("content-length", "9")))),
    row("SSE-44", "a Connection header in HTTP/2", GOOD, head=head(CONTENT_TYPE, NO_CACHE, ("connection", "close"), http="2", framing="h2")),
    row("SSE-47", "a page in place of an error", b"<html>", head=head(("content-type", "text/html"), status=502)),
    row("SSE-47", "an error that is no JSON", b"no JSON", head=head(JSON_TYPE, status=429)),
    row("SSE-47", "an error of nothing", b"", head=head(JSON_TYPE, status=500)),
    row("SSE-48", "no zero chunk, FIN", GOOD, head=GOOD_HEAD, end="fin"),
    row("SSE-48", "no zero chunk, RST", GOOD, head=GOOD_HEAD, end="reset"),
    row("SSE-48", "chunks that are none", GOOD, head=GOOD_HEAD, end="bad-framing"),
    row("SSE-50", "chunks for HTTP/1.0", GOOD, head=attrs.evolve(GOOD_HEAD, request_http="1.0")),
]  # fmt: skip
"""Each with all the rules of the base layer that it breaks, each once."""

CLOSED = head(CONTENT_TYPE, NO_CACHE, framing="close")
KEEPING: list[Row] = [
    row("SSE-02b", "text in several scripts", GOOD.replace(b"Hi", "你好 😀".encode())),
    row("SSE-02b", "a comment that the end cuts inside a character", GOOD + b": \xe2\x80"),
    row("SSE-04 SSE-06 SSE-13 SSE-26 SSE-27b SSE-28 SSE-30 SSE-40 SSE-42 SSE-43 SSE-44 SSE-48 SSE-50", "an answer", GOOD, head=GOOD_HEAD),
    row("SSE-08", "a line separator, escaped", around(encode(json.dumps(text("a\u2028b"))))),
    row("SSE-26", "a comment that nothing closes", GOOD + b": ping"),
    row("SSE-26", "a beginning, and silence", ROLE + HI + b"data: {", end="timeout"),
    row("SSE-27", "no ids where Open Responses is claimed", GOOD, profile="open-responses"),
    row("SSE-28", "an unknown field alone", GOOD + b"foo: bar\n\n"),
    row("SSE-29", "comments between events", ROLE + b": ping\n\n" + HI + b":\n\n" + FINISH + END),
    row("SSE-40", "an answer of JSON that was asked for", b"{}", head=head(JSON_TYPE), request={"stream": False}),
    row("SSE-40", "an error", b"{}", head=head(JSON_TYPE, status=400)),
    row("SSE-41 SSE-41b", "the charset, spelled otherwise", GOOD, head=head(("content-type", 'Text/Event-Stream; a=b;Charset="UTF-8"'), NO_CACHE)),
    row("SSE-42", "no-store among others", GOOD, head=head(CONTENT_TYPE, ("cache-control", "private, No-Store"))),
    row("SSE-43b", "an answer of its length", ERROR, head=head(JSON_TYPE, ("content-length", str(len(ERROR))), status=429, framing="length")),
    row("SSE-47", "an error as JSON", ERROR, head=head(("content-type", "application/json; charset=utf-8"), status=429)),
    row("SSE-47", "an error as a kind of JSON", b'{"n": ' + b"9" * 5000 + b"}", head=head(("content-type", "application/p+json"), status=429)),
    row("SSE-47", "an error that was cut", b'{"err', head=head(JSON_TYPE, status=429, framing="close"), end="reset"),
    row("SSE-48", "closing is the end", GOOD, head=CLOSED),
    row("SSE-48", "a reset where closing is the end", GOOD, head=CLOSED, end="reset"),
    row("SSE-48", "a fault behind a whole body", GOOD, head=GOOD_HEAD, end="bad-framing", framing=BodyFraming(size=9, is_whole=True)),
    row("SSE-48", "silence behind the events", GOOD, head=GOOD_HEAD, end="timeout"),
    row("SSE-50", "closing, for HTTP/1.0", GOOD, head=head(CONTENT_TYPE, NO_CACHE, framing="close", http="1.0", request_http="1.0")),
]  # fmt: skip
"""None breaks a rule of the base layer; each with the rules that it keeps where it might have broken them."""

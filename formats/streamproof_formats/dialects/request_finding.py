"""What a request body breaks of its dialect's documented schema: the place, what is wrong there, and who says so."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from typing import Any, Final

import attrs

from streamproof_formats.dialects.schema_book import document, validate_request
from streamproof_formats.rule import Source

LONGEST_REMEMBERED: Final = 8192
"""Bytes of a body whose findings are remembered: a client under test sends the same few over and over."""

_KEY: Final = re.compile(r"\$\.(\w+)")
_LINE: Final = re.compile(r"(?P<path>\$(?:\.\w+|\[\d+\]|\['(?:[^'\\]|\\.)*'\])*): (?P<message>.*)", re.DOTALL)


@attrs.frozen(kw_only=True)
class RequestFinding:
    """One fault of a request body."""

    path: str
    """JSON path (RFC 9535): `$.messages[0].role`."""
    message: str
    """`expected array, found string "Hi"`."""
    source: Source
    """The document that describes the body, and in `section` its object and the key of it that is at fault."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def judge_request(dialect: str, data: bytes) -> tuple[RequestFinding, ...]:
    """All faults of a body as it was sent, none where it is well.  Raises KeyError for an unknown dialect."""
    return _remembered(dialect, data) if len(data) <= LONGEST_REMEMBERED else _judged(dialect, data)


@lru_cache(maxsize=256)
def _remembered(dialect: str, data: bytes) -> tuple[RequestFinding, ...]:
    return _judged(dialect, data)


def _judged(dialect: str, data: bytes) -> tuple[RequestFinding, ...]:
    try:
        body: Any = json.loads(data)
    except (ValueError, RecursionError):
        return (_finding(dialect, "$: expected JSON, found something else"),)
    return tuple(_finding(dialect, line) for line in validate_request(dialect, body))


def _finding(dialect: str, line: str) -> RequestFinding:
    parts = _LINE.fullmatch(line)
    path, message = (parts["path"], parts["message"]) if parts else ("$", line)
    source = request_source(dialect)
    key = _KEY.match(path)
    if key is not None:
        source = attrs.evolve(source, section=f"{source.section}, {key[1]}")
    return RequestFinding(path=path, message=message, source=source)


@cache
def request_source(dialect: str) -> Source:
    """The document that the request schema of a dialect is taken from.  Raises KeyError for an unknown dialect."""
    return Source(**document(dialect, "request")["x-source"])

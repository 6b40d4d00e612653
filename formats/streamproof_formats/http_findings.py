"""What the head of an answer, and the end of its body, break of the rules on HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamproof_formats.payload import is_json
from streamproof_formats.response import BodyFraming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamproof_formats.framing_findings import Breach
    from streamproof_formats.response import BodyEnd, ResponseHead

EVENT_STREAM: Final = "text/event-stream"
JSON: Final = "application/json"
JSON_LINES: Final = "application/x-ndjson"

_LONGEST_LENGTH: Final = 18  # digits
_UNKEPT: Final = frozenset({"no-cache", "no-store", "no-transform"})


def media_type(head: ResponseHead) -> str | None:
    """The media type of the body, in lower case and without parameters; None where the head has none."""
    value = head.header("content-type")
    return None if value is None else value.partition(";")[0].strip().lower()


def is_stream(head: ResponseHead, content_type: str) -> bool:
    """Whether the body is to be read as a stream: a status of success, and no other content type."""
    return 200 <= head.status < 300 and media_type(head) in (content_type, None)


def announced_size(head: ResponseHead) -> int | None:
    """The Content-Length that frames the body, where one does."""
    lengths = _lengths(head)
    if head.framing not in ("length", "h2") or len(lengths) != 1 or not _is_length(lengths[0]):
        return None
    return int(lengths[0])


def _lengths(head: ResponseHead) -> list[str]:
    """What the Content-Length headers say, each value once."""
    values = (part.strip() for name, value in head.headers if name == "content-length" for part in value.split(","))
    return list(dict.fromkeys(values))


def _is_length(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _LONGEST_LENGTH


def of_head(head: ResponseHead, content_type: str, *, asks_for_stream: bool) -> Iterator[Breach]:
    """What the head breaks by itself; `asks_for_stream` tells whether the request wanted a stream."""
    if asks_for_stream and 200 <= head.status < 300:
        yield from of_success(head, content_type)
    # The rules on the headers of a stream are those of server-sent events; Ollama sends none of these headers.
    if content_type == EVENT_STREAM and is_stream(head, content_type):
        yield from _of_stream(head)
    lengths = _lengths(head)
    if len(lengths) > 1 or not all(map(_is_length, lengths)):
        yield _breach("SSE-43b", f"expected one Content-Length in digits, found {', '.join(lengths)[:60]}")
    has_length, has_coding = bool(lengths), head.header("transfer-encoding") is not None
    # "A sender MUST NOT send a Content-Length header field in any message that contains a Transfer-Encoding header
    # field." -- RFC 9112, section 6.2
    if has_length and has_coding and head.http != "2":
        yield _breach("SSE-44", "expected Content-Length or Transfer-Encoding, found both")
    # "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields."
    # -- RFC 9113, section 8.2.2
    for name in ("transfer-encoding", "connection"):
        if head.http == "2" and head.header(name) is not None:
            yield _breach("SSE-44", f"expected no {name} header in HTTP/2, found one")
    # "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request indicates
    # HTTP/1.1 (or later minor revisions)." -- RFC 9112, section 6.1
    if head.request_http == "1.0" and has_coding:
        yield _breach("SSE-50", "expected no Transfer-Encoding in the answer to an HTTP/1.0 request, found one")


def of_success(head: ResponseHead, content_type: str) -> Iterator[Breach]:
    """What the head of a success breaks where a stream was asked for."""
    found = media_type(head)
    if content_type == JSON_LINES and found != content_type:
        yield _breach("ND-05", f"expected content type {content_type}, found {found or 'none'}")
    if content_type != EVENT_STREAM:
        return
    if head.status != 200:
        yield _breach("SSE-40", f"expected status 200 for a stream, found {head.status}")
    if found != content_type:
        yield _breach("SSE-40", f"expected content type {content_type}, found {found or 'none'}", about=found)


def _of_stream(head: ResponseHead) -> Iterator[Breach]:
    charset = _charset(head)
    if media_type(head) == EVENT_STREAM and charset is not None and charset != "utf-8":
        yield _breach("SSE-41b", f"expected charset utf-8 or none, found {charset}")
    values = [value for name, value in head.headers if name == "cache-control"]
    directives = {directive.partition("=")[0].strip().lower() for value in values for directive in value.split(",")}
    if head.status == 200 and not directives & _UNKEPT:
        found = ", ".join(values) or "none"
        yield _breach("SSE-42", f"expected Cache-Control no-cache, no-store or no-transform, found {found}")
    if head.header("content-length") is not None:
        yield _breach("SSE-43", "expected a stream without Content-Length, found one")


def _charset(head: ResponseHead) -> str | None:
    for parameter in (head.header("content-type") or "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return None


def of_error_body(head: ResponseHead, body: bytes | None) -> Iterator[Breach]:
    """What the body of an answer with a status of 400 and above breaks; None for a body that was not read whole."""
    found = media_type(head)
    if found != "application/json" and not (found or "").endswith("+json"):
        yield _breach(
            "SSE-47", f"expected an error of status {head.status} as application/json, found {found or 'none'}"
        )
        return
    if body is not None and not _is_json(body):
        yield _breach("SSE-47", f"expected an error of status {head.status} as JSON, found a body that is not JSON")


def _is_json(body: bytes) -> bool:
    try:
        return is_json(body.decode())
    except UnicodeDecodeError:
        return False


def of_body_end(head: ResponseHead, end: BodyEnd, framing: BodyFraming | None, size: int) -> Iterator[Breach]:
    """What the end of the body breaks.

    `framing` is what a reader of the framing knows; without it, `size` bytes of body were taken and `end` tells the
    rest.  Silence breaks nothing: the rest might have come.
    """
    announced = announced_size(head)
    is_counted = framing is not None or head.header("content-encoding") in (None, "identity")
    if announced is not None and is_counted:
        yield from _of_length(announced, end, framing or BodyFraming(size=size, is_whole=size >= announced))
    elif end == "timeout" or (end == "clean" if framing is None else framing.is_whole):
        return
    elif announced is not None and end != "bad-framing":
        yield _breach("SSE-48", f"expected {announced} bytes of body, found its end before")
    elif head.framing == "chunked":
        # "A message body that uses the chunked transfer coding is incomplete if the zero-sized chunk that terminates
        # the encoding has not been received." -- RFC 9112, section 8
        yield _breach("SSE-48", "expected the zero chunk at the end of the body, found none")


def _of_length(announced: int, end: BodyEnd, framing: BodyFraming) -> Iterator[Breach]:
    excess = max(framing.excess, framing.size - announced)
    if excess:
        yield _breach("SSE-43b", f"expected {announced} bytes of body, found {excess} more")
    elif framing.size < announced and end != "timeout":
        # "... incomplete if the size of the message body received (in octets) is less than the value given by
        # Content-Length" -- RFC 9112, section 8
        yield _breach("SSE-48", f"expected {announced} bytes of body, found its end after {framing.size}")
        if end in ("clean", "fin"):
            yield _breach("SSE-43b", f"expected a body of {announced} bytes as announced, found {framing.size}")


def _breach(rule: str, message: str, about: str | None = None) -> Breach:
    return rule, message, about, (None, None, None)

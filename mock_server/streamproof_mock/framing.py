"""The bytes that HTTP/1 puts around a body: heads, chunks, and the broken forms of both.  Values only."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from streamproof_scenarios.plan import AnswerPlan, EndingPlace

LAST_CHUNK: Final = b"0\r\n\r\n"
BAD_CHUNK: Final = b"zz\r\n"
"""A chunk-size line that is not hexadecimal."""
BAD_STATUS_LINE: Final = b"HTTP/1.1 two-hundred OK\r\n"
"""RFC 9112, 4: a status code is three digits."""
BAD_HEADER: Final = b"no header at all\r\n"
"""RFC 9112, 5: a field line is a name, a colon, a value."""
MISSING: Final = 16
"""By so many bytes a chunk that is cut off announces more than is sent."""


@attrs.frozen(kw_only=True)
class RequestFacts:
    """What the answer's head and body depend on in the request."""

    method: str = "POST"
    http: str = "1.1"
    closes: bool = False
    """The client asked for `Connection: close`."""
    cors: bool = False
    """The request came from a browser's page whose origin may read the answer."""


@attrs.frozen(kw_only=True)
class Framed:
    """How one answer is framed on an HTTP/1 connection."""

    head: bytes
    chunked: bool
    bodiless: bool
    """HEAD, 204 and 304 have no body, whatever the plan says (RFC 9112, 6.3)."""
    closes: bool
    """The connection ends with this answer."""


def reason(status: int) -> str:
    """The usual reason phrase, or "" for a status without one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def framed(plan: AnswerPlan, request: RequestFacts, *, length: int | None) -> Framed:
    """The head for `plan`, byte for byte, and what follows from it; `length` is announced for the framing `length`."""
    bodiless = request.method == "HEAD" or plan.status in (204, 304)
    # "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request indicates
    # HTTP/1.1 (or later minor revisions)." -- RFC 9112, 6.1
    chunked = plan.framing == "chunked" and request.http != "1.0" and not bodiless
    until_close = plan.framing == "close" or (plan.framing == "chunked" and not chunked and not bodiless)
    closes = plan.close or until_close or request.closes or request.http == "1.0" or plan.http == "h1.0"
    named = {name.lower() for name, _ in plan.headers}

    headers = list(plan.headers)
    if chunked and "transfer-encoding" not in named:
        headers.append(("transfer-encoding", "chunked"))
    if (
        plan.framing == "length"
        and length is not None
        and plan.status not in (204, 304)
        and "content-length" not in named
    ):
        headers.append(("content-length", str(length)))
    if closes and "connection" not in named and plan.http != "h1.0":
        headers.append(("connection", "close"))
    if request.cors and "access-control-allow-origin" not in named:
        headers.append(("access-control-allow-origin", "*"))

    version = "1.0" if plan.http == "h1.0" else "1.1"
    status_line = f"HTTP/{version} {plan.status} {reason(plan.status)}\r\n".encode("ascii")
    if plan.ending.kind == "bad-head":
        status_line = BAD_STATUS_LINE
    # Header values are written as given: text as UTF-8, which is what a careless server would send.
    fields = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers)
    if plan.ending.kind == "bad-header":
        fields = BAD_HEADER + fields
    return Framed(
        head=sent_of(status_line + fields + b"\r\n", plan.ending.place),
        chunked=chunked,
        bodiless=bodiless,
        closes=closes,
    )


def sent_of(head: bytes, place: EndingPlace | None) -> bytes:
    """What is sent of a head: all of it, nothing, or its first half, which ends within a line."""
    match place:
        case None:
            return head
        case "before-head":
            return b""
        case "in-head":
            return head[: len(head) // 2]


def chunk_prefix(size: int) -> bytes:
    """The line before a chunk of `size` bytes."""
    return b"%x\r\n" % size

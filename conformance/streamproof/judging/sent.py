"""What was sent, as the dialect's machine reads it: the message, the findings and how the stream ended."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from streamproof_formats.content_coding import coding_of
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.finding import Finding
from streamproof_formats.http_findings import is_stream
from streamproof_formats.judge import Judge
from streamproof_formats.message import Ended, Message
from streamproof_formats.response import BodyEnd, Framing, ResponseHead
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import AnswerPlan, Ending, EndingKind, Write

_CLOSING: Final[frozenset[EndingKind]] = frozenset({"clean", "fin", "no-close-notify"})

BODY_LIMIT: Final = 64 << 20
"""No more of a body than this is judged; only streams that are meant to be left early are longer."""

ENDS: Final[dict[EndingKind, BodyEnd]] = {
    "clean": "clean",
    "fin": "fin",
    "reset": "reset",
    "stall": "timeout",
    "in-chunk": "fin",
    "bad-chunk": "bad-framing",
    "bad-head": "bad-framing",
    "bad-header": "bad-framing",
    "no-close-notify": "fin",
    "rst-stream": "reset",
    "goaway": "fin",
    "refuse": "fin",
    "reset-on-accept": "reset",
    "tls-stall": "timeout",
}


@attrs.frozen(kw_only=True)
class Sent:
    """One answer as the machine reads it."""

    message: Message
    findings: tuple[Finding, ...]
    ended: Ended | Literal["refused"]
    has_body: bool
    """True when at least one body byte is sent."""
    body: bytes
    """At most `BODY_LIMIT` bytes of it."""
    whole: bool
    """False when the body is longer than was judged."""
    events: tuple[tuple[str, str], ...] = ()
    """Type and data of each event, as the standard decodes the body."""
    stays_open: bool = False
    """True when the server does not close after the last byte: it stalls, and the client has to leave."""
    is_attempt_seen: bool = True
    """False when the server cannot see that the client tries: the system refuses the connection."""


def body_end(answer: AnswerPlan, size: int) -> BodyEnd:
    """How a correct HTTP reader sees the body of this answer end.

    Where closing is the framing a FIN is a whole body (RFC 9112, section 6.3); a body longer than its announced
    length ends where the length says.  Without close_notify a body that closing ends is cut, and one of a length is not
    (RFC 9112, section 9.8).
    """
    if answer.http == "h2" and answer.content_length not in (None, size) and answer.ending.kind == "clean":
        # "A request or response is also malformed if the value of a Content-Length header field does not equal the sum
        # of the DATA frame payload lengths" -- RFC 9113, section 8.1.1
        return "bad-framing"
    if answer.framing == "length" and answer.content_length is not None and answer.ending.kind in _CLOSING:
        return "clean" if size >= answer.content_length else "fin"
    if answer.framing == "close" and answer.ending == Ending(kind="fin"):
        return "clean"
    return ENDS[answer.ending.kind]


def head_of(answer: AnswerPlan) -> ResponseHead:
    """The head as a reader gets it, the framing's own headers included."""
    length = (("content-length", str(answer.content_length)),)
    extra: dict[Framing, tuple[tuple[str, str], ...]] = {
        "chunked": (("transfer-encoding", "chunked"),),
        "length": length,
        "close": (("connection", "close"),),
        "h2": () if answer.content_length is None else length,
    }
    return ResponseHead(
        status=answer.status,
        headers=(*((name.lower(), value) for name, value in answer.headers), *extra[answer.framing]),
        framing="h2" if answer.http == "h2" else answer.framing,
        http={"h1": "1.1", "h1.0": "1.0", "h2": "2"}[answer.http],  # type: ignore[arg-type]
    )


def read_answer(case: Case, answer: AnswerPlan, *, limit: int = BODY_LIMIT, profile: str = "strict") -> Sent:
    """Runs the machine over the whole answer, with the request known."""
    if answer.ending.is_headless:
        return _headless(answer.ending)
    head = head_of(answer)
    judge = Judge(case.dialect, request=dict(case.request), profile=profile, head=head)
    # A header that names an encoding without doing it is a lie to the client; what was meant is judged.
    coding = coding_of(answer.encoding)
    pieces: list[bytes] = []
    size, whole = 0, True
    for operation in answer.operations():
        if isinstance(operation, Write):
            size += len(operation.data)
            pieces.extend((operation.data,) if coding is None else coding.decode(operation.data))
            if size > limit:
                whole = False
                break
    # All at once: what the judge finds does not depend on how the bytes are cut, and single bytes cost the most.
    body = b"".join(pieces)
    judge.receive_data(body)
    judgement = judge.close(body_end(answer, size))
    message = judgement.message or Message()
    return Sent(
        message=message,
        findings=judgement.findings,
        ended=message.ended if is_stream(head, DIALECTS[case.dialect].content_type) else "refused",
        has_body=size > 0,
        body=body,
        whole=whole,
        events=tuple((event.type, event.data) for event in judgement.events),
        stays_open=answer.ending.kind == "stall",
    )


def _headless(ending: Ending) -> Sent:
    """An answer of which no client gets a head: there is no stream, so no rule about one is broken."""
    is_silent = ending.kind in {"stall", "tls-stall"}
    ended: Ended = "stalled" if is_silent else "cut"
    return Sent(
        message=Message(ended=ended),
        findings=(),
        ended=ended,
        has_body=False,
        body=b"",
        whole=True,
        stays_open=is_silent,
        is_attempt_seen=ending.kind != "refuse",
    )

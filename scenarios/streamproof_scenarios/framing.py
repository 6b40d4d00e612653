"""How an answer is framed, and what cannot go together in one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from streamproof_formats.response import Framing
from streamproof_scenarios.model import Answer, Barrier, Raw, Word, flat
from streamproof_scenarios.plan import BEFORE_REQUEST, Ending
from streamproof_scenarios.transports import MEANING


def is_whole(answer: Answer) -> bool:
    """True when the body is one JSON document: a `json` step, or an `error` in place of the stream."""
    return any(
        (isinstance(step, Raw) and step.kind == "json")
        or (answer.status >= 400 and isinstance(step, Word) and step.word == "error")
        for step in flat(answer.steps)
    )


def _shown(end: Ending) -> str:
    return end.kind if end.place is None else f"{{{end.kind}: {end.place}}}"


def framing_of(answer: Answer) -> Framing:
    """The framing, stated or usual."""
    if answer.http == "h2":
        return "h2"
    if answer.framing is not None:
        return answer.framing
    if is_whole(answer):
        return "length"
    # "A server MUST NOT send a response containing Transfer-Encoding unless the corresponding request indicates
    # HTTP/1.1 (or later minor revisions)." -- RFC 9112, section 6.1
    return "close" if answer.http == "h1.0" else "chunked"


def contradiction(answer: Answer) -> str | None:
    """What cannot be in one answer, and the fix; None where all of it goes together."""
    end, steps, framing, h2 = answer.end.kind, flat(answer.steps), framing_of(answer), answer.http == "h2"
    writing = [step for step in steps if not isinstance(step, Barrier)]
    goaway = any(isinstance(step, Barrier) and step.kind == "goaway" for step in steps)
    table = (
        (h2 and "framing" in answer.stated, "http: h2 frames bodies by itself; leave framing away"),
        (h2 and "connection" in answer.stated, "http: h2 has no connection header; leave connection away"),
        (h2 and "h2" not in MEANING[end], f"end: {end} is of HTTP/1.1; write {{rst-stream: CODE}}, goaway or fin"),
        (not h2 and "h1-tls" not in MEANING[end], f"end: {end} needs http: h2; add it"),
        (not h2 and goaway, "goaway needs http: h2; add it"),
        (answer.http == "h1.0" and framing == "chunked", "http: h1.0 has no chunks; write framing: close or length"),
        (not h2 and end in {"in-chunk", "bad-chunk"} and framing != "chunked", f"end: {end} needs framing: chunked"),
        (answer.length_off_by and framing not in {"length", "h2"}, "length_off_by needs framing: length; add it"),
        (answer.flush == "never" and not answer.encoding, "flush: never needs an encoding; add encoding: gzip"),
        (answer.end.is_headless and answer.steps, f"with end: {_shown(answer.end)} no body is sent; write steps: []"),
        (
            is_whole(answer) and len(writing) > 1,
            "a whole JSON body must be the only step that writes; use raw for pieces",
        ),
    )
    return next((text for wrong, text in table if wrong), None)


def disorder(answers: Sequence[Answer]) -> str | None:
    """What cannot follow each other among the answers of one stream, and the fix; None where all of it can."""
    early = [answer.end.kind in BEFORE_REQUEST for answer in answers]
    kinds = [answer.end.kind for answer in answers]
    h2 = [answer.http == "h2" for answer in answers if answer.end.kind not in BEFORE_REQUEST]
    table = (
        # All answers of a case are given at one address.
        (any(h2) and not all(h2), "http: h2 holds for the whole case; write it in each answer"),
        # On a connection that is kept nothing is accepted anew.
        (
            any(later and not before for before, later in pairwise(early)),
            "endings before a request come first; put the others after them",
        ),
        # Nobody sees who was refused; and who is left waiting in a handshake seldom comes again within a case.
        *(
            (kind in kinds and len(set(kinds)) > 1, f"end: {kind} holds for every attempt; make it the only answer")
            for kind in ("refuse", "tls-stall")
        ),
    )
    return next((text for wrong, text in table if wrong), None)

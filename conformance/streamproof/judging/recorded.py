"""Judging bytes that were recorded: a body alone, or a whole HTTP answer as it came off the socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import attrs

from streamproof.errors import CannotJudge
from streamproof.judging.tables import BASES
from streamproof_formats.content_coding import CodingError, coding_of
from streamproof_formats.finding import Finding
from streamproof_formats.http import ResponseReader
from streamproof_formats.judge import Judge, Judgement
from streamproof_formats.profiles import PROFILES
from streamproof_formats.response import BodyEnd, ResponseHead
from streamproof_formats.rules import RULES

SocketEnd = Literal["eof", "reset", "timeout"]

MAX_KEPT: Final = 64 << 20
"""Bytes of a decoded body that are kept for the report, and that an encoded body may decode to."""

MAX_HEAD: Final = 1 << 18

ON_THE_HEAD: Final = frozenset({"OC-01", "SSE-40", "SSE-41b", "SSE-42", "SSE-43", "SSE-44", "SSE-50"})
"""Rules that a head breaks by itself.  Other findings without a place tell of how the answer ended."""


@attrs.frozen(kw_only=True)
class Recorded:
    """One recorded answer, judged."""

    head: ResponseHead | None
    """None for a body alone, and where no head came."""
    end: BodyEnd
    judgement: Judgement
    body: bytes
    """The decoded body, at most 64 MiB of it."""
    problem: str | None = None
    """What kept the answer from being read as HTTP, or the stream from being read on."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that the answer breaks."""
        return self.judgement.findings

    @property
    def findings_so_far(self) -> tuple[Finding, ...]:
        """What holds of the answer however it would have gone on: for one that was not read to its end."""
        return tuple(f for f in self.findings if f.start is not None or f.rule in ON_THE_HEAD)


def judge_body(pieces: Iterable[bytes], dialect: str, *, request: Mapping[str, Any] | None, profile: str) -> Recorded:
    """Judges a body alone: nothing is known of HTTP, its end is taken as clean."""
    judge = Judge(dialect, request=request, profile=profile)
    body = bytearray()
    for piece in pieces:
        judge.receive_data(piece)
        body += piece[: max(0, MAX_KEPT - len(body))]
    judgement = judge.close("clean")
    return Recorded(head=None, end="clean", judgement=judgement, body=bytes(body), problem=judgement.problem)


def judge_answer(
    pieces: Iterable[bytes],
    dialect: str,
    *,
    request: Mapping[str, Any] | None,
    profile: str,
    socket_end: SocketEnd = "eof",
    max_head: int = MAX_HEAD,
    max_decoded: int = MAX_KEPT,
) -> Recorded:
    """Judges a whole HTTP/1.x answer; `socket_end` is how reading ended after the last piece.

    Raises `CannotJudge` for a content encoding that cannot be undone here.
    """
    reader = ResponseReader(max_head=max_head, max_decoded=max_decoded)
    judge: Judge | None = None
    body = bytearray()

    def take(data: bytes) -> None:
        nonlocal judge
        if judge is None and reader.head is not None:
            _require_readable(reader.head)
            judge = Judge(dialect, request=request, profile=profile, head=reader.head)
        if judge is not None and data:
            judge.receive_data(data)
            body.extend(data[: max(0, MAX_KEPT - len(body))])

    for piece in pieces:
        take(reader.receive_data(piece))
    reader.close(socket_end)
    take(b"")
    end = reader.end or "bad-framing"
    if judge is None:
        judge = Judge(dialect, request=request, profile=profile)
    judgement = judge.close(end, reader.framing if reader.head is not None else None)
    return Recorded(
        head=reader.head,
        end=end,
        judgement=judgement,
        body=bytes(body),
        problem=reader.problem or judgement.problem or (None if reader.head else "no HTTP head came"),
    )


def _require_readable(head: ResponseHead) -> None:
    try:
        coding_of(head.header("content-encoding"))
    except CodingError as error:
        raise CannotJudge(str(error), "record the answer to a request with `Accept-Encoding: identity`") from None


def worth(
    findings: Iterable[Finding], *, problem: bool = False, strict: bool = False
) -> Literal["pass", "warn", "fail"]:
    """What the findings come to by the firmest basis of each rule; bytes that cannot be read at all fail."""
    worths = {BASES[RULES[finding.rule].basis, RULES[finding.rule].level] for finding in findings}
    if problem or "fail" in worths or (strict and "warn" in worths):
        return "fail"
    return "warn" if "warn" in worths else "pass"


def passing_profiles(
    findings: Iterable[Finding], dialect: str, again: Callable[[str], Iterable[Finding]]
) -> tuple[str, ...]:
    """The profiles under which what fails would not fail.

    `again` gives the findings under a profile; it is asked only for those that allow each of the rules that fail.
    """
    failing = {finding.rule for finding in findings if worth([finding]) == "fail"}
    return tuple(
        name
        for name, profile in PROFILES.items()
        if failing and failing <= profile.narrowed(dialect).allows.keys() and worth(again(name)) != "fail"
    )

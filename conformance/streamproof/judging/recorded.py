"""Judging bytes that were recorded: a body alone, or a whole HTTP answer as it came off the socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import attrs

from streamproof.errors import CannotJudge
from streamproof.judging.tables import BASES
from streamproof_formats.content_coding import CodingError, coding_of
from streamproof_formats.event import DEFAULT_LIMIT
from streamproof_formats.finding import Finding
from streamproof_formats.http import ResponseReader
from streamproof_formats.judge import DEFAULT_EVENTS, Judge, Judgement
from streamproof_formats.profiles import PROFILES
from streamproof_formats.response import BodyEnd, BodyFraming, ResponseHead
from streamproof_formats.rules import RULES

SocketEnd = Literal["eof", "reset", "timeout"]

MAX_KEPT: Final = 64 << 20
"""Bytes of a decoded body that are kept for the report, and that an encoded body may decode to, by default."""

MAX_HEAD: Final = 1 << 18

_VERDICTS: Final = ("pass", "warn", "fail")

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
    """The decoded body, as much of it as was to be kept."""
    size: int
    """Bytes of the decoded body that were read."""
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


@attrs.frozen(kw_only=True)
class Limits:
    """How much of a recording is read and kept."""

    line: int = DEFAULT_LIMIT
    """Bytes of a line."""
    event: int = DEFAULT_LIMIT
    """Bytes of the data of an event."""
    size: int | None = None
    """Bytes that are read; None for as many as come."""
    decoded: int = MAX_KEPT
    """Bytes that an encoded body may decode to."""
    head: int = MAX_HEAD
    """Bytes of a head."""
    events: int = DEFAULT_EVENTS
    """Events that are kept."""
    may_be_array: bool = False
    """Whether an answer may be a JSON array where the dialect has such: nobody knows which of them was asked for."""
    body: int = MAX_KEPT
    """Bytes of the decoded body that are kept."""


USUAL: Final = Limits()


def judge_body(
    pieces: Iterable[bytes],
    dialect: str,
    *,
    request: Mapping[str, Any] | None,
    profile: str,
    limits: Limits = USUAL,
) -> Recorded:
    """Judges a body alone: nothing is known of HTTP, its end is taken as clean."""
    reading = _Reading(dialect, request, profile, limits)
    reading.start(None)
    for piece in reading.within(pieces):
        reading.take(piece)
    return reading.recorded(None, "clean", None)


def judge_answer(
    pieces: Iterable[bytes],
    dialect: str,
    *,
    request: Mapping[str, Any] | None,
    profile: str,
    socket_end: SocketEnd = "eof",
    limits: Limits = USUAL,
) -> Recorded:
    """Judges a whole HTTP/1.x answer; `socket_end` is how reading ended after the last piece.

    Raises `CannotJudge` for a content encoding that cannot be undone here.
    """
    reader = ResponseReader(max_head=limits.head, max_decoded=limits.decoded)
    reading = _Reading(dialect, request, profile, limits)
    for piece in reading.within(pieces):
        data = reader.receive_data(piece)
        if reader.head is not None and reading.judge is None:
            _require_readable(reader.head)
            reading.start(reader.head)
        reading.take(data)
    # What was not read may hold the end of the body: as where a server falls silent, its lack breaks nothing.
    reader.close("timeout" if reading.is_stopped else socket_end)
    if reading.judge is None:
        reading.start(reader.head)
    problem = reader.problem or (None if reader.head else "no HTTP head came")
    framing = reader.framing if reader.head is not None else None
    return reading.recorded(problem, reader.end or "bad-framing", framing)


class _Reading:
    """One answer while it is judged: the judge, and what is kept of the body."""

    def __init__(self, dialect: str, request: Mapping[str, Any] | None, profile: str, limits: Limits) -> None:
        self._dialect, self._request, self._profile = dialect, request, profile
        self._limits = limits
        self._head: ResponseHead | None = None
        self._body = bytearray()
        self._size = 0
        self._read = 0
        self._problem: str | None = None
        self.is_stopped = False
        """True once reading has stopped before the end of the recording."""
        self.judge: Judge | None = None

    def start(self, head: ResponseHead | None) -> None:
        """Takes the head, or that there is none."""
        self._head = head
        self.judge = Judge(
            self._dialect,
            request=self._request,
            profile=self._profile,
            head=head,
            may_be_array=self._limits.may_be_array,
            max_events=self._limits.events,
            max_line=self._limits.line,
            max_event=self._limits.event,
        )

    def within(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, as long as they are to be read."""
        most = self._limits.size
        for piece in pieces:
            self._read += len(piece)
            excess = 0 if most is None else self._read - most
            yield piece[: len(piece) - excess] if excess > 0 else piece
            if excess > 0:
                self._problem = f"the recording is longer than the {most} bytes that are read"
            # Without a bound the recording is at hand as a whole, and its end may be told of.
            if excess > 0 or (most is not None and self.judge is not None and self.judge.problem is not None):
                self.is_stopped = True
                return

    def take(self, data: bytes) -> None:
        """Takes the next bytes of the decoded body."""
        if self.judge is not None and data:
            self.judge.receive_data(data)
            self._size += len(data)
            self._body += data[: max(0, self._limits.body - len(self._body))]

    def recorded(self, problem: str | None, end: BodyEnd, framing: BodyFraming | None) -> Recorded:
        """Closes the answer."""
        assert self.judge is not None
        if self._problem is not None:
            self.judge.give_up(self._problem)
        judgement = self.judge.close(end, framing)
        return Recorded(
            head=self._head,
            end=end,
            judgement=judgement,
            body=bytes(self._body),
            size=self._size,
            problem=self._problem or problem or judgement.problem,
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
    findings: Iterable[Finding], dialect: str, again: Callable[[str], Iterable[Finding]], *, strict: bool = False
) -> tuple[str, ...]:
    """The profiles under which what fails would not fail, or where nothing fails, what warns would not warn.

    `again` gives the findings under a profile; it is asked only for those that allow each of the rules in question.
    """
    found = tuple(findings)
    verdict = worth(found, strict=strict)
    rules = {finding.rule for finding in found if worth([finding], strict=strict) == verdict}
    return tuple(
        name
        for name, profile in PROFILES.items()
        if verdict != "pass"
        and rules <= profile.narrowed(dialect).allows.keys()
        and _VERDICTS.index(worth(again(name), strict=strict)) < _VERDICTS.index(verdict)
    )

"""From a play and its verdict to the line of the result document."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final, TypeVar

import attrs

from streamproof.adapters.said import Report
from streamproof.judging.observed import Observed
from streamproof.judging.sent import Sent
from streamproof.judging.verdict import ClientVerdict
from streamproof.running.job import Job
from streamproof.running.play import Played
from streamproof_mock.journal import Exchange
from streamproof_reports.document import CaseResult, WireEvent

T = TypeVar("T")

EXCERPT: Final = 4096
AROUND: Final = 24
"""Bytes on either side of a cut that are told."""
MARKS: Final = 200
"""Marks of one timeline at most; a stream of many writes keeps its first and last ones."""


@attrs.frozen(kw_only=True)
class Subject:
    """The client as named on the command line, for reports and for the command that reproduces a failure."""

    name: str
    arguments: tuple[str, ...]
    """What follows `check client` to choose this client: `--client NAME`, or `-- CMD..`."""
    options: tuple[str, ...] = ()
    """What else a command needs to play the same again: `--scenarios DIR`, `--strict`, `--timeout S`."""
    folders: tuple[str, ...] = ()
    """The user's own folders of scenarios."""


def plain_result(job: Job, subject: Subject, **fields: Any) -> CaseResult:
    """A result with what is known of the job alone."""
    scenario = job.case.scenario
    return CaseResult(
        case=job.case.id,
        scenario=scenario.id,
        title=scenario.title,
        dialect=job.case.dialect,
        delivery=job.delivery,
        client=subject.name,
        hash=job.hash,
        path=scenario.path or None,
        line=scenario.stream_mark.line if scenario.stream_mark else None,
        refs=scenario.refs,
        **fields,
    )


def judged_result(
    job: Job, subject: Subject, *, played: Played, seen: Observed, verdict: ClientVerdict, sent: Sent
) -> CaseResult:
    """The result of a play that could be judged, with its evidence."""
    failed = verdict.verdict != "pass"
    cut = first_cut(job, sent)
    start, shown = excerpt(sent, cut)
    ended_ns = seen.said.ended_ns
    return plain_result(
        job,
        subject,
        verdict=verdict.verdict,
        reading=verdict.reading,
        findings=verdict.findings,
        notes=verdict.notes if cut is None or not failed else (*verdict.notes, cut_note(sent.body, cut)),
        duration_s=round((ended_ns - played.started_ns) / 1e9, 4),
        sent=base64.b64encode(shown).decode("ascii"),
        sent_from=start,
        sent_total=len(sent.body),
        expected=_wanted(verdict) if failed else None,
        actual=_told(seen) if failed else None,
        timeline=timeline(played, seen, sent.body),
        stderr=seen.said.stderr[-4000:] or None if failed else None,
        reproduce=reproduce(job, subject) if failed else (),
    )


def reproduce(job: Job, subject: Subject) -> tuple[str, ...]:
    """Commands that play the same bytes in the same delivery again."""
    folders = [word for folder in subject.folders for word in ("--scenarios", folder)]
    choose = ["streamproof", "check", "client", "--select", f"case:{job.hash}", "--delivery", job.delivery]
    look = ["streamproof", "show", job.case.scenario.id]
    if job.delivery not in {"as-written", "every-split"}:
        look += ["--delivery", job.delivery]
    return (shlex.join([*choose, *folders, *subject.options, *subject.arguments]), shlex.join([*look, *folders]))


def connections_note(exchanges: Sequence[Exchange]) -> str:
    """`notes: [connections]`: whether a connection was used again."""
    connections = len({exchange.connection for exchange in exchanges})
    requests = f"{len(exchanges)} request{'' if len(exchanges) == 1 else 's'}"
    return f"{requests} over {connections} connection{'' if connections == 1 else 's'}"


def first_cut(job: Job, sent: Sent) -> int | None:
    """Where the delivery `at` first cuts the body; None elsewhere, and where the bytes cut are encoded ones."""
    kind, _, places = job.delivery.partition(":")
    if kind != "at" or any(answer.encoding for answer in job.case.answers):
        return None
    return next((int(place) for place in places.split(",") if 0 < int(place) < len(sent.body)), None)


def cut_note(body: bytes, place: int) -> str:
    """`the cut at 88 is between '... "te' and 'xt" ...'`, in characters as far as they are whole."""
    before, after = body[max(0, place - AROUND) : place], body[place : place + AROUND]
    lead, trail = "..." if place > AROUND else "", "..." if place + AROUND < len(body) else ""
    return f"the cut at {place:,} is between {lead}{_bytes(before)} and {_bytes(after)}{trail}"


def _bytes(data: bytes) -> str:
    return repr(data.decode("ascii") if data.isascii() else data)


def excerpt(sent: Sent, place: int | None = None) -> tuple[int, bytes]:
    """At most 4 KiB around a place, or the first that the stream breaks a rule at, else its beginning."""
    if place is None:
        place = next((finding.start for finding in sent.findings if finding.start is not None), 0)
    start = max(0, min(place - EXCERPT // 2, len(sent.body) - EXCERPT))
    return start, sent.body[start : start + EXCERPT]


def _wanted(verdict: ClientVerdict) -> dict[str, Any]:
    expected = verdict.expectation
    choices = [
        {"index": index, **{name: _shown(value) for name, value in fields.items() if name != "index" and value}}
        for index, fields in sorted(expected.choices.items())
    ]
    return {"outcome": sorted(expected.outcomes), "choices": choices}


def _told(seen: Observed) -> dict[str, Any]:
    choices = [
        {name: _shown(value) for name, value in attrs.asdict(choice).items() if value or name == "index"}
        for _, choice in sorted(seen.choices.items())
    ]
    error = None if seen.error is None else attrs.asdict(seen.error)
    return {
        "outcome": seen.outcome or seen.said.ended,
        "choices": choices,
        "error": error,
        "requests": len(seen.exchanges),
    }


def _shown(value: Any) -> Any:
    """A value that JSON can hold, texts cut to 2,000 characters."""
    if isinstance(value, str):
        return value if len(value) <= 2000 else f"{value[:2000]}... ({len(value)} characters)"
    if attrs.has(type(value)):
        return _shown(attrs.asdict(value))
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    return value


def timeline(played: Played, seen: Observed, body: bytes) -> tuple[WireEvent, ...]:
    """What both sides did, in order of time, from the start of the play.  `body` is what one answer sent."""
    origin_ns = played.started_ns
    marks: list[WireEvent] = []

    def mark(at_ns: int | None, lane: str, kind: str, text: str) -> None:
        if at_ns:
            at_ms = round((at_ns - origin_ns) / 1e6, 3)
            marks.append(WireEvent(at_ms=at_ms, lane=lane, kind=kind, text=text[:200]))  # type: ignore[arg-type]

    for exchange in played.exchanges:
        came = f"{exchange.method} {exchange.path}" if exchange.method else "a connection, no request"
        mark(exchange.arrived_ns, "server", "request", came)
        for at_ns, text in _ends(_written(exchange.writes, body)):
            mark(at_ns, "server", "write", text)
        mark(exchange.ended_ns, "server", "end", "answer ended")
        mark(exchange.left_ns, "server", "left", f"client left ({exchange.left})")
    for report in _ends(seen.said.reports):
        mark(report.at_ns, "client", report.kind, _report_text(report))
    mark(seen.said.ended_ns, "client", "result", seen.outcome or seen.said.ended)
    return tuple(sorted(marks, key=lambda item: item.at_ms))


def _written(writes: Sequence[tuple[int, int]], body: bytes) -> list[tuple[int, str]]:
    """When and what was written; only how much, where the sizes do not make up the body (another answer, encoded)."""
    ends = list(accumulate(size for _, size in writes))
    if not ends or ends[-1] != len(body):
        return [(at_ns, f"{size} bytes") for at_ns, size in writes]
    return [
        (at_ns, body[max(end - size, 0) : min(end, end - size + 400)].decode("utf-8", "backslashreplace"))
        for (at_ns, size), end in zip(writes, ends, strict=True)
    ]


def _ends(items: Sequence[T]) -> Sequence[T]:
    return items if len(items) <= MARKS else [*items[: MARKS // 2], *items[-MARKS // 2 :]]


def _report_text(report: Report) -> str:
    if report.kind == "delta":
        return next((str(report.data[kind]) for kind in ("text", "reasoning", "refusal") if report.data.get(kind)), "")
    return json.dumps(report.data, ensure_ascii=False, default=str)

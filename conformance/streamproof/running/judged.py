"""What one play came to: both sides of it brought together and judged."""

from __future__ import annotations

import re
from typing import Final

import attrs

from streamproof.adapters.said import Hello
from streamproof.judging.observed import observe
from streamproof.judging.verdict import ClientVerdict, judge_client
from streamproof.running.due import Due
from streamproof.running.job import Job
from streamproof.running.play import Played, Run
from streamproof.running.result import Subject, connections_note, judged_result, plain_result
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import is_newer


def result_of(
    job: Job,
    subject: Subject,
    hello: Hello,
    played: Played,
    due: Due,
    *,
    strict: bool = False,
    pinned: str | None = None,
) -> CaseResult:
    """The result of one play, its boundaries kept."""
    sent = due.sent
    unasked = _unasked_encoding(job, played)
    if unasked is not None:
        reason = f"the client does not offer to read {unasked}"
        return plain_result(job, subject, verdict="skip", reason=reason)
    # Where attempts are refused, that none is seen says nothing.
    if sent[0].is_attempt_seen and all(run.said.ended == "result" for run in played.runs):
        astray = played.astray
        if astray is None and not played.exchanges:
            astray = "no request reached the server: is the address that it was given ({url}, base_url) passed on?"
        if astray is not None:
            return plain_result(job, subject, verdict="adapter_error", reason=astray)
    if played.fault is not None:
        return plain_result(job, subject, verdict="harness_error", reason=played.fault)
    judged = [_verdict(hello, job, run, due, strict=strict, pinned=pinned) for run in played.runs]
    for run in played.runs:
        if run.said.ended == "fault":
            return plain_result(
                job, subject, verdict="adapter_error", reason=run.said.fault, stderr=run.said.stderr or None
            )
    order = ("fail", "warn", "pass")
    run, verdict = min(zip(played.runs, judged, strict=True), key=lambda pair: order.index(pair[1].verdict))
    notes = tuple(dict.fromkeys(note for item in judged for note in item.notes))
    if any("connections" in item.expectation.notes for item in judged):
        notes = (*notes, connections_note(played.exchanges))
    last = sent[min(_answered(run), len(sent) - 1)]
    return judged_result(
        job,
        subject,
        played=played,
        seen=observe(job.case, hello, run.said, run.exchanges, sent=last),
        verdict=attrs.evolve(verdict, notes=notes),
        sent=last,
    )


def _verdict(hello: Hello, job: Job, run: Run, due: Due, *, strict: bool, pinned: str | None) -> ClientVerdict:
    case = job.case
    own = due.answers(run.first_answer)
    answered = max(0, len(run.exchanges) - 1)
    readings = due.readings(run.first_answer, answered)
    newer = pinned is not None and is_newer(case.scenario, pinned)
    seen = observe(case, hello, run.said, run.exchanges, sent=own[min(answered, len(own) - 1)])
    return judge_client(case, readings, seen, newer=newer, strict=strict)


_REFUSED: Final = re.compile(r";\s*q\s*=\s*0(?:\.0*)?\s*$", re.IGNORECASE)
"""A weight of 0 says "not acceptable" (RFC 9110, section 12.4.2)."""


def _unasked_encoding(job: Job, played: Played) -> str | None:
    """The content encoding that was used although a request did not offer it (RFC 9110, section 12.5.3)."""
    for exchange in played.exchanges:
        encoding = job.case.answers[min(exchange.number, len(job.case.answers) - 1)].encoding
        offered = next((value for name, value in exchange.headers if name == "accept-encoding"), "")
        names = {item.partition(";")[0].strip().lower() for item in offered.split(",") if not _REFUSED.search(item)}
        if encoding is not None and not names & {encoding, "*"}:
            return encoding
    return None


def _answered(run: Run) -> int:
    return run.first_answer + max(0, len(run.exchanges) - 1)

"""What the answer to a probe is worth.  Pure: a probe and a judged answer in, a verdict with its reasons out."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

from streamproof.judging.recorded import Recorded, worth
from streamproof.probing.call import MOST_HEAD, Called, Endpoint
from streamproof.probing.probes import Asking, Probe
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.finding import Finding
from streamproof_formats.http_findings import is_stream
from streamproof_formats.rules import broken
from streamproof_reports.document import Verdict

BUSY: Final = frozenset({429, 502, 503, 504})
"""Statuses that tell of the moment, not of the request."""

PASSING: Final = BUSY | {408, 409, 425, 500}
"""Statuses after which nothing can be said of what was asked for."""

NOT_IMPLEMENTED: Final = 501

QUIET_SHARE: Final = 0.25
"""Share of the time limit after whose silence a stream that has said its last word counts as left open."""

HINTS: Final[dict[int, str]] = {
    400: "does it know the model (--model) and the field that bounds the tokens (--token-field)?",
    401: "is the key right, and in the variable that --api-key-env names?",
    403: "is the key right, and in the variable that --api-key-env names?",
    404: "is the address right, and does it know the model (--model)?",
    405: "is the address right?",
    422: "does it know the model (--model) and the field that bounds the tokens (--token-field)?",
}
"""What to look at when even a plain request is refused."""


@attrs.frozen(kw_only=True)
class Ruling:
    """What the answer to one probe is worth, and why."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Setting:
    """What every ruling of a run depends on."""

    dialect: str
    endpoint: Endpoint
    asking: Asking
    strict: bool = False


def rule_on(probe: Probe, called: Called, recorded: Recorded, setting: Setting) -> Ruling:
    """Decides on one answer."""
    head = recorded.head
    if head is None:
        return _headless(called, recorded, setting)
    if 300 <= head.status < 400:
        to = f" to {head.header('location')}" if head.header("location") else ""
        return _unjudged(f"redirected with status {head.status}{to}: no redirect is followed, probe that address")
    if probe.wants == "refusal":
        return _refusal(probe, called, recorded, setting)
    if head.status >= 400:
        return _refused(probe, called, recorded, setting)
    if probe.wants == "abort":
        return _left(called, setting)
    return _stream(probe, called, recorded, setting)


def _unjudged(reason: str, *notes: str) -> Ruling:
    return Ruling(verdict="harness_error", reason=reason, notes=notes)


def _headless(called: Called, recorded: Recorded, setting: Setting) -> Ruling:
    if called.stopped == "time":
        return _unjudged(f"the head of the answer did not end within {setting.endpoint.timeout_s:g} s")
    if called.recording.size > MOST_HEAD:
        return _unjudged(f"the head of the answer is longer than {MOST_HEAD} bytes, which is as much as is read")
    return Ruling(verdict="fail", reason=f"the answer is no HTTP: {recorded.problem}")


def _refused(probe: Probe, called: Called, recorded: Recorded, setting: Setting) -> Ruling:
    """The answer is an error where a stream was due."""
    assert recorded.head is not None
    status = recorded.head.status
    reason = f"refused with status {status}: {said(recorded.body)}"
    findings = recorded.findings_so_far if called.stopped else recorded.findings
    if status in PASSING or (status > 500 and status != NOT_IMPLEMENTED):
        return _unjudged(reason, *(f"{finding.rule}: {finding.message}" for finding in findings))
    if probe.refusal_breaks is not None:
        found = broken(probe.refusal_breaks, f"expected a stream as to a plain request, found status {status}")
        return _worth((*findings, found), setting, reason=reason)
    if probe.needs is None:
        hint = f"; {HINTS[status]}" if status in HINTS else ""
        return _unjudged(reason + hint, *(f"{finding.rule}: {finding.message}" for finding in findings))
    if worth(findings, strict=setting.strict) == "fail":
        # It may refuse what it has not, but an error has its form.
        return _worth(findings, setting, reason=reason)
    return Ruling(verdict="skip", reason=reason, missing=(probe.needs,))


def _refusal(probe: Probe, called: Called, recorded: Recorded, setting: Setting) -> Ruling:
    assert recorded.head is not None
    status = recorded.head.status
    if status in BUSY:
        return _unjudged(f"answered with status {status}, which says nothing of the request: {said(recorded.body)}")
    if status < 400:
        return _accepted(probe, called, recorded, setting)
    if called.stopped is not None:
        return _unjudged(f"the refusal (status {status}) did not end within {_bound(called, setting)}")
    notes = []
    if status >= 500:
        notes.append(f"a mistake of the client's is answered with status {status}, which asks clients to try again")
    elif probe.wrong_key and status not in {401, 403}:
        notes.append(f"a key that is not valid is answered with status {status}, where 401 is documented")
    return _worth(recorded.findings, setting, problem=recorded.problem, notes=tuple(notes))


def _accepted(probe: Probe, called: Called, recorded: Recorded, setting: Setting) -> Ruling:
    """The answer is a success where a refusal was due."""
    message = recorded.judgement.message
    if message is None or message.ended != "error":
        if probe.wrong_key:
            reason = "the endpoint takes any key, so nothing can be said of wrong ones"
            return Ruling(verdict="skip", reason=reason, missing=("keys",))
        if probe.lenience is not None and called.stopped is None:
            return Ruling(verdict="fail" if setting.strict else "warn", reason=probe.lenience)
    # "An error known before the first byte is a normal 4xx or 5xx" is all that documents say of it.
    assert recorded.head is not None
    found = f"expected a status of 400 or above, found {recorded.head.status}"
    return _worth((broken("SSE-47", found),), setting)


def _left(called: Called, setting: Setting) -> Ruling:
    match called.stopped:
        case "asked":
            return Ruling(verdict="pass", notes=(f"left after {called.recording.size} bytes",))
        case None:
            reason = "the answer was whole before it could be left"
            return Ruling(verdict="skip", reason=reason, missing=("an answer that takes time",))
        case _:
            return _unjudged(f"no data came within {_bound(called, setting)}")


def _stream(probe: Probe, called: Called, recorded: Recorded, setting: Setting) -> Ruling:
    if called.stopped is not None:
        return _unended(probe, called, recorded, setting)
    findings = (*recorded.findings, *probe.looks_for(recorded.judgement.message, setting.asking))
    assert recorded.head is not None
    if probe.refusal_breaks is not None and not is_stream(recorded.head, DIALECTS[setting.dialect].content_type):
        kind = recorded.head.header("content-type") or "none"
        found = f"expected a stream as to a plain request, found content type {kind[:80]}"
        findings = (*findings, broken(probe.refusal_breaks, found))
    notes: tuple[str, ...] = ()
    if any(finding.rule == "OC-39" for finding in findings):
        notes = (f"perhaps it does not know {setting.asking.token_field}: see --token-field",)
    ruling = _worth(findings, setting, problem=recorded.problem, notes=notes)
    return ruling if ruling.verdict == "fail" else _proven(probe, recorded, ruling)


def _proven(probe: Probe, recorded: Recorded, ruling: Ruling) -> Ruling:
    """The ruling, unless the answer is too short of what the probe is about to prove anything."""
    message = recorded.judgement.message
    if message is None:
        return ruling
    warned = tuple(f"{finding.rule}: {finding.message}" for finding in ruling.findings)
    if message.error is not None:
        reason = f"answered with an error in the stream: {message.error.message or 'no words'}"
        if probe.needs is not None and not message.choices:
            return Ruling(verdict="skip", reason=reason, missing=(probe.needs,), notes=warned)
        return _unjudged(reason, *warned)
    if probe.must_show is not None and not any(getattr(choice, probe.must_show) for choice in message.choices):
        ends = ", ".join(sorted({choice.finish_reason or "none" for choice in message.choices}))
        reason = f"no tool call came before the answer was cut short (finish reason {ends}): see --tokens"
        return Ruling(verdict="skip", reason=reason, missing=("a longer answer",), notes=warned)
    return ruling


def _unended(probe: Probe, called: Called, recorded: Recorded, setting: Setting) -> Ruling:
    """The answer was not read to its end: what holds of its beginning is judged."""
    findings = recorded.findings_so_far
    bound = _bound(called, setting)
    if called.stopped == "bytes":
        tokens = probe.tokens(setting.asking)
        reason = f"the answer did not end within {bound}, and {tokens} tokens at most were asked for"
        return Ruling(verdict="fail", findings=_worst_first(findings), reason=reason)
    message = recorded.judgement.message
    has_ended = message is not None and message.ended in {"terminal", "error"}
    if has_ended and called.quiet_s >= QUIET_SHARE * setting.endpoint.timeout_s:
        # A client that reads to the end of the body, or means to use its connection again, waits for ever.
        found = f"expected the end of the body behind the last event, found none in {called.quiet_s:.1f} s"
        return _worth((*findings, broken("SSE-48", found)), setting)
    reason = f"the answer did not end within {bound} ({called.recording.size} bytes had come)"
    if worth(findings, strict=setting.strict) == "fail":
        return Ruling(verdict="fail", findings=_worst_first(findings), reason=reason)
    return _unjudged(reason)


def _worth(
    findings: tuple[Finding, ...],
    setting: Setting,
    *,
    reason: str | None = None,
    problem: str | None = None,
    notes: tuple[str, ...] = (),
) -> Ruling:
    verdict = worth(findings, problem=problem is not None, strict=setting.strict)
    return Ruling(verdict=verdict, findings=_worst_first(findings), reason=problem or reason, notes=notes)


def _worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    order = ("fail", "warn", "pass")
    return tuple(sorted(findings, key=lambda finding: order.index(worth([finding]))))


def _bound(called: Called, setting: Setting) -> str:
    return f"{setting.endpoint.timeout_s:g} s" if called.stopped == "time" else f"{setting.endpoint.max_bytes} bytes"


def said(body: bytes) -> str:
    """What an error says, in one line of 200 characters at most."""
    value: Any
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = body.decode("utf-8", "replace")
    if isinstance(value, dict):
        value = value.get("error", value)
    if isinstance(value, dict):
        value = value.get("message", value)
    return " ".join(str(value).split())[:200] or "no words"

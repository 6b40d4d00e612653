"""One HTML file that holds a whole run: it needs no network, no server and no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib import resources
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import jinja2
from markupsafe import Markup

from streamproof_reports.bytesview import byte_lines
from streamproof_reports.difference import Difference, compared, told
from streamproof_reports.document import CaseResult, Run, Verdict
from streamproof_reports.eventview import Excerpt, excerpt
from streamproof_reports.failure import (
    TIMED,
    DescribeRule,
    FindingGroup,
    RuleText,
    broken_rules,
    failure_key,
    finding_groups,
    gist,
    no_rules,
    place,
    rule_ids,
)
from streamproof_reports.line import Line
from streamproof_reports.matrix import matrix
from streamproof_reports.order import case_key
from streamproof_reports.summary import (
    FAILING,
    UNJUDGED,
    ending_text,
    outcome_text,
    skip_counts,
    totals_text,
    verdict_counts,
)
from streamproof_reports.text import pretty, visible, visible_lines
from streamproof_reports.timeline import Timeline, timeline

WORDS: Final[dict[Verdict, str]] = {
    "pass": "pass",
    "warn": "warn",
    "fail": "fail",
    "skip": "skip",
    "xfail": "known",
    "xpass": "xpass",
    "flaky": "flaky",
    "adapter_error": "adapter error",
    "harness_error": "harness error",
}
"""Verdict to the word in a cell."""


LISTED: Final[tuple[Verdict, ...]] = (
    "fail",
    "xpass",
    "flaky",
    "harness_error",
    "adapter_error",
    "warn",
    "xfail",
    "pass",
    "skip",
)
"""The order in which cases are listed."""

_RANK: Final = {verdict: rank for rank, verdict in enumerate(LISTED)}


@attrs.frozen(kw_only=True)
class Depth:
    """How much of a case is kept, so that a page of thousands of cases stays small."""

    rows: int
    """Of 16 bytes."""
    events: int
    marks: int
    lines: int
    """Of JSON, and of standard error."""


_FULL: Final = Depth(rows=32, events=40, marks=60, lines=400)
_SHORT: Final = Depth(rows=12, events=12, marks=24, lines=60)
_BRIEF: Final = Depth(rows=6, events=6, marks=0, lines=20)
_NONE: Final = Depth(rows=0, events=0, marks=0, lines=0)

_DEPTHS: Final = ((15, _FULL), (200, _SHORT))
"""The first so many cases that did not pass, to how much of each is kept."""

_PASS_DEPTHS: Final = ((10, _SHORT),)
_OPEN: Final = 10
_GROUPS: Final = 50


@attrs.frozen(kw_only=True)
class RuleView:
    """One rule that a case breaks, or that a failed check refers to."""

    id: str
    text: RuleText | None
    url: str | None
    """Only where it is safe to follow."""
    is_broken: bool
    """Whether the rule itself was judged."""


@attrs.frozen(kw_only=True)
class Wrong:
    """One thing that is wrong, and where what was said parts from what was expected."""

    group: FindingGroup | None
    """None for the message as a whole, where no finding tells two values."""
    differences: tuple[Difference, ...]
    more: int


@attrs.frozen(kw_only=True)
class CaseView:
    """What the template shows of one case."""

    number: int
    case: CaseResult
    word: str
    gist: str
    where: str | None
    is_open: bool
    is_timed: bool
    wrongs: tuple[Wrong, ...]
    more_groups: int
    rules: tuple[RuleView, ...]
    refs: tuple[str, ...]
    excerpt: Excerpt | None
    bytes: tuple[Line, ...]
    timeline: Timeline | None
    expected: tuple[str, ...]
    actual: tuple[str, ...]
    stderr: tuple[str, ...]


def _depth(rank: int, depths: Iterable[tuple[int, Depth]], rest: Depth) -> Depth:
    return next((depth for bound, depth in depths if rank < bound), rest)


def _link(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _json(value: Any, limit: int) -> tuple[str, ...]:
    if value is None or not limit:
        return ()
    lines = pretty(value)
    return lines if len(lines) <= limit else (*lines[:limit], f"({len(lines) - limit} more lines)")


def _rules(case: CaseResult, describe: DescribeRule) -> tuple[RuleView, ...]:
    texts = [(rule, describe(rule)) for rule in rule_ids(case)[:_GROUPS]]
    broken = broken_rules(case)
    return tuple(
        RuleView(id=rule, text=text, url=_link(text.url) if text else None, is_broken=rule in broken)
        for rule, text in texts
    )


def _wrong(group: FindingGroup | None, expected: Any, actual: Any) -> Wrong:
    found, more = compared(expected, actual) if told(expected) or told(actual) else ((), 0)
    return Wrong(group=group, differences=found, more=more)


def _wrongs(case: CaseResult) -> tuple[Wrong, ...]:
    wrongs = tuple(
        _wrong(group, group.first.expected, group.first.actual) for group in finding_groups(case.findings)[:_GROUPS]
    )
    if any(wrong.differences for wrong in wrongs) or case.verdict in ("pass", "skip"):
        return wrongs
    whole = _wrong(None, case.expected, case.actual)
    return (*wrongs, whole) if whole.differences else wrongs


def _view(number: int, case: CaseResult, depth: Depth, describe: DescribeRule, *, is_open: bool) -> CaseView:
    path, line = place(case)
    rules = _rules(case, describe)
    return CaseView(
        number=number,
        case=case,
        word=WORDS[case.verdict],
        gist="" if case.verdict == "pass" else gist(case),
        where=None if path is None else f"{path}:{line}" if line is not None else path,
        is_open=is_open,
        is_timed=any(finding.check in TIMED for finding in case.findings),
        wrongs=_wrongs(case),
        more_groups=max(len(finding_groups(case.findings)) - _GROUPS, 0),
        rules=rules,
        refs=tuple(ref for ref in case.refs if ref not in {rule.id for rule in rules}),
        excerpt=excerpt(case, depth.events),
        bytes=byte_lines(case, depth.rows) if depth.rows and case.sent else (),
        timeline=timeline(case.timeline, depth.marks),
        expected=_json(case.expected, depth.lines),
        actual=_json(case.actual, depth.lines),
        stderr=visible_lines(case.stderr or "", depth.lines) if depth.lines else (),
    )


def _views(run: Run, describe: DescribeRule) -> Iterable[CaseView]:
    """The cases: failures first, then warnings, then the rest, each in the order of their ids."""
    ordered = sorted(enumerate(run.cases), key=lambda numbered: (_RANK[numbered[1].verdict], case_key(numbered[1])))
    passes = others = 0
    seen: set[tuple[str, ...]] = set()
    for number, case in ordered:
        if case.verdict == "skip":
            yield _view(number, case, _NONE, describe, is_open=False)
        elif case.verdict == "pass":
            depth, passes = _depth(passes, _PASS_DEPTHS, _NONE), passes + 1
            yield _view(number, case, depth, describe, is_open=False)
        else:
            depth, others = _depth(others, _DEPTHS, _BRIEF), others + 1
            # The same failure in another delivery says nothing new: it stays folded.
            is_open = case.verdict in FAILING | UNJUDGED and len(seen) < _OPEN and failure_key(case) not in seen
            seen.add(failure_key(case))
            yield _view(number, case, depth, describe, is_open=is_open)


def _resource(name: str) -> str:
    return resources.files("streamproof_reports").joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _finalize(value: Any) -> Any:
    """Every text that the template prints passes here: nothing invisible reaches the page."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("streamproof_reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html_page(run: Run, describe: DescribeRule = no_rules) -> str:
    """The run as one HTML page; bytes and timelines of the many are kept short, what was cut is said."""
    style, script = _resource("report.css"), _resource("report.js")
    # Hashes in place of 'unsafe-inline': a script that came from the wire would not run even if it got into the page.
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    counts = verdict_counts(run.cases)
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            run=run,
            policy=policy,
            style=Markup(style),  # noqa: S704 (our own file)
            script=Markup(script),  # noqa: S704 (our own file)
            outcome=outcome_text(run),
            tone="bad" if counts.keys() & (FAILING | UNJUDGED) or ending_text(run) else "good",
            totals=totals_text(counts),
            ending=ending_text(run),
            counts=[(verdict, WORDS[verdict], counts[verdict]) for verdict in LISTED if verdict in counts],
            skips=skip_counts(run.cases),
            matrix=matrix(run.cases),
            words=WORDS,
            views=_views(run, describe),
        )
    )

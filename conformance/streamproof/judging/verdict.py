"""From failed checks to a verdict: the force of the scenario, the readings, `since`, `--strict`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import attrs

from streamproof.judging.checks import Failed, run_checks
from streamproof.judging.expectation import Expectation
from streamproof.judging.observed import Observed
from streamproof.judging.tables import CHECKS, FORCES, CheckName
from streamproof_formats.dialect import StreamFraming
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.rules import RULES
from streamproof_reports.document import CaseFinding
from streamproof_scenarios.model import Case, Scenario

BASE_RULES: Final[Mapping[CheckName, str]] = {"swallowed-error": "SSE-47"}
"""What a finding cites by its check where neither the scenario nor its dialect names a rule."""
FRAMING_RULES: Final[Mapping[StreamFraming, str]] = {"sse": "SSE-09", "ndjson": "ND-01"}
"""What it cites where nothing else is named."""


@attrs.frozen(kw_only=True)
class ClientVerdict:
    """What one play came to."""

    verdict: Literal["pass", "warn", "fail"]
    reading: str | None
    findings: tuple[CaseFinding, ...]
    expectation: Expectation
    """The reading that held, or the one that came nearest."""
    notes: tuple[str, ...] = ()


def judge_client(
    case: Case, readings: Sequence[Expectation], seen: Observed, *, newer: bool = False, strict: bool = False
) -> ClientVerdict:
    """Weighs one run: one reading has to hold as a whole, else the nearest is what it is judged by.

    `newer` says that the scenario is younger than the pinned catalogue: it warns, it does not fail.
    """
    tried = [(reading, run_checks(case.dialect, reading, seen)) for reading in readings]
    reading, failed = min(tried, key=lambda pair: (seen.outcome not in pair[0].outcomes, *_weight(pair[1])))
    lenient = FORCES[case.scenario.force] == "reading" or len(readings) > 1
    worths = [_worth(case.scenario, item, lenient=lenient, newer=newer) for item in failed]
    verdict: Literal["pass", "warn", "fail"] = "pass"
    if worths:
        verdict = "fail" if "fail" in worths or strict else "warn"
    held = not any(CHECKS[item.check].worst == "fail" for item in failed)
    return ClientVerdict(
        verdict=verdict,
        reading=reading.name if held else None,
        findings=tuple(_finding(case, item) for item in failed),
        expectation=reading,
        notes=_notes(reading, seen),
    )


def _weight(failed: Sequence[Failed]) -> tuple[int, int, int]:
    """Sorts readings of one outcome: fewest failing checks, then the less severe."""
    order = list(CHECKS)
    failing = [item for item in failed if CHECKS[item.check].worst == "fail"]
    worst = min((order.index(item.check) for item in failing), default=len(order))
    return (len(failing), -worst, len(failed))


def _worth(scenario: Scenario, failed: Failed, *, lenient: bool, newer: bool) -> Literal["fail", "warn"]:
    check = CHECKS[failed.check]
    if check.worst == "warn" or newer or FORCES[scenario.force] == "warn":
        return "warn"
    if lenient:
        return "fail" if check.fails_when_open else "warn"
    return "fail"


def _finding(case: Case, failed: Failed) -> CaseFinding:
    rule = RULES[rule_of(case, failed.check)]
    return CaseFinding(
        check=failed.check,
        rule=rule.id,
        level=rule.level.value,
        basis=rule.basis.value,
        message=failed.message,
        expected=failed.expected,
        actual=failed.actual,
        line=case.scenario.stream_mark.line if case.scenario.stream_mark else None,
    )


def rule_of(case: Case, check: CheckName) -> str:
    """The rule that a finding cites: the first of the scenario's refs, then of what it breaks, then the dialect's.

    A scenario of several dialects names rules of each: those of the others are none of this case's.
    """
    dialect = DIALECTS[case.dialect]
    others = tuple(other.rule_prefix for other in DIALECTS.values() if other is not dialect)
    named = [ref for ref in (*case.scenario.refs, *case.breaks) if ref in RULES and not ref.startswith(others)]
    if named:
        return named[0]
    return dialect.cites.get(check) or BASE_RULES.get(check) or FRAMING_RULES[dialect.framing]


def _notes(reading: Expectation, seen: Observed) -> tuple[str, ...]:
    notes = []
    if "connections" in reading.notes:
        connections = {exchange.connection for exchange in seen.exchanges}
        notes.append(f"{len(seen.exchanges)} requests over {len(connections)} connections")
    if seen.extra_output:
        notes.append(f"beside the text the client printed: {seen.extra_output[:300]!r}")
    return tuple(notes)

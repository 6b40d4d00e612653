"""From failed checks to a verdict: force, readings, age, strictness, and the rule that a finding cites."""

from __future__ import annotations

from typing import Any

import pytest

from streamproof.adapters.said import CAPABILITIES, Hello, Said
from streamproof.judging.cost import judge_cost
from streamproof.judging.expectation import Expectation
from streamproof.judging.failed import Failed
from streamproof.judging.observed import Observed, SaidChoice, SaidError
from streamproof.judging.verdict import ClientVerdict, finding_of, judge_client, rule_of
from streamproof_mock.journal import Exchange
from streamproof_scenarios.cases import cases
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case


def case(more: str = "", dialect: str = "openai-chat") -> Case:
    text = (
        f"title: t\ndialect: {dialect}\n{more}stream: {{steps: [role: assistant, text: Hello, finish: stop, done]}}\n"
    )
    return cases(loads(text, path="by/hand.yaml", id="by/hand"))[-1]


def wanted(outcome: str = "complete", name: str | None = None, **fields: Any) -> Expectation:
    own: dict[int, Any] = {0: {"text": "Hello"}} if outcome == "complete" else {}
    given = {"outcomes": frozenset({outcome}), "choices": own, "all_choices": False, **fields}
    return Expectation(name=name, **given)


def exchange(**fields: Any) -> Exchange:
    return Exchange(
        nonce="n", case=None, number=0, connection=0, method="POST", path="/", http="1.1", headers=(), body={}, **fields
    )


def seen(
    text: str = "Hello", *, outcome: Any = "complete", ended: Any = "result", late: int = 0, extra: str = ""
) -> Observed:
    return Observed(
        said=Said(result={}, ended=ended, started_ns=0, ended_ns=1),
        hello=Hello(client="c", dialects=("openai-chat",), reports="message", capabilities=frozenset(CAPABILITIES)),
        exchanges=[exchange(late=late)],
        outcome=None if ended != "result" else outcome,
        choices={0: SaidChoice(index=0, text=text, finish_reason="stop")},
        usage=None,
        error=SaidError(message="no") if outcome == "error" else None,
        deltas={},
        extra_output=extra,
    )


def judged(force: str, observed: Observed, *readings: Expectation, **options: Any) -> ClientVerdict:
    return judge_client(case(f"force: {force}\n"), readings or (wanted(),), observed, **options)


LOST, DAMAGED = seen("Heo"), seen("Hallo")
HANG, CRASH = seen(ended="hang"), seen(ended="crash")

VERDICTS: list[tuple[str, str, Observed]] = [
    ("must", "pass", seen()),
    ("must", "fail", DAMAGED),
    ("must", "fail", HANG),
    ("must", "warn", seen(late=1)),
    ("documented", "fail", DAMAGED),
    ("quirk", "warn", DAMAGED),
    ("quirk", "warn", LOST),
    ("quirk", "warn", HANG),
    ("open", "pass", seen()),
    ("open", "warn", DAMAGED),
    ("open", "warn", seen(outcome="error")),
    ("open", "fail", LOST),
    ("open", "fail", HANG),
    ("open", "fail", CRASH),
]


@pytest.mark.parametrize(("force", "verdict", "observed"), VERDICTS)
def test_force_weighs_what_failed(force: str, verdict: str, observed: Observed) -> None:
    assert judged(force, observed).verdict == verdict


READ, REFUSED = wanted(name="read"), wanted("error", name="refused")

READINGS: list[tuple[str, Observed, str, str | None]] = [
    ("the first holds", seen(), "pass", "read"),
    ("the second holds", seen(outcome="error"), "pass", "refused"),
    ("none holds, leniently", DAMAGED, "warn", None),
    ("none holds, and text is lost in silence", LOST, "fail", None),
    ("one holds but for a warning", seen(late=1), "warn", "read"),
]


@pytest.mark.parametrize(("about", "observed", "verdict", "reading"), READINGS, ids=[row[0] for row in READINGS])
def test_of_several_readings_one_must_hold(about: str, observed: Observed, verdict: str, reading: str | None) -> None:
    found = judged("must", observed, READ, REFUSED)
    assert (found.verdict, found.reading) == (verdict, reading)


def test_the_nearest_reading_is_one_of_the_outcome_that_was_seen() -> None:
    # No error was sent, so none was swallowed: two wrong texts against "read" come nearer than one against "refused".
    found = judged("open", seen("Hallo", late=1), REFUSED, READ)
    assert [finding.check for finding in found.findings] == ["wrong-text", "late"]
    assert found.expectation is READ


def test_a_scenario_newer_than_the_pinned_set_warns() -> None:
    assert judged("must", LOST, newer=True).verdict == "warn"


@pytest.mark.parametrize("observed", [seen(late=1), DAMAGED])
def test_strict_makes_every_warning_a_failure(observed: Observed) -> None:
    assert judged("quirk", observed, strict=True).verdict == "fail"
    assert judged("quirk", seen(), strict=True).verdict == "pass"


def test_what_was_printed_beside_the_text_is_noted() -> None:
    assert judged("must", seen(extra="Traceback")).notes == ("beside the text the client printed: 'Traceback'",)


CITED: list[tuple[str, str, str, str]] = [
    ("the first rule of refs", 'refs: ["a/b#1", OC-20, OC-04]\n', "openai-chat", "OC-20"),
    ("one of the case's own dialect", "refs: [OC-12, WA-05]\n", "[openai-chat, workers-ai]", "WA-05"),
    ("one of the framing", "refs: [SSE-05, OC-04]\n", "openai-chat", "SSE-05"),
    ("what the stream breaks", "breaks: [OC-14]\n", "openai-chat", "OC-14"),
    ("that of the check", "", "openai-chat", "OC-04"),
    ("that of the check and dialect", "", "workers-ai", "WA-03"),
]


@pytest.mark.parametrize(("about", "more", "dialect", "rule"), CITED, ids=[row[0] for row in CITED])
def test_a_finding_cites(about: str, more: str, dialect: str, rule: str) -> None:
    assert rule_of(case(more, dialect), "silent-truncation") == rule


def test_a_finding_has_level_basis_and_line() -> None:
    found = finding_of(case("refs: [OC-04]\n"), Failed("resent", "twice", 1, 2))
    assert (found.rule, found.level, found.expected, found.actual, found.line) == ("OC-04", "MUST", 1, 2, 4)


@pytest.mark.parametrize(
    ("large_s", "small_s", "slow"),
    [
        (0.2, 0.001, False),  # too fast to be noticed
        (1.0, 0.25, False),  # linear
        (1.0, 0.1, False),  # noise
        (1.6, 0.1, True),  # the square
        (3.0, 0.0, True),
    ],
)
def test_cost_is_slow_when_it_grows_much_faster_than_the_stream(large_s: float, small_s: float, slow: bool) -> None:
    found = judge_cost(large_s, small_s)
    assert (found is not None and found.check == "slow") == slow

"""Counts, totals, exit codes and the JSON of `check --format json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from streamproof_reports.document import VERDICTS, CaseResult, Footer, Run
from streamproof_reports.summary import (
    check_json,
    ending_text,
    exit_code,
    footer_of,
    outcome_text,
    skip_counts,
    totals_text,
    verdict_counts,
)

Make = Callable[..., CaseResult]


@pytest.mark.parametrize(
    ("verdicts", "interrupted", "code"),
    [
        ("", False, 0),
        ("pass", False, 0),
        ("pass warn skip xfail", False, 0),
        ("fail", False, 1),
        ("xpass", False, 1),
        ("flaky", False, 1),
        ("adapter_error", False, 3),
        ("harness_error", False, 3),
        ("pass adapter_error harness_error", False, 3),
        ("harness_error fail", False, 1),
        ("adapter_error xpass", False, 1),
        ("flaky harness_error", False, 1),
        ("", True, 130),
        ("pass", True, 130),
        ("fail harness_error", True, 130),
    ],
)
def test_exit_codes(verdicts: str, interrupted: bool, code: int, make_case: Make) -> None:
    assert exit_code([make_case(verdict=verdict) for verdict in verdicts.split()], interrupted) == code


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, "0 cases: 0 passed, 0 failed, 0 skipped"),
        ({"pass": 1}, "1 case: 1 passed, 0 failed, 0 skipped"),
        ({"skip": 1}, "1 case: 0 passed, 0 failed, 1 skipped"),
        ({"pass": 1200, "fail": 3, "skip": 12}, "1,215 cases: 1,200 passed, 3 failed, 12 skipped"),
        (
            dict.fromkeys(reversed(VERDICTS), 2),
            (
                "18 cases: 2 passed, 2 failed, 2 flaky, 2 passed against expectation, 2 warned, 2 known to fail, "
                "2 skipped, 2 adapter errors, 2 harness errors"
            ),
        ),
        (
            {"harness_error": 1, "adapter_error": 1},
            "2 cases: 0 passed, 0 failed, 0 skipped, 1 adapter error, 1 harness error",
        ),
    ],
)
def test_the_line_of_totals_has_one_order(counts: dict[str, int], text: str) -> None:
    assert totals_text(counts) == text


def test_counts_leave_out_what_did_not_occur(make_case: Make) -> None:
    cases = [make_case(verdict=verdict) for verdict in ("skip", "pass", "pass")]
    assert verdict_counts(cases) == {"pass": 2, "skip": 1}
    assert list(verdict_counts(cases)) == ["pass", "skip"]


def test_skips_are_counted_by_capability(make_case: Make) -> None:
    cases = [
        make_case(verdict="skip", missing=("tools", "n")),
        make_case(verdict="skip", missing=("tools",)),
        make_case(verdict="skip", reason="the client offered no encoding"),
        make_case(verdict="skip", missing=(), reason=None),
        make_case(verdict="pass", missing=("usage",)),
    ]
    assert skip_counts(cases) == {"n": 1, "no reason given": 1, "the client offered no encoding": 1, "tools": 2}


def test_the_footer_adds_up(make_case: Make) -> None:
    cases = [make_case(), make_case(verdict="skip", missing=("n",))]
    assert footer_of(cases, duration_s=2.0, interrupted=True) == Footer(
        counts={"fail": 1, "skip": 1}, skipped_for={"n": 1}, duration_s=2.0, interrupted=True, exit_code=130
    )


@pytest.mark.parametrize(
    ("verdicts", "text"),
    [
        ("pass", "conforms"),
        ("pass skip", "conforms"),
        ("pass warn", "conforms, with warnings"),
        ("pass xfail warn", "conforms but for known failures"),
        ("skip", "nothing was judged"),
        ("", "nothing was judged"),
        ("pass harness_error", "could not be judged in full"),
        ("pass fail harness_error", "does not conform"),
        ("pass flaky", "does not conform"),
        ("xpass", "does not conform"),
    ],
)
def test_the_outcome_in_words(verdicts: str, text: str, make_case: Make, make_run: Callable[..., Run]) -> None:
    assert outcome_text(make_run(*(make_case(verdict=verdict) for verdict in verdicts.split()))) == text


def test_a_run_that_is_not_whole_never_conforms(make_case: Make, make_run: Callable[..., Run]) -> None:
    passed = make_case(verdict="pass")
    interrupted = footer_of([passed], duration_s=1.0, interrupted=True)
    for run, ending in [
        (make_run(passed, footer=None, planned=9), "the run broke off: 1 of 9 planned cases reported"),
        (make_run(passed, footer=interrupted, planned=9), "the run was interrupted: 1 of 9 planned cases reported"),
        (make_run(passed, planned=9), "the run is not whole: 1 of 9 planned cases reported"),
    ]:
        assert ending_text(run) == ending
        assert outcome_text(run) == "not judged to the end"
    lost = attrs.evolve(make_run(passed), problems=("line 2 is not a JSON object: left out",))
    assert outcome_text(lost) == "not judged to the end"
    assert ending_text(make_run(passed)) is None


FINDING = {"check", "rule", "level", "basis", "message", "expected", "actual"}
CASE = {"case", "dialect", "delivery", "client", "verdict", "reading", "reason", "findings"}


def test_check_json_has_exactly_the_promised_keys(benign: Run) -> None:
    told = check_json(benign)
    assert set(told) == {"counts", "skipped_for", "cases"}
    assert told["counts"] == dict.fromkeys(VERDICTS, 1)
    assert told["skipped_for"] == {"tools": 1}
    for case, shown in zip(benign.cases, told["cases"], strict=True):
        assert set(shown) == CASE | {"probe" if case.probe is not None else "scenario"}
        assert all(set(finding) == FINDING for finding in shown["findings"])
    first: dict[str, Any] = told["cases"][2]["findings"][0]
    assert first == {
        "check": "silent-truncation",
        "rule": "OC-07",
        "level": "MUST",
        "basis": "DOC",
        "message": "text is missing",
        "expected": "Hello",
        "actual": "Hel",
    }
    json.dumps(told)


def test_check_json_counts_the_cases_and_not_the_footer(benign: Run) -> None:
    wrong = attrs.evolve(benign, footer=Footer(counts={"pass": 99}, skipped_for={"n": 9}, duration_s=0.0))
    assert check_json(wrong) == check_json(benign)
    assert check_json(attrs.evolve(benign, footer=None)) == check_json(benign)

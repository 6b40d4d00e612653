"""Annotations and the badge."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from streamproof_reports.annotations import annotation_lines
from streamproof_reports.badge import badge
from streamproof_reports.document import CaseResult, Run

Make = Callable[..., CaseResult]


def test_an_annotation_names_file_line_and_what_is_wrong(make_case: Make, make_run: Callable[..., Run]) -> None:
    assert annotation_lines(make_run(make_case())) == (
        "::error file=scenarios/openai_chat/text.yaml,line=12,title=openai-chat/text/case-0 [bytewise] naive::"
        "silent-truncation: text is missing (and 1 more); 2 other checks too%0Areproduce: streamproof replay 7f3a\n"
    )


def test_a_case_without_a_file_is_annotated_too(make_case: Make, make_run: Callable[..., Run]) -> None:
    assert annotation_lines(make_run(make_case(path=None))).startswith("::error title=openai-chat/text/case-0 ")


def test_ten_at_most_then_one_that_counts_the_rest(make_case: Make, make_run: Callable[..., Run]) -> None:
    for number, rest in [(10, 0), (11, 1), (30, 20)]:
        lines = annotation_lines(make_run(*(make_case(case=f"a/{at}") for at in range(number)))).splitlines()
        assert len([line for line in lines if line.startswith("::error ")]) == 10
        noun = "failure" if rest == 1 else "failures"
        assert lines[10:] == ([f"::notice title=streamproof::and {rest} more {noun}"] if rest else [])


def test_deliveries_of_one_failure_are_one_annotation(make_case: Make, make_run: Callable[..., Run]) -> None:
    cases = [make_case(delivery=delivery) for delivery in ("whole", "bytewise")]
    assert len(annotation_lines(make_run(*cases)).splitlines()) == 1


def test_only_what_fails_or_could_not_be_judged_is_annotated(benign: Run) -> None:
    assert len(annotation_lines(benign).splitlines()) == 5


def test_hostile_text_starts_no_command_and_no_property(benign: Run, hostile: Run) -> None:
    lines = annotation_lines(hostile).split("\n")
    assert [line[:8] for line in lines] == [line[:8] for line in annotation_lines(benign).split("\n")]
    for line in lines[:-1]:
        assert line.isprintable()
        properties = line.removeprefix("::error ").partition("::")[0]
        assert [item.partition("=")[0] for item in properties.split(",")] == ["file", "line", "title"]


def test_percent_signs_are_escaped(make_case: Make, make_run: Callable[..., Run]) -> None:
    text = annotation_lines(make_run(make_case(path="100%,a:b.yaml", findings=(), reason="5% 1,2 a:b", reproduce=())))
    assert text == (
        "::error file=100%25%2Ca%3Ab.yaml,line=3,title=openai-chat/text/case-0 [bytewise] naive::5%25 1,2 a:b\n"
    )


def test_a_run_that_broke_off_is_an_error(make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(make_case(verdict="pass"), footer=None, planned=9)
    assert annotation_lines(run) == "::error title=streamproof::the run broke off: 1 of 9 planned cases reported\n"
    assert annotation_lines(make_run(make_case(verdict="pass"))) == ""


@pytest.mark.parametrize(
    ("verdicts", "message", "color"),
    [
        ("pass pass", "2 of 2 pass", "brightgreen"),
        ("pass skip", "1 of 1 pass, 1 skipped", "brightgreen"),
        ("pass warn", "1 of 2 pass", "yellow"),
        ("pass xfail", "1 of 2 pass", "yellow"),
        ("pass fail", "1 of 2 pass", "red"),
        ("pass flaky", "1 of 2 pass", "red"),
        ("pass xpass", "1 of 2 pass", "red"),
        ("pass harness_error", "1 of 2 pass", "lightgrey"),
        ("skip", "0 of 0 pass, 1 skipped", "lightgrey"),
        ("", "0 of 0 pass", "lightgrey"),
    ],
)
def test_the_badge(verdicts: str, message: str, color: str, make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(*(make_case(verdict=verdict) for verdict in verdicts.split()))
    assert badge(run) == {"schemaVersion": 1, "label": "streamproof", "message": message, "color": color}


def test_the_badge_of_a_run_that_is_not_whole_is_never_green(make_case: Make, make_run: Callable[..., Run]) -> None:
    broken = badge(make_run(make_case(verdict="pass"), footer=None, planned=2))
    assert (broken["message"], broken["color"]) == ("1 of 1 pass, not whole", "lightgrey")
    lost = badge(attrs.evolve(make_run(make_case(verdict="pass")), problems=("line 2 is lost",)))
    assert lost["color"] == "lightgrey"

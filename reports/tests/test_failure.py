"""A failure has five blocks, always all five and always in this order."""

from __future__ import annotations

import base64
from collections.abc import Callable

import attrs
import pytest

from streamproof_reports.document import VERDICTS, CaseFinding, CaseResult, Run
from streamproof_reports.failure import (
    RuleText,
    also,
    blocks_text,
    failure_blocks,
    finding_groups,
    gist,
    headline,
    place,
    same_failures,
)

Make = Callable[..., CaseResult]
Describe = Callable[[str], RuleText]

BARE = CaseResult(case="a/b", scenario="a/b", title="", dialect="sse", delivery=None, client=None, verdict="fail")


def finding(check: str, rule: str | None = None, **changes: object) -> CaseFinding:
    return attrs.evolve(CaseFinding(check=check, rule=rule, level=None, basis=None, message="m"), **changes)


@pytest.mark.parametrize("name", ["benign", "hostile"])
def test_every_case_has_the_five_blocks_in_order(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    for case in (*run.cases, *(attrs.evolve(BARE, verdict=verdict) for verdict in VERDICTS)):
        blocks = failure_blocks(case)
        assert [block.name for block in blocks] == ["where", "rule", "sent", "said", "reproduce"]
        assert all(block.lines for block in blocks)
        assert all(line.text.isprintable() for block in blocks for line in block.lines)


def test_the_anatomy_as_text(make_case: Make, describe: Describe) -> None:
    case = make_case(
        findings=(finding("silent-truncation", "OC-07", expected="Hello", actual="Hel", start=6, end=8, line=12),),
        sent=base64.b64encode(b"data: [DONE]\n\n").decode(),
        sent_total=14,
        notes=(),
    )
    assert blocks_text(failure_blocks(case, describe)).splitlines() == [
        "where       scenarios/openai_chat/text.yaml:12",
        "            A title",
        "",
        "rule        OC-07  The stream ends with [DONE]",
        "            API reference › Streaming",
        "            https://docs.example/",
        "            streamproof explain OC-07",
        "",
        "sent        body bytes 0 to 13 of 14; the finding is at 6 to 7",
        "            0000  64 61 74 61 3a 20 5b 44  4f 4e 45 5d 0a 0a        data: [DONE]..",
        "                                    ^^^^^                                 ^^",
        "",
        "client said silent-truncation: m",
        '            said      "Hel"',
        '            expected  "Hello"',
        "                          ^^ missing",
        "",
        "reproduce   streamproof replay 7f3a",
        "            curl -N http://127.0.0.1",
    ]


def test_what_is_not_known_is_said() -> None:
    assert blocks_text(failure_blocks(BARE)).splitlines() == [
        "where       the file of the scenario is not recorded",
        "",
        "rule        no rule was judged",
        "",
        "sent        the bytes were not kept",
        "",
        "client said nothing was recorded",
        "",
        "reproduce   no command was recorded",
    ]


def test_a_probe_received_and_found() -> None:
    case = attrs.evolve(BARE, scenario=None, probe="a/b", findings=(finding("rule", "OC-07", expected="a", actual=""),))
    text = blocks_text(failure_blocks(case))
    assert "where       probe a/b" in text
    assert "received    the bytes were not kept" in text
    assert 'found       OC-07: m\n            found     ""\n            expected  "a"' in text


def test_findings_of_one_check_collapse() -> None:
    groups = finding_groups([finding("late"), *[finding("wrong-text")] * 7, finding("late")])
    assert [(group.first.check, group.message) for group in groups] == [
        ("late", "m (and 1 more)"),
        ("wrong-text", "m (and 6 more)"),
    ]


def test_findings_of_an_endpoint_collapse_by_rule() -> None:
    groups = finding_groups([finding("rule", "OC-07"), finding("rule", "OC-08"), finding("rule", "OC-07")])
    assert [(group.name, group.number) for group in groups] == [("OC-07", 2), ("OC-08", 1)]


def test_without_values_of_findings_the_whole_messages_are_compared() -> None:
    case = attrs.evolve(BARE, findings=(finding("wrong-text"),), expected={"text": "ab"}, actual={"text": "a"})
    said = failure_blocks(case)[3]
    assert [line.text for line in said.lines] == [
        "wrong-text: m",
        "at        text",
        'said      "a"',
        'expected  "ab"',
        "            ^ missing",
    ]


def test_many_rules_and_checks_are_counted() -> None:
    case = attrs.evolve(BARE, findings=tuple(finding(f"check-{at}", f"OC-{at}") for at in range(9)))
    blocks = failure_blocks(case, limit=2)
    assert blocks[1].lines[-1].text == "(and 7 more: OC-2, OC-3, OC-4, OC-5, OC-6, OC-7, OC-8)"
    assert blocks[3].lines[-1].text == "(and 7 other checks)"


@pytest.mark.parametrize(("check", "is_said"), [("hang", True), ("late", True), ("wrong-text", False)])
def test_what_rests_on_time_is_said_to(check: str, is_said: bool) -> None:
    text = blocks_text(failure_blocks(attrs.evolve(BARE, findings=(finding(check),))))
    assert (f"what {check} found rests on time" in text) == is_said


@pytest.mark.parametrize(("check", "shown"), [("rule", "OC-07 MUST DOC"), ("late", "OC-07")])
def test_an_unknown_rule_is_shown_by_its_id_and_by_its_level_where_it_was_judged(check: str, shown: str) -> None:
    case = attrs.evolve(BARE, findings=(finding(check, "OC-07", level="MUST", basis="DOC"),))
    assert [line.text for line in failure_blocks(case)[1].lines] == [shown, "streamproof explain OC-07"]


def test_a_rule_has_its_strength_only_where_it_was_judged(make_case: Make, describe: Describe) -> None:
    case = make_case(findings=(finding("late", "OC-17b"), finding("rule", "OC-04")))
    lines = [line.text for line in failure_blocks(case, describe)[1].lines]
    assert "OC-17b  The stream ends with [DONE]" in lines
    assert "OC-04 MUST  The stream ends with [DONE]" in lines


@pytest.mark.parametrize(
    ("start", "end", "as_hex", "second"),
    [
        (None, None, False, "0000  data: [DONE]"),
        (6, 8, False, "0000  64 61 74 61 3a 20 5b 44  4f 4e 45 5d 0a 0a        data: [DONE].."),
        (0, 14, True, "0000  64 61 74 61 3a 20 5b 44  4f 4e 45 5d 0a 0a        data: [DONE].."),
        (0, 100, False, "0000> data: [DONE]"),
    ],
)
def test_bytes_are_text_but_where_few_of_them_are_in_question(
    start: int | None, end: int | None, as_hex: bool, second: str, make_case: Make
) -> None:
    case = make_case(
        findings=(finding("rule", start=start, end=end),),
        sent=base64.b64encode(b"data: [DONE]\n\n").decode(),
        sent_total=14,
    )
    assert failure_blocks(case, as_hex=as_hex)[2].lines[1].text == second


def test_the_place_is_the_line_of_a_finding_before_that_of_the_stream(make_case: Make) -> None:
    assert place(make_case()) == ("scenarios/openai_chat/text.yaml", 12)
    assert place(make_case(findings=())) == ("scenarios/openai_chat/text.yaml", 3)


def test_names_and_gists() -> None:
    assert headline(attrs.evolve(BARE, delivery="whole", client="naive")) == "a/b [whole] naive"
    assert gist(BARE) == "no reason was given"
    assert gist(attrs.evolve(BARE, reason="a\nb")) == r"a\nb"
    assert gist(attrs.evolve(BARE, findings=(finding("late"), finding("hang")))) == "late: m; 1 other check too"


def test_failures_alike_are_one() -> None:
    def case(delivery: str, *checks: str, client: str = "x") -> CaseResult:
        return attrs.evolve(BARE, delivery=delivery, client=client, findings=tuple(map(finding, checks)))

    one, two, three, four = (
        case("a", "late"),
        case("b", "late", "late"),
        case("c", "hang"),
        case("d", "late", client="y"),
    )
    assert same_failures([one, three, two, four]) == ((one, (two,)), (three, ()), (four, ()))
    assert also([]) is None
    assert also([two, three]) == "the same in: b, c"

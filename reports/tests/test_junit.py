"""JUnit XML keeps failures, errors and skips apart, and holds any text."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import attrs
import pytest
from junitparser import Error, Failure, JUnitXml, Properties, Skipped

from streamproof_reports.document import CaseResult, Run
from streamproof_reports.failure import RuleText
from streamproof_reports.junit import junit

Make = Callable[..., CaseResult]


def parsed(run: Run) -> JUnitXml:
    return JUnitXml.fromstring(junit(run))


KINDS = {
    "pass": None,
    "warn": None,
    "fail": Failure,
    "xpass": Failure,
    "flaky": Failure,
    "skip": Skipped,
    "xfail": Skipped,
    "adapter_error": Error,
    "harness_error": Error,
}


@pytest.mark.parametrize("name", ["benign", "hostile"])
def test_each_verdict_is_its_kind(name: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    document = parsed(run)
    cases = {}
    for suite in document:
        for test in suite:
            verdict = next(item.value for item in test.child(Properties) if item.name == "verdict")
            cases[verdict] = test
    assert set(cases) == set(KINDS)
    for verdict, test in cases.items():
        kind = KINDS[verdict]
        assert [type(result) for result in test.result] == ([] if kind is None else [kind])
    assert (document.tests, document.failures, document.errors, document.skipped) == (9, 3, 2, 2)


def test_a_suite_for_each_folder(make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(
        make_case(scenario="a/b/one", case="a/b/one"),
        make_case(scenario="a/c/two", case="a/c/two"),
        make_case(scenario="a/b/three", case="a/b/three[end=fin]"),
        make_case(scenario=None, probe="first", dialect="gemini"),
    )
    found = [(suite.name, [test.name for test in suite]) for suite in parsed(run)]
    assert found == [
        ("a/b", ["a/b/one [bytewise] naive", "a/b/three[end=fin] [bytewise] naive"]),
        ("a/c", ["a/c/two [bytewise] naive"]),
        ("gemini", ["openai-chat/text/case-0 [bytewise] naive"]),
    ]
    assert [test.classname for suite in parsed(run) for test in suite] == ["a.b", "a.b", "a.c", "gemini"]


def test_a_failure_holds_the_five_blocks_and_the_rules(
    make_case: Make, make_run: Callable[..., Run], describe: Callable[[str], RuleText]
) -> None:
    root = ET.fromstring(junit(make_run(make_case()), describe))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "fail"
    assert failure.get("message") == "silent-truncation: text is missing (and 1 more); 2 other checks too"
    labels = re.findall(r"^(where|rule|sent|client said|reproduce) ", failure.text or "", re.MULTILINE)
    assert labels == ["where", "rule", "sent", "client said", "reproduce"]
    rules = [item.get("value") for item in root.iterfind(".//testcase/properties/property[@name='rule']")]
    assert rules == ["OC-07", "OC-09"]
    assert root.findtext(".//system-err") == "Traceback\nValueError: x"
    testcase = root.find(".//testcase")
    assert testcase is not None
    assert testcase.get("time") == "0.41"


def test_any_text_survives_and_all_of_it_is_visible(hostile: Run) -> None:
    root = ET.fromstring(junit(hostile))
    tags = {element.tag for element in root.iter()}
    assert tags == {
        *("testsuites", "testsuite", "testcase", "properties", "property"),
        *("failure", "error", "skipped", "system-out", "system-err"),
    }
    for element in root.iter():
        for text in (*element.attrib.values(), (element.text or "").strip()):
            assert all(line.isprintable() for line in text.split("\n"))
    messages = [element.get("message") or "" for element in root.iter("failure")]
    assert all(r"\x00\x07\x1b[31m" in message and r"\udfff\ud800\uffff" in message for message in messages)


def test_a_skip_tells_what_is_missing(make_case: Make, make_run: Callable[..., Run]) -> None:
    root = ET.fromstring(junit(make_run(make_case(verdict="skip", missing=("n", "tools"), findings=()))))
    assert [element.get("message") for element in root.iter("skipped")] == ["for want of n, tools"]


def test_a_warning_passes_and_is_told(make_case: Make, make_run: Callable[..., Run]) -> None:
    root = ET.fromstring(junit(make_run(make_case(verdict="warn"))))
    assert (root.findtext(".//system-out") or "").startswith("WARN silent-truncation: text is missing")


def test_a_run_that_is_not_whole_has_an_error(make_case: Make, make_run: Callable[..., Run]) -> None:
    passed = make_case(verdict="pass", findings=())
    broken = make_run(passed, footer=None, planned=9)
    assert (parsed(broken).tests, parsed(broken).errors) == (2, 1)
    lost = attrs.evolve(make_run(passed), problems=("line 2 is not a JSON object: left out",))
    assert [element.get("message") for element in ET.fromstring(junit(lost)).iter("error")] == list(lost.problems)
    assert parsed(make_run(passed)).errors == 0

"""Every client of `clients/` plays the whole catalogue: what it gets is what we say it gets, and we say why."""

from __future__ import annotations

from typing import Any, Final

import pytest

from streamproof.gallery.verdicts import changes, lines_of, read_verdicts

from .stage import SPECS, Stage

pytestmark = pytest.mark.replay


def _grouped(value: str, name: str) -> Any:
    # All tests of a client look at the same plays: where tests are spread over processes, they stay together.
    return pytest.param(value, marks=pytest.mark.xdist_group(name))


LABELS: Final = [_grouped(label, spec.name) for label, spec in SPECS.items()]
NAMES: Final = [_grouped(name, name) for name in sorted({spec.name for spec in SPECS.values()})]
SMALLEST: Final = "plain/text-in-one-delta"
RAISES_AT_ITS_END: Final = frozenset({"chatbot-api-python:sample"})
"""Its document's code parses [DONE] as JSON, so that it fails even the smallest stream, with the text said."""


@pytest.mark.parametrize("label", LABELS)
def test_a_client_reads_the_smallest_stream(label: str, stage: Stage) -> None:
    row = stage.play(label)
    assert row.hello is not None
    cases = [case for case in row.cases if case.scenario == SMALLEST and case.dialect in row.hello.dialects]
    assert {case.dialect for case in cases} == set(row.hello.dialects)
    for case in cases:
        if label in RAISES_AT_ITS_END:
            assert case.verdict == "fail"
            assert [choice["text"] for choice in case.actual["choices"]] == ["Hello"]
        else:
            assert case.verdict == "pass", (case.case, case.findings)


@pytest.mark.parametrize("label", LABELS)
def test_the_verdicts_are_those_that_are_kept(label: str, stage: Stage) -> None:
    assert changes(read_verdicts(SPECS[label]), lines_of(stage.play(label))) == [], (
        "a verdict changed: find out why, then run `streamproof clients results --verdicts`"
    )


@pytest.mark.parametrize("label", LABELS)
def test_every_failure_has_been_looked_into(label: str, stage: Stage) -> None:
    assert [case.case for case in stage.play(label).unexplained] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_cause_outlives_its_failures(name: str, stage: Stage) -> None:
    rows = [stage.play(label) for label, spec in SPECS.items() if spec.name == name]
    wrong = {case.case for row in rows for case in row.wrong}
    named = rows[0].failures.named
    assert [line.pattern for line in named if not any(line.matches(case) for case in wrong)] == []


@pytest.mark.parametrize("label", LABELS)
def test_nothing_is_left_unjudged(label: str, stage: Stage) -> None:
    assert [case.case for case in stage.play(label).cases if case.verdict in {"adapter_error", "harness_error"}] == []


@pytest.mark.xdist_group("openai-python")
def test_the_official_sdk_gets_the_same_verdicts_twice(stage: Stage) -> None:
    label = "openai-python:stream-helper"  # of the others, what is kept is the other time
    first, second = stage.play(label, 1), stage.play(label, 2)
    verdicts = [{(case.case, case.delivery): case.verdict for case in row.cases} for row in (first, second)]
    assert verdicts[0] == verdicts[1]
    assert "flaky" not in verdicts[0].values()

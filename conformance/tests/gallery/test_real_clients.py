"""Every client of `clients/` plays the whole catalogue: what it gets is what we say it gets, and we say why.

There is one test a client, so that where tests are spread over processes each client is set up and played in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pytest

from streamproof.gallery.row import Row
from streamproof.gallery.verdicts import changes, lines_of, read_verdicts

from .stage import SPECS, Stage

pytestmark = pytest.mark.replay

SMALLEST: Final = "plain/text-in-one-delta"
RAISES_AT_ITS_END: Final = frozenset({"chatbot-api-python:sample"})
"""Its document's code parses [DONE] as JSON, so that it fails even the smallest stream, with the text said."""
TWICE: Final = frozenset({"openai-python:stream-helper"})
"""The official SDK by its quickest entry: a second play has to come to the same."""


@pytest.mark.parametrize("name", sorted({spec.name for spec in SPECS.values()}))
def test_what_a_client_gets_is_what_is_kept_and_every_failure_has_a_cause(name: str, stage: Stage) -> None:
    labels = [label for label, spec in SPECS.items() if spec.name == name]
    rows = {label: stage.play(label) for label in labels}
    rows |= {f"{label} again": stage.play(label, 2) for label in labels if label in TWICE}
    wrong = {label: [*problems(row)] for label, row in rows.items()}
    assert {label: found for label, found in wrong.items() if found} == {}
    assert causes_without_failure(list(rows.values())) == []


def problems(row: Row) -> Iterator[str]:
    """What is not as it is kept, if anything."""
    yield from of_the_smallest_stream(row)
    # If a verdict changed: find out why, then run `streamproof clients results --verdicts`.
    yield from changes(read_verdicts(row.spec), lines_of(row))
    yield from (f"{case.case}: {case.verdict}, and failures.md does not say why" for case in row.unexplained)
    for case in row.cases:
        if case.verdict in {"adapter_error", "harness_error"}:
            yield f"{case.case} [{case.delivery}]: {case.verdict}: {case.reason}"


def of_the_smallest_stream(row: Row) -> Iterator[str]:
    assert row.hello is not None
    cases = [case for case in row.cases if case.scenario == SMALLEST and case.dialect in row.hello.dialects]
    for dialect in set(row.hello.dialects) - {case.dialect for case in cases}:
        yield f"{SMALLEST}: not played in {dialect}"
    for case in cases:
        if row.spec.label in RAISES_AT_ITS_END:
            if [choice["text"] for choice in case.actual["choices"]] != ["Hello"]:
                yield f"{case.case}: {case.actual}"
        elif case.verdict != "pass":
            yield f"{case.case}: {case.verdict}: {case.findings}"


def causes_without_failure(rows: Sequence[Row]) -> list[str]:
    """Lines of failures.md that outlived what they are the cause of."""
    wrong = {case.case for row in rows for case in row.wrong}
    return [line.pattern for line in rows[0].failures.named if not any(line.matches(case) for case in wrong)]

"""No two scenarios say the same: break the same rules, fail the same broken clients, and differ in nothing that matters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any

import attrs

from streamproof.subjects.broken.rows import REFERENCE, read_rows
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.model import (
    Answer,
    Barrier,
    Block,
    Fill,
    Modifiers,
    Payload,
    Raw,
    Repeat,
    Scenario,
    Step,
    Word,
)


def shape(value: Any) -> Hashable:
    """What of a value matters: its keys and kinds, not its words and numbers."""
    if isinstance(value, dict):
        return tuple(sorted((key, shape(one)) for key, one in value.items()))
    if isinstance(value, list | tuple):
        return tuple(dict.fromkeys(shape(one) for one in value))
    if isinstance(value, Fill):
        return "long"
    return type(value).__name__


def modified(modifiers: Modifiers) -> Hashable:
    """How a step departs from the usual, by what and not by how much."""
    usual = Modifiers()
    return tuple(
        field.name for field in attrs.fields(Modifiers) if getattr(modifiers, field.name) != getattr(usual, field.name)
    )


def kinds(steps: tuple[Step, ...]) -> Iterator[Hashable]:
    """The steps by their kind."""
    for step in steps:
        match step:
            case Word():
                yield (step.word, shape(step.value), modified(step.modifiers))
            case Payload():
                yield (step.kind, shape(step.value) if step.kind != "data" else step.value, modified(step.modifiers))
            case Block():
                yield ("block", tuple(one if isinstance(one, str) else next(kinds((one,))) for one in step.lines))
            case Raw():
                yield (step.kind, repr(step.value), modified(step.modifiers))
            case Repeat():
                yield ("repeat", tuple(kinds(step.steps)))
            case Barrier():
                yield step.kind


def answered(answer: Answer) -> Hashable:
    """All that is set of an answer, and its steps in a row without repetitions."""
    usual = Answer()
    settings = tuple(
        (field.name, repr(getattr(answer, field.name)))
        for field in attrs.fields(Answer)
        if field.name not in {"steps", "stated", "mark"} and getattr(answer, field.name) != getattr(usual, field.name)
    )
    steps = list(kinds(answer.steps))
    return settings, tuple(one for place, one in enumerate(steps) if place == 0 or one != steps[place - 1])


def what_matters(scenario: Scenario, failing: frozenset[str]) -> Hashable:
    """Two scenarios of which this is equal are one."""
    return (
        scenario.dialects,
        tuple(sorted(scenario.breaks.items())),
        failing,
        scenario.force,
        scenario.profile,
        shape(scenario.request),
        repr(scenario.client),
        scenario.requires,
        repr(scenario.vary),
        scenario.deliveries,
        tuple(map(answered, scenario.answers)),
        tuple(reading.outcome for reading in scenario.readings),
    )


def failing_clients() -> dict[str, frozenset[str]]:
    """The broken clients that fail a scenario, in whatever case, or give it another reading than the reference client."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, row in read_rows().items():
        if name != REFERENCE:
            for case in row.fails:
                found[_scenario(case)].add(name)
            for case, reading in row.reads.items():
                found[_scenario(case)].add(f"{name}: {reading}")
    return {scenario: frozenset(names) for scenario, names in found.items()}


def _scenario(case: str) -> str:
    return case.partition("@")[0].partition("[")[0]


def alike(scenarios: list[Scenario]) -> list[list[str]]:
    """Groups of scenarios that say the same."""
    failing = failing_clients()
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for scenario in scenarios:
        groups[what_matters(scenario, failing.get(scenario.id, frozenset()))].append(scenario.id)
    return [names for names in groups.values() if len(names) > 1]


def test_no_two_scenarios_say_the_same() -> None:
    assert alike(list(Catalogue.load())) == []


def test_a_copy_with_other_words_is_found() -> None:
    book = {scenario.id: scenario for scenario in Catalogue.load()}
    one = book["framing/comments"]
    copy = attrs.evolve(one, title="Another title", about="Other words.", refs=())
    assert alike([one, copy]) == [[one.id, one.id]]


def test_another_ending_is_another_scenario() -> None:
    book = {scenario.id: scenario for scenario in Catalogue.load()}
    assert alike([book["endings/text-nothing-clean"], book["endings/text-nothing-broken"]]) == []

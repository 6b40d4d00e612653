"""The page on what documents leave open: questions with their positions, and every scenario with named readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from streamproof.pages.markdown import MADE_BY, page, plain, table
from streamproof.pages.refs import linked, scenario_link
from streamproof.pages.said import in_words
from streamproof.subjects.broken.rows import Row
from streamproof_scenarios.catalogue import pattern_of
from streamproof_scenarios.model import Scenario

_BLUNT = 60
"""A client that fails more cases than this shows no reading: it refuses or loses whatever comes."""


@cache
def questions() -> Sequence[Mapping[str, Any]]:
    """The questions that are told with their positions."""
    found: Sequence[Mapping[str, Any]] = yaml.safe_load(
        files("streamproof.pages").joinpath("questions.yaml").read_text("utf-8")
    )
    return found


def asked_by(question: Mapping[str, Any], scenarios: Iterable[Scenario]) -> list[Scenario]:
    """The scenarios that ask a question, by its patterns."""
    patterns = [pattern_of(text) for text in question["scenarios"]]
    return [scenario for scenario in scenarios if any(pattern.fullmatch(scenario.id) for pattern in patterns)]


def disagreements_page(scenarios: Sequence[Scenario], rows: Mapping[str, Row]) -> str:
    """The whole page."""
    shown = _shown(rows)
    told = {one.id for question in questions() for one in asked_by(question, scenarios)}
    left = [one for one in scenarios if one.id not in told and any(reading.name for reading in one.readings)]
    return page(
        "# Disagreements",
        MADE_BY,
        "Where documents are silent or contradict each other, or a server is off the format in a way that has more "
        "than one sound answer, a scenario names each reading. The report says which one a client gave; a client "
        "fails there only for what no reading can excuse. `reference` and the [broken clients]"
        "(catalogue/broken-clients.md) beside a reading give it; one without any is known from the threads alone.",
        *(_question(question, asked_by(question, scenarios), shown) for question in questions()),
        "## Smaller ones",
        "Each is told where it stands in the catalogue.",
        _readings(left, shown),
    )


def _question(
    question: Mapping[str, Any], scenarios: Sequence[Scenario], shown: Mapping[tuple[str, str], list[str]]
) -> str:
    positions = [f"- {plain(one['holds'])} ({linked(one['sources'], up='')})" for one in question["positions"]]
    return "\n\n".join((f"## {plain(question['question'])}", "\n".join(positions), _readings(scenarios, shown)))


def _readings(scenarios: Sequence[Scenario], shown: Mapping[tuple[str, str], list[str]]) -> str:
    return table(
        ("scenario", "reading", "what a client reports", "given by"),
        (
            (
                scenario_link(scenario.id, up=""),
                plain(reading.name or ""),
                in_words(reading),
                ", ".join(f"`{name}`" for name in shown.get((scenario.id, reading.name or ""), ())),
            )
            for scenario in scenarios
            for reading in scenario.readings
            if reading.name
        ),
    )


def _shown(rows: Mapping[str, Row]) -> Mapping[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, row in rows.items():
        if len(row.fails) > _BLUNT:
            continue
        for case, reading in row.reads.items():
            names = found[case.partition("@")[0].partition("[")[0], reading]
            if name not in names and len(names) < 3:
                names.append(name)
    return found

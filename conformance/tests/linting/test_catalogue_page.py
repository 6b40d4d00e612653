"""docs/catalogue.md: every entry of the backlog has a row, and every scenario and probe that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streamproof.probing.probes import PROBES
from streamproof_formats.rules import RULES
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.model import Scenario

PAGE = Path(__file__).parents[3] / "docs" / "catalogue.md"
ENTRIES = {"F": 24, "N": 12, "T": 12, "L": 16, "C": 28, "K": 22, "E": 16, "D": 38}
"""How many entries each group of the backlog has; C19 was never given to one."""
ROW = re.compile(r"^\| ([A-Z]\d\d) ([^|]*) \| (.*) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows() -> dict[str, str]:
    found = ROW.findall(PAGE.read_text("utf-8"))
    assert len({entry for entry, _, _ in found}) == len(found)
    return {entry: where for entry, _, where in found}


def test_every_entry_of_the_backlog_has_a_row(rows: dict[str, str]) -> None:
    wanted = {f"{group}{number:02}" for group, count in ENTRIES.items() for number in range(1, count + 1)} - {"C19"}
    assert (set(rows), len(rows)) == (wanted, 167)


def test_what_rows_name_is_there(rows: dict[str, str]) -> None:
    known = {scenario.id for scenario in Catalogue.load()}
    probes = {probe.name for found in PROBES.values() for probe in found}
    for entry, where in rows.items():
        named = set(re.findall(r"`([a-z0-9-]+/[a-z0-9-]+)`", where))
        assert named <= known, entry
        for text in re.findall(r"probes? ((?:`[a-z-]+`(?:, | and )?)+)", where):
            assert set(re.findall(r"`([a-z-]+)`", text)) <= probes, entry


def test_a_row_without_a_scenario_says_why(rows: dict[str, str]) -> None:
    for entry, where in rows.items():
        if not re.search(r"`[a-z0-9-]+/[a-z0-9-]+`", where):
            assert where.startswith(("endpoint: ", "none: ", "every scenario ", "the scenarios of ")), entry


def test_every_folder_of_the_catalogue_is_on_the_page() -> None:
    folders = {scenario.id.partition("/")[0] for scenario in Catalogue.load()}
    text = PAGE.read_text("utf-8")
    assert [name for name in sorted(folders) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("scenario", list(Catalogue.load()), ids=lambda scenario: scenario.id)
def test_a_scenario_says_what_it_is_and_why_it_matters_and_rests_on_a_rule(scenario: Scenario) -> None:
    assert len(re.findall(r"[.!?](?:\s|$)", scenario.about or "")) > 1
    assert any(ref in RULES for ref in scenario.refs)

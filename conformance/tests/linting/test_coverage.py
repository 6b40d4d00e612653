"""Where a client can meet the streams that show a rule, they stand as scenarios: counted rule by rule from the book."""

from __future__ import annotations

import pytest

from streamproof.linting.streams import Checked, lint_streams
from streamproof.pages.showing import Showing, showings
from streamproof_formats.rule import Level, Rule
from streamproof_formats.rules import RULES
from streamproof_scenarios.catalogue import Catalogue

NOT_MET = {
    "SSE-50": "it is about the answer to a request in HTTP/1.0, which no client of these dialects makes",
    "OL-12": "the request that it is about, best_of with a stream, is one that the documents forbid",
    "OR-41": "it is about a stream that another request, a GET, takes up again",
}
"""Rules of which no client meets a breach, and why; those that bind under a profile only are not broken under strict."""


@pytest.fixture(scope="module")
def checked() -> Checked:
    return lint_streams(Catalogue.load())


@pytest.fixture(scope="module")
def shown() -> dict[str, Showing]:
    return dict(showings(Catalogue.load()))


def shown_rules(binds: str) -> list[Rule]:
    return [rule for rule in RULES.values() if rule.binds == binds and rule.unshowable is None]


def test_each_rule_that_binds_servers_is_broken_in_a_scenario(checked: Checked) -> None:
    assert checked.problems == ()
    wanted = {rule.id for rule in shown_rules("server") if rule.level is not Level.MAY and rule.profile is None}
    assert wanted - checked.broken == set(NOT_MET)


def test_each_permission_is_used_in_a_scenario_that_cites_it(shown: dict[str, Showing]) -> None:
    assert [rule.id for rule in shown_rules("server") if rule.level is Level.MAY and not shown[rule.id].keeping] == []


@pytest.mark.parametrize("binds", ["client", "decoder"])
def test_each_rule_that_binds_clients_or_decoders_is_cited_by_a_scenario(binds: str, shown: dict[str, Showing]) -> None:
    assert [rule.id for rule in shown_rules(binds) if not shown[rule.id].keeping] == []


def test_what_a_scenario_says_that_it_breaks_is_what_is_shown(checked: Checked, shown: dict[str, Showing]) -> None:
    assert {rule for rule, one in shown.items() if one.breaking} == checked.broken

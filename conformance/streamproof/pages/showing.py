"""Which scenarios show a rule: those that break it, and those that are about it and keep it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from streamproof_formats.rules import RULES
from streamproof_scenarios.catalogue import Catalogue


@attrs.frozen(kw_only=True)
class Showing:
    """The scenarios of one rule, by id, in the order of the catalogue."""

    breaking: tuple[str, ...] = ()
    keeping: tuple[str, ...] = ()
    """They cite the rule, and no case of them breaks it."""


def showings(book: Catalogue) -> Mapping[str, Showing]:
    """By rule.  What a scenario breaks is what it says, which `lint` holds it to."""
    breaking: dict[str, list[str]] = {rule: [] for rule in RULES}
    keeping: dict[str, list[str]] = {rule: [] for rule in RULES}
    for scenario in book:
        broken = {rule for rules in scenario.breaks.values() for rule in rules}
        for rule in sorted(broken & RULES.keys()):
            breaking[rule].append(scenario.id)
        for rule in sorted((set(scenario.refs) - broken) & RULES.keys()):
            keeping[rule].append(scenario.id)
    return {rule: Showing(breaking=tuple(breaking[rule]), keeping=tuple(keeping[rule])) for rule in RULES}

"""How many rules a subject has, by what they are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from streamproof_formats.rule import Basis, Level, Rule


def by_level(rules: Sequence[Rule]) -> dict[Level, int]:
    """The number of rules of each level."""
    found = Counter(rule.level for rule in rules)
    return {level: found[level] for level in Level}


def by_basis(rules: Sequence[Rule]) -> dict[Basis, int]:
    """The number of rules by their firmest basis."""
    found = Counter(rule.basis for rule in rules)
    return {basis: found[basis] for basis in Basis}


def by_bound(rules: Sequence[Rule]) -> dict[str, int]:
    """The number of rules by whom they bind, in the order of the book."""
    return dict(Counter(rule.binds for rule in rules))

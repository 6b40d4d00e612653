"""Which rule ids a scenario may name."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from streamproof_formats.rules import RULES

PREFIXES: Final = ("SSE", "ND", "OC", "OL", "OR", "AM", "WA", "GM", "OM", "MI", "CO")
"""Of the base layers and the nine dialects, whether their rules are in the book yet or not."""
_SHAPE: Final = re.compile(r"([A-Z]{2,3})-[0-9]{2,}[a-z]?")
_WRITTEN: Final = frozenset(rule.split("-")[0] for rule in RULES)


def rule_problem(rule: str) -> str | None:
    """What is wrong with a rule id, as the end of a message; None where it is good.

    Where a dialect's rules are not in the book yet only the shape can be checked.
    """
    match = _SHAPE.fullmatch(rule)
    if not match or match[1] not in PREFIXES:
        return "; rules are named like OC-07, issues like owner/repo#1"
    if rule in RULES or match[1] not in _WRITTEN:
        return None
    near = get_close_matches(rule, RULES, n=1)
    return f"; no such rule is in the book{f', did you mean {near[0]}?' if near else ''}"

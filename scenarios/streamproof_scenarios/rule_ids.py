"""Which rule ids a scenario may name."""

from __future__ import annotations

import re
from typing import Final

PREFIXES: Final = ("SSE", "ND", "OC", "OL", "OR", "AM", "WA", "GM", "OM", "MI", "CO")
"""Of the base layers and the nine dialects, whether their rules are in the book yet or not."""
_SHAPE: Final = re.compile(r"([A-Z]{2,3})-[0-9]{2,}[a-z]?")


def rule_problem(rule: str) -> str | None:
    """What is wrong with a rule id, as the end of a message; None where it is good."""
    match = _SHAPE.fullmatch(rule)
    if not match or match[1] not in PREFIXES:
        return "; rules are named like OC-07, issues like owner/repo#1"
    return None

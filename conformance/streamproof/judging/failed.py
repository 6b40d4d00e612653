"""One failed check, before it is weighed, and the words in which two values are told apart."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

from streamproof.judging.tables import CheckName

SHOWN: Final = 160
"""Characters of a value that a message shows."""


@attrs.frozen
class Failed:
    """A check that failed, before its force is weighed."""

    check: CheckName
    message: str
    expected: Any = None
    actual: Any = None


def short(text: Any) -> str:
    """A value as one line of at most `SHOWN` characters."""
    line = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False, default=str)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}... ({len(line)} characters)"


def text_of(value: Any) -> str:
    """A text as it is, any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def difference(wanted: str, said: str) -> str:
    """Where two texts part, in one line."""
    if not said:
        return f"{short(repr(wanted))} was sent, nothing was said"
    at = next((i for i, (a, b) in enumerate(zip(wanted, said, strict=False)) if a != b), min(len(wanted), len(said)))
    start = max(0, at - 20)
    lead = "..." if start else ""
    sent = f"{lead}{wanted[start : at + 60]!r}"
    got = f"{lead}{said[start : at + 60]!r}"
    if len(wanted) == len(said):
        return f"{sent} was sent, {got} was said (from character {at})"
    return f"{sent} was sent, {got} was said (from character {at}; {len(wanted)} against {len(said)} characters)"

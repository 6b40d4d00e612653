"""What the tests that every dialect passes know of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from streamproof_formats.rule import Rule

Row = tuple[list[str], str, bytes, dict[str, Any]]
"""The rules that it is about, sorted, repeats kept; its name; the stream; options of the judge."""

Path = tuple[str | int, ...]


@attrs.frozen(kw_only=True)
class Table:
    """One dialect: its rules, and streams."""

    rules: tuple[Rule, ...]
    counts: Mapping[str, tuple[int, int, int, int]]
    """By level the number of rules, and of those whose firmest basis is DOC, TYPE, CLIENT: as the document counts."""
    breaking: list[Row]
    """Streams, each with exactly the rules that it breaks."""
    keeping: list[Row]
    """Streams that break nothing, each with the rules that it is about."""
    examples: Mapping[str, bytes]
    """Streams that break nothing, the request unknown."""
    deviating: Mapping[str, bytes] = attrs.field(factory=dict)
    """By profile, streams that break rules under `strict` only."""
    paths: list[Path]
    """Places in an event where hostile values are put."""

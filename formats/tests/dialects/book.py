"""The streams that stand for the rules: every row of every table, by the rules that it is tagged with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs

from . import base_table
from .streams import judged
from .table import Row
from .tables import TABLES


@attrs.frozen(kw_only=True)
class Entry:
    """One stream of a table."""

    dialect: str
    rules: frozenset[str]
    """The rules that it is tagged with: what it breaks, or what it keeps or uses."""
    name: str
    stream: bytes
    options: Mapping[str, Any]

    def findings(self) -> frozenset[str]:
        """The rules that the judge finds broken."""
        return broken(self.dialect, self.stream, self.options)


def broken(dialect: str, stream: bytes, options: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(finding.rule for finding in judged(dialect, stream, **options).findings)


def _entries(dialect: str, rows: list[Row]) -> list[Entry]:
    return [
        Entry(dialect=dialect, rules=frozenset(tagged), name=name, stream=stream, options=options)
        for tagged, name, stream, options in rows
    ]


@cache
def breaking() -> tuple[Entry, ...]:
    """Streams that break rules; those of the base layer may break rules of their dialect besides."""
    entries = _entries(base_table.DIALECT, base_table.BREAKING)
    for dialect, table in TABLES.items():
        entries += _entries(dialect, table.breaking)
    return tuple(entries)


@cache
def keeping() -> tuple[Entry, ...]:
    """Streams that keep or use the rules that they are tagged with."""
    entries = _entries(base_table.DIALECT, base_table.KEEPING)
    for dialect, table in TABLES.items():
        entries += _entries(dialect, table.keeping)
    return tuple(entries)


def tagged(entries: tuple[Entry, ...], rule: str) -> list[Entry]:
    return [entry for entry in entries if rule in entry.rules]

"""Every rule of a dialect: a stream that breaks it is found out, a stream that keeps it is not accused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streamproof_formats.dialects import DIALECTS
from streamproof_formats.rule import Level
from streamproof_formats.rules import RULES

from .streams import judged, rules
from .table import Row, Table
from .tables import TABLES


def cases(rows: Callable[[Table], list[Row]]) -> list[object]:
    return [
        pytest.param(dialect, row, id=f"{dialect}: {' '.join(row[0])}: {row[1]}")
        for dialect, table in TABLES.items()
        for row in rows(table)
    ]


def test_every_spoken_dialect_has_its_table() -> None:
    assert set(TABLES) == set(DIALECTS)


@pytest.mark.parametrize(("dialect", "row"), cases(lambda table: table.breaking))
def test_a_stream_that_breaks_rules_breaks_exactly_these(dialect: str, row: Row) -> None:
    broken, _, stream, options = row
    assert rules(judged(dialect, stream, **options)) == broken


@pytest.mark.parametrize(("dialect", "row"), cases(lambda table: table.keeping))
def test_a_stream_that_keeps_its_rules_breaks_none(dialect: str, row: Row) -> None:
    _, _, stream, options = row
    assert judged(dialect, stream, **options).findings == ()


@pytest.mark.parametrize("dialect", TABLES)
def test_the_book_has_the_rules_of_the_documents(dialect: str) -> None:
    found = {}
    for level in Level:
        bases = [rule.basis.value for rule in TABLES[dialect].rules if rule.level is level]
        found[level.value] = (len(bases), *(bases.count(basis) for basis in ("DOC", "TYPE", "CLIENT")))
    assert found == TABLES[dialect].counts
    assert all(rule.id.startswith(DIALECTS[dialect].rule_prefix) for rule in TABLES[dialect].rules)


def test_findings_say_what_was_expected_and_found_where() -> None:
    for dialect, table in TABLES.items():
        for _, name, stream, options in table.breaking:
            for finding in judged(dialect, stream, **options).findings:
                if finding.rule not in RULES or finding.rule.startswith(("SSE", "ND")):
                    continue
                assert "expected" in finding.message, name
                assert "found" in finding.message, name
                assert "\n" not in finding.message, name
                if finding.event is not None:
                    assert finding.start is not None
                    assert finding.end is not None
                    assert 0 <= finding.start < finding.end <= len(stream)

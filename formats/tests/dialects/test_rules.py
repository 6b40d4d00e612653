"""Every rule of a dialect: a stream that breaks it is found out, a stream that keeps it is not accused."""

from __future__ import annotations

import pytest

from streamproof_formats.rule import Level
from streamproof_formats.rules import RULES, anthropic_messages, openai_chat, workers_ai

from . import anthropic_messages_table, openai_chat_table, workers_ai_table
from .openai_chat_table import Row
from .streams import judged, rules

TABLES = {
    "openai-chat": (openai_chat.RULES, openai_chat_table.BREAKING, openai_chat_table.KEEPING),
    "anthropic-messages": (
        anthropic_messages.RULES,
        anthropic_messages_table.BREAKING,
        anthropic_messages_table.KEEPING,
    ),
    "workers-ai": (workers_ai.RULES, workers_ai_table.BREAKING, workers_ai_table.KEEPING),
}


def cases(which: int) -> list[object]:
    return [
        pytest.param(dialect, row, id=f"{dialect}: {' '.join(row[0])}: {row[1]}")
        for dialect, tables in TABLES.items()
        for row in tables[which]
    ]


@pytest.mark.parametrize(("dialect", "row"), cases(1))
def test_a_stream_that_breaks_rules_breaks_exactly_these(dialect: str, row: Row) -> None:
    broken, _, stream, options = row
    assert rules(judged(dialect, stream, **options)) == broken


@pytest.mark.parametrize(("dialect", "row"), cases(2))
def test_a_stream_that_keeps_its_rules_breaks_none(dialect: str, row: Row) -> None:
    _, _, stream, options = row
    assert judged(dialect, stream, **options).findings == ()


@pytest.mark.parametrize("dialect", TABLES)
def test_every_rule_on_streams_has_a_stream_that_breaks_it_and_one_that_keeps_it(dialect: str) -> None:
    book, breaking, keeping = TABLES[dialect]
    showable = {rule.id for rule in book if rule.binds == "server" and rule.unshowable is None}
    assert showable - {rule for row in breaking for rule in row[0]} == set()
    assert showable - {rule for row in keeping for rule in row[0]} == set()


@pytest.mark.parametrize("dialect", TABLES)
def test_rules_that_only_permit_say_why_no_stream_breaks_them(dialect: str) -> None:
    for rule in TABLES[dialect][0]:
        assert (rule.level is Level.MAY) == (rule.unshowable is not None), rule.id


def test_the_book_has_the_rules_of_the_documents() -> None:
    # 69, 36 and 17 rules, by level and firmest basis, as the documents' own counts have it.
    counts = {
        "openai-chat": {"MUST": (37, 23, 5, 9), "SHOULD": (26, 3, 1, 4), "MAY": (6, 5, 1, 0)},
        "anthropic-messages": {"MUST": (20, 17, 2, 1), "SHOULD": (11, 2, 0, 0), "MAY": (5, 5, 0, 0)},
        "workers-ai": {"MUST": (2, 2, 0, 0), "SHOULD": (13, 0, 2, 0), "MAY": (2, 0, 0, 0)},
    }
    for dialect, levels in counts.items():
        for level, expected in levels.items():
            bases = [rule.basis.value for rule in TABLES[dialect][0] if rule.level.value == level]
            assert (len(bases), *(bases.count(basis) for basis in ("DOC", "TYPE", "CLIENT"))) == expected


def test_findings_say_what_was_expected_and_found_where() -> None:
    for dialect, (_, breaking, _) in TABLES.items():
        for _, name, stream, options in breaking:
            for finding in judged(dialect, stream, **options).findings:
                if finding.rule not in RULES or finding.rule.startswith("SSE"):
                    continue
                assert "expected" in finding.message, name
                assert "found" in finding.message, name
                assert "\n" not in finding.message, name
                if finding.event is not None:
                    assert finding.start is not None
                    assert finding.end is not None
                    assert 0 <= finding.start < finding.end <= len(stream)

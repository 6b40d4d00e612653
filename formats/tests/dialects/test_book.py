"""The book of rules is real: each rule that binds servers has streams that show it, and the judge is asked about each.

What must or should be is broken by one stream and kept by another that a single change would make break it; what may be
is done by a stream that breaks nothing.  Rules that bind decoders have their vectors (test_decoder_rules.py), rules that
bind clients their scenarios (conformance/tests/broken).  A rule that no bytes show says why.
"""

from __future__ import annotations

from streamproof_formats.rule import Level, Rule
from streamproof_formats.rules import RULES

from .book import Entry, breaking, broken, keeping, tagged
from .neighbours import Neighbour, neighbours
from .uses import USES, seen

SHOWABLE = [rule for rule in RULES.values() if rule.binds == "server" and rule.unshowable is None]
BINDING = [rule for rule in SHOWABLE if rule.level is not Level.MAY]
PERMITTING = [rule for rule in SHOWABLE if rule.level is Level.MAY]

MOST_UNSHOWABLE = 25


def test_rows_are_tagged_with_rules_of_the_book() -> None:
    assert {rule for entry in (*breaking(), *keeping()) for rule in entry.rules} <= set(RULES)


def test_each_rule_that_binds_servers_is_broken_by_a_stream() -> None:
    gaps = [
        rule.id for rule in BINDING if not any(rule.id in entry.findings() for entry in tagged(breaking(), rule.id))
    ]
    assert gaps == []


def test_each_rule_that_binds_servers_is_kept_by_a_stream_that_one_change_makes_break_it() -> None:
    assert [rule.id for rule in BINDING if not _is_kept(rule)] == []


def _is_kept(rule: Rule) -> bool:
    donors: list[Neighbour] = [(entry.stream, dict(entry.options)) for entry in tagged(breaking(), rule.id)]
    return any(
        rule.id in broken(entry.dialect, stream, options)
        for entry in tagged(keeping(), rule.id)
        if not entry.findings()
        for stream, options in neighbours(entry.stream, dict(entry.options), donors)
    )


def test_each_permission_is_used_by_a_stream_that_breaks_nothing() -> None:
    assert [rule.id for rule in PERMITTING if not _is_used(rule)] == []


def _is_used(rule: Rule) -> bool:
    streams = map(seen, tagged(keeping(), rule.id))
    return any(not one.judgement.findings and USES[rule.id](one) for one in streams)


def test_most_streams_of_a_dialect_make_no_use_of_a_permission() -> None:
    """What is looked for in a stream that uses it is not to be found in any stream."""
    for rule in PERMITTING:
        ours = tagged(keeping(), rule.id)
        others = [e for e in keeping() if e.dialect == ours[0].dialect and rule.id not in e.rules and e not in ours]
        using = [entry.name for entry in others if _uses(rule, entry)]
        assert len(using) <= len(others) // 3, (rule.id, using)


def _uses(rule: Rule, entry: Entry) -> bool:
    try:
        return USES[rule.id](seen(entry))
    except (KeyError, IndexError, TypeError, ValueError):
        return False


def test_few_rules_cannot_be_shown_and_each_says_why() -> None:
    unshowable = [rule for rule in RULES.values() if rule.unshowable is not None]
    assert len(unshowable) <= MOST_UNSHOWABLE
    assert all(rule.binds == "server" and len(rule.unshowable or "") > 20 for rule in unshowable)

from __future__ import annotations

import re
from collections import Counter

import pytest

from streamproof_formats.rule import Basis, Level
from streamproof_formats.rules import RULES, broken, http, ndjson, sse

BASE = (*sse.RULES, *http.RULES, *ndjson.RULES)


def test_the_base_layer_has_its_57_rules_by_level_and_basis():
    found = Counter((rule.level.value, rule.basis.value) for rule in BASE)
    assert found == {
        ("MUST", "DOC"): 33,
        ("MUST", "CLIENT"): 3,
        ("SHOULD", "DOC"): 1,
        ("SHOULD", "CLIENT"): 4,
        ("SHOULD", "EX"): 1,
        ("SHOULD", "SRC"): 2,
        ("SHOULD", "INF"): 8,
        ("MAY", "DOC"): 3,
        ("MAY", "CLIENT"): 1,
        ("MAY", "SRC"): 1,
    }


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_is_a_sentence_with_a_source(rule):
    assert re.fullmatch(r"[A-Z]{2,3}-\d{2}[a-d]?", rule.id)
    assert rule.text.endswith(".")
    assert rule.source.url.startswith("https://")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", rule.source.read)
    assert rule.source.document
    assert rule.source.section
    assert rule.binds in ("server", "client", "decoder")
    assert rule.basis not in rule.support


def test_a_must_never_rests_on_less_than_a_document_types_or_a_measured_client():
    assert {rule.basis for rule in RULES.values() if rule.level is Level.MUST} <= {Basis.DOC, Basis.TYPE, Basis.CLIENT}


def test_a_finding_takes_level_and_basis_from_its_rule():
    finding = broken("SSE-02b", "expected UTF-8, found ff", event=3, start=40, end=41)
    assert (finding.level, finding.basis) == ("MUST", "DOC")
    assert (finding.event, finding.start, finding.end) == (3, 40, 41)


@pytest.mark.parametrize("rule_id", [rule.id for rule in RULES.values() if rule.level is Level.MAY])
def test_what_may_be_done_is_never_a_finding(rule_id):
    with pytest.raises(ValueError, match="MAY rule"):
        broken(rule_id, "found")


def test_an_unknown_rule_is_an_error():
    with pytest.raises(KeyError):
        broken("SSE-99", "found")

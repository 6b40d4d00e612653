"""Which endings mean something on which transport, and what a case is played over."""

from __future__ import annotations

from typing import get_args

import pytest

from streamproof_scenarios.compiler import cases
from streamproof_scenarios.loader import loads
from streamproof_scenarios.plan import AnswerPlan, Ending, EndingKind, Write
from streamproof_scenarios.transports import MEANING, NAMES, WHY_NOT, Transport, misfit, spoken, transport_of

TRANSPORTS = get_args(Transport)


def test_every_ending_has_its_transports_and_every_gap_its_reason():
    assert MEANING.keys() == set(get_args(EndingKind))
    assert NAMES.keys() == set(TRANSPORTS)
    for able in MEANING.values():
        assert set(able) <= set(TRANSPORTS)
        assert able == TRANSPORTS or able in WHY_NOT


@pytest.mark.parametrize(
    ("stream", "requires", "transport"),
    [
        ("{steps: []}", "", "h1"),
        ("{steps: [], end: fin}", "", "h1"),
        ("{steps: [], http: h1.0}", "", "h1"),
        ("{steps: [], end: no-close-notify}", "", "h1-tls"),
        ("{steps: [], end: fin}", "[tls]", "h1-tls"),
        ("{steps: [], end: tls-stall}", "", "h1"),
        ("{steps: [], end: refuse}", "[tls]", "h1-tls"),
        ("[{steps: [], http: h2, end: reset-on-accept}, {steps: [], http: h2}]", "", "h2"),
        ("{steps: [], http: h2}", "", "h2"),
        ("{steps: [], http: h2, end: no-close-notify}", "", "h2"),
        ("[{steps: [], end: reset-on-accept}, {steps: [], http: h2}]", "", "h2"),
        ("[{steps: [], end: reset-on-accept}, {steps: []}]", "[tls]", "h1-tls"),
        ("[{steps: [], http: h2}, {steps: [], http: h2, end: goaway}]", "[tls]", "h2"),
    ],
)
def test_a_case_is_played_over(stream, requires, transport):
    text = f"dialect: openai-chat\nstream: {stream}\n" + (f"requires: {requires}\n" if requires else "")
    [case] = cases(loads(text, path="f.yaml", id="f"))
    assert transport_of(case.answers, case.requires) == transport


PLAIN = {"http": "h1", "framing": "chunked", "content_length": None}


@pytest.mark.parametrize(
    ("fields", "end", "able"),
    [
        ({}, "clean", TRANSPORTS),
        ({}, "reset", TRANSPORTS),
        ({}, "in-chunk", ("h1", "h1-tls")),
        ({}, "goaway", ("h2c", "h2")),
        ({}, "no-close-notify", ("h1-tls", "h2")),
        ({"http": "h2", "framing": "h2"}, "clean", ("h2c", "h2")),
        ({"http": "h2", "framing": "h2"}, "no-close-notify", ("h2",)),
        ({"http": "h2", "framing": "h2", "content_length": 9}, "clean", ("h2c", "h2")),
        ({"http": "h1.0", "framing": "close"}, "clean", ("h1", "h1-tls")),
        ({"framing": "close"}, "clean", TRANSPORTS),
        ({"framing": "close"}, "fin", ("h1", "h1-tls")),
        ({"framing": "length", "content_length": 3}, "clean", TRANSPORTS),
        ({"framing": "length", "content_length": 4}, "clean", ("h1", "h1-tls")),
        ({"framing": "length", "content_length": 3}, "bad-chunk", ()),
    ],
)
def test_a_plan_fits(fields, end, able):
    plan = AnswerPlan(operations=lambda: iter([Write(b"abc")]), ending=Ending(kind=end), **{**PLAIN, **fields})
    reasons = {transport: misfit(plan, transport) for transport in TRANSPORTS}
    assert tuple(transport for transport, reason in reasons.items() if reason is None) == able
    assert all(reason is None or "this connection is" in reason or "framing" in reason for reason in reasons.values())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_connection_speaks(transport):
    assert spoken(is_h2=transport.startswith("h2"), is_tls=transport in {"h1-tls", "h2"}) == transport

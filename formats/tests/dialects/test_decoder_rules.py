"""Every rule that binds a decoder: ours keeps it however the bytes are cut, and a decoder without it is told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from streamproof_formats.note import Note
from streamproof_formats.rules import RULES
from streamproof_formats.sse import Decoder, Event

from . import literal_decoder
from .decoder_vectors import STATES, VECTORS, Read
from .literal_decoder import WITHOUT

Splits = Callable[[bytes], Iterator[list[bytes]]]
Whole = tuple[list[Event], list[Note], str, int | None]


def decoded(pieces: list[bytes]) -> Whole:
    decoder = Decoder()
    events: list[Event] = []
    notes: list[Note] = []
    for piece in [*pieces, b""]:
        decoder.receive_data(piece)
        while isinstance(event := decoder.next_event(), Event):
            events.append(event)
        notes += decoder.take_notes()
    return events, notes, decoder.last_event_id, decoder.reconnection_time_ms


def said(whole: Whole) -> tuple[list[Read], str, int | None]:
    return [(event.type, event.data, event.id) for event in whole[0]], whole[2], whole[3]


@pytest.mark.parametrize(("rule", "body", "expected"), VECTORS)
def test_events_follow_the_standard_under_every_split(
    rule: str, body: bytes, expected: list[Read], each_split: Splits
) -> None:
    whole = decoded([body])
    assert said(whole)[0] == expected
    for pieces in each_split(body):
        assert decoded(pieces) == whole, pieces


@pytest.mark.parametrize(("rule", "body", "last_event_id", "reconnection_time_ms"), STATES)
def test_ids_take_effect_at_a_blank_line_and_retry_at_once(
    rule: str, body: bytes, last_event_id: str, reconnection_time_ms: int | None
) -> None:
    assert said(decoded([body]))[1:] == (last_event_id, reconnection_time_ms)


BODIES = [(rule, body) for rule, body, *_ in (*VECTORS, *STATES)]


@pytest.mark.parametrize(("rule", "body"), BODIES)
def test_the_standard_read_literally_says_the_same(rule: str, body: bytes) -> None:
    assert literal_decoder.Decoder().read([body]) == said(decoded([body]))


@pytest.mark.parametrize("rule", [rule.id for rule in RULES.values() if rule.binds == "decoder"])
def test_a_decoder_without_a_rule_reads_a_vector_of_it_otherwise(rule: str, each_split: Splits) -> None:
    assert any(
        _reads_otherwise(rule, pieces, said(decoded([body])))
        for tagged, body in BODIES
        if tagged == rule
        for pieces in each_split(body)
    )


def _reads_otherwise(rule: str, pieces: list[bytes], right: tuple[list[Read], str, int | None]) -> bool:
    try:
        return WITHOUT[rule].read(pieces) != right
    except ValueError:
        return True

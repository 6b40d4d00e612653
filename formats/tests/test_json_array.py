"""The decoder of JSON arrays, whole and at every split, and what the judge makes of one."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamproof_formats.event import Event, LimitError
from streamproof_formats.json_array import Decoder
from streamproof_formats.judge import Judge, Judgement
from streamproof_formats.note import Note
from streamproof_formats.response import BodyEnd, ResponseHead

JSON = ResponseHead(status=200, headers=(("content-type", "application/json; charset=UTF-8"),))
LINES = ResponseHead(status=200, headers=(("content-type", "text/event-stream"), ("cache-control", "no-store")))


def decode(pieces: list[bytes]) -> tuple[list[Event], list[Note]]:
    decoder = Decoder()
    events, notes = [], []
    for piece in [*pieces, b""]:
        decoder.receive_data(piece)
        while isinstance(event := decoder.next_event(), Event):
            events.append(event)
        notes += decoder.take_notes()
    return events, notes


ROWS: list[tuple[str, bytes, list[str], list[str]]] = [
    ("two", b'[{"a":1}\r\n,\r\n{"b":[2,"]"]}\r\n]', ['{"a":1}', '{"b":[2,"]"]}'], []),
    ("none", b" [ ] ", [], []),
    ("an escaped quote", rb'[{"a":"\"],"},{"b":"\\"}]', [r'{"a":"\"],"}', r'{"b":"\\"}'], []),
    ("a missing element", b"[{},,{}]", ["{}", "", "{}"], []),
    ("no comma", b"[{} {}]", ["{} {}"], []),
    ("an open end", b"[{},{}", ["{}", "{}"], ["unclosed-array"]),
    ("an open element", b'[{},{"a":', ["{}"], ["unclosed-array"]),
    ("an open string", b'[{},{"a":"],', ["{}"], ["unclosed-array"]),
    ("nothing", b"", [], ["unclosed-array"]),
    ("more behind it", b"[{}] x", ["{}", "x"], []),
    ("no array", b'{"a":1}', ['{"a":1}'], ["unclosed-array"]),
    ("no UTF-8", b'[{"a":"\xff"}]', ['{"a":"\ufffd"}'], ["malformed-utf8"]),
]


@pytest.mark.parametrize(("name", "body", "events", "notes"), ROWS, ids=[row[0] for row in ROWS])
def test_elements_are_events_however_the_body_is_cut(
    name: str, body: bytes, events: list[str], notes: list[str]
) -> None:
    whole = decode([body] if body else [])
    assert [[event.data for event in whole[0]], [note.kind for note in whole[1]]] == [events, notes]
    for event in whole[0]:
        assert body[event.start : event.end].decode(errors="replace") == event.data
    for place in range(1, len(body)):
        assert decode([body[:place], body[place:]]) == whole
    assert decode([body[place : place + 1] for place in range(len(body))]) == whole


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=5), st.lists(st.integers(0, 500), max_size=4), st.booleans())
def test_each_element_of_any_array_comes_out(values: list[Any], places: list[int], is_ascii: bool) -> None:
    body = json.dumps(values, ensure_ascii=is_ascii, indent=1).encode("utf-8", "replace")
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    events, notes = decode([body[a:b] for a, b in pairwise(edges) if a < b])
    assert [json.loads(event.data) for event in events] == json.loads(body)
    assert notes == []


@pytest.mark.parametrize("body", [b"[" + b"x" * 100, b'[{"a":"' + b"x" * 100, b"[{}]" + b" " * 100, b"[" * 100])
def test_an_element_past_the_limit_ends_in_an_error_that_stays(body: bytes) -> None:
    decoder = Decoder(max_event=40)
    for place in range(0, len(body), 7):
        decoder.receive_data(body[place : place + 7])
    if body.startswith(b"[{}]"):
        decoder.next_event()
    for _ in range(2):
        with pytest.raises(LimitError, match=r"of the body is longer than the 40 bytes allowed"):
            decoder.next_event()


USAGE = {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}


def piece(text: str, **more: Any) -> str:
    candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, **more}
    return json.dumps({"candidates": [candidate], "usageMetadata": USAGE, "modelVersion": "m", "responseId": "r"})


FIRST, LAST = piece("Hel"), piece("lo", finishReason="STOP")
ARRAY = f"[{FIRST}\r\n,\r\n{LAST}\r\n]".encode()
EVENTS = f"data: {FIRST}\n\ndata: {LAST}\n\n".encode()

JUDGED: list[tuple[str, bytes, ResponseHead | None, BodyEnd, list[str], str | None]] = [
    ("an array", ARRAY, JSON, "clean", [], "Hello"),
    ("an array without a head", b" " + ARRAY, None, "clean", [], "Hello"),
    ("events without a head", EVENTS, None, "clean", [], "Hello"),
    ("events with a head", EVENTS, LINES, "clean", [], "Hello"),
    ("an array as a stream of events", ARRAY, LINES, "clean", ["SSE-26", "GM-05"], None),
    ("no end", ARRAY[:-1], JSON, "clean", ["GM-02"], "Hello"),
    ("silence before the end", ARRAY[:-1], JSON, "timeout", [], "Hello"),
    ("no reason", ARRAY.replace(b', "finishReason": "STOP"', b""), JSON, "clean", ["GM-08"], "Hello"),
    ("no JSON", b"[{},]", JSON, "clean", ["GM-02"], None),
    ("an object", FIRST.encode(), JSON, "clean", ["SSE-40", "GM-01"], None),
    ("nothing", b"", JSON, "clean", ["SSE-40", "GM-01"], None),
]


def judged(body: bytes, head: ResponseHead | None, end: BodyEnd, *, size: int, may_be_array: bool = True) -> Judgement:
    judge = Judge("gemini", head=head, may_be_array=may_be_array)
    for place in range(0, len(body), size):
        judge.receive_data(body[place : place + size])
    return judge.close(end)


@pytest.mark.parametrize(("name", "body", "head", "end", "broken", "text"), JUDGED, ids=[row[0] for row in JUDGED])
def test_an_array_of_gemini_is_judged_by_its_elements_where_it_may_have_been_asked_for(
    name: str, body: bytes, head: ResponseHead | None, end: BodyEnd, broken: list[str], text: str | None
) -> None:
    whole = judged(body, head, end, size=1000)
    assert judged(body, head, end, size=1) == whole
    assert whole.message is not None
    rules = {finding.rule for finding in whole.findings}
    assert set(broken) <= rules
    assert bool(rules) == bool(broken)
    assert [choice.text for choice in whole.message.choices if choice.text] == ([] if text is None else [text])


def test_an_array_that_was_not_asked_for_is_no_stream() -> None:
    found = judged(ARRAY, JSON, "clean", size=1000, may_be_array=False)
    assert {finding.rule for finding in found.findings} == {"SSE-40", "GM-01"}

"""Marks stand in order of time, apart from each other, inside of the drawing."""

from __future__ import annotations

import itertools

import pytest

from streamproof_reports.document import WireEvent
from streamproof_reports.timeline import WIDTH, timeline


def events(*times_ms: float) -> list[WireEvent]:
    return [WireEvent(at_ms=at_ms, lane="server", kind="write", text=str(at_ms)) for at_ms in times_ms]


@pytest.mark.parametrize(
    "times_ms",
    [(0.0,), (5.0, 5.0, 5.0), (0.0, 1.0, 2000.0), tuple(float(at) for at in range(100)), (3.0, 1.0, 2.0), (-1.0, 0.0)],
)
def test_marks_are_in_order_and_apart(times_ms: tuple[float, ...]) -> None:
    drawn = timeline(events(*times_ms), 200)
    assert drawn is not None
    assert [mark.event.at_ms for mark in drawn.marks] == sorted(times_ms)
    places = [mark.x for mark in drawn.marks]
    assert all(later - earlier > 1 for earlier, later in itertools.pairwise(places))
    assert all(60 < x < WIDTH for x in places)
    assert {tick.x for tick in drawn.ticks} <= set(places)


def test_a_long_silence_is_wide() -> None:
    drawn = timeline(events(0, 1, 2, 2000), 10)
    assert drawn is not None
    gaps = [later.x - earlier.x for earlier, later in zip(drawn.marks, drawn.marks[1:], strict=False)]
    assert gaps[2] > 3 * gaps[0]


def test_too_many_marks_lose_their_middle() -> None:
    drawn = timeline(events(*map(float, range(100))), 11)
    assert drawn is not None
    assert [int(mark.event.at_ms) for mark in drawn.marks] == [0, 1, 2, 3, 4, 5, 95, 96, 97, 98, 99]
    assert (drawn.left_out, drawn.left_out_after) == (89, 6)


def test_nothing_recorded_is_no_drawing() -> None:
    assert timeline([], 10) is None
    assert timeline(events(1.0), 0) is None


def test_ticks_do_not_touch() -> None:
    drawn = timeline(events(*map(float, range(100))), 200)
    assert drawn is not None
    places = [tick.x for tick in drawn.ticks]
    assert all(later - earlier >= 50 for earlier, later in itertools.pairwise(places))


@pytest.mark.parametrize(
    ("times_ms", "texts"),
    [
        ((0, 1, 2), ["0", "1", "2"]),
        ((2.51, 2.52, 2.53), ["2.51", "2.52", "2.53"]),
        ((5.0, 5.0, 5.0), ["5.000"]),
        ((1.0, 1.0, 7.0), ["1.000", "7.000"]),
    ],
)
def test_ticks_do_not_say_the_same_twice(times_ms: tuple[float, ...], texts: list[str]) -> None:
    drawn = timeline(events(*times_ms), 10)
    assert drawn is not None
    assert [tick.text for tick in drawn.ticks] == texts


def test_a_mark_says_what_tells_it_apart() -> None:
    head = 'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":'
    texts = [head + f'{{"content":"{word * 20}"}}}}]}}' for word in ("a", "b")] + ["data: [DONE]", "x" * 200]
    marks = [WireEvent(at_ms=float(at), lane="server", kind="write", text=text) for at, text in enumerate(texts)]
    drawn = timeline(marks, 10)
    assert drawn is not None
    assert [mark.text for mark in drawn.marks] == [
        'data: {"id":...{"content":"aaaaaaaaaaaaaaaaaaaa"}}]}',
        'data: {"id":...{"content":"bbbbbbbbbbbbbbbbbbbb"}}]}',
        "data: [DONE]",
        "x" * 117 + "...",
    ]


def test_kinds_that_are_not_known_are_drawn() -> None:
    drawn = timeline([WireEvent(at_ms=0, lane="client", kind="<odd>", text="")], 10)
    assert drawn is not None
    assert drawn.marks[0].look == "other"

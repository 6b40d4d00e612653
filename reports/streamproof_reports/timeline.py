"""Where the marks of a case stand on a drawn timeline: two lanes, time from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import attrs

from streamproof_reports.brief import brief
from streamproof_reports.document import WireEvent

WIDTH: Final = 1000
"""Of the drawing, in its own units."""

_LEFT: Final = 70
_RIGHT: Final = 20
_TICK_GAP: Final = 56
_TEXT: Final = 120
"""Columns of the text of a mark."""
_NEAR: Final = 2
"""Marks before and behind one that may begin alike."""
_DECIMALS: Final = 3
"""Of a millisecond: the timeline is kept in microseconds."""

KINDS: Final = {
    "request": "request",
    "write": "write",
    "end": "end",
    "left": "end",
    "delta": "said",
    "item": "said",
    "event": "said",
    "result": "result",
}
"""Kind of a mark to how it is drawn; other kinds are drawn as `other`."""


@attrs.frozen(kw_only=True)
class Mark:
    """One event and where it is drawn."""

    x: float
    event: WireEvent
    text: str
    """Of the event, cut to what tells it apart from its neighbours in its lane."""
    look: str


@attrs.frozen(kw_only=True)
class Tick:
    """A label on the axis."""

    x: float
    text: str


@attrs.frozen(kw_only=True)
class Timeline:
    """A drawing without ink."""

    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    left_out: int
    """Marks from the middle that were too many."""
    left_out_after: int
    """After how many marks they were left out."""
    length_ms: float


def _positions(times_ms: Sequence[float]) -> list[float]:
    """Half of the width goes to time, half to telling marks apart, so that 2 ms before a stall of 2 s stay legible."""
    gaps = [max(later - earlier, 0.0) for earlier, later in pairwise(times_ms)]
    whole_ms, room = sum(gaps), WIDTH - _LEFT - _RIGHT
    by_time = room / 2 if whole_ms else 0.0
    apart = (room - by_time) / max(len(gaps), 1)
    positions = [float(_LEFT)]
    for gap_ms in gaps:
        positions.append(positions[-1] + apart + (by_time * gap_ms / whole_ms if whole_ms else 0.0))
    return [round(x, 1) for x in positions]


def _ticks(marks: Sequence[Mark]) -> tuple[Tick, ...]:
    """Labels at marks: none so near the one before that the two would touch, and none that says the same."""
    chosen: list[Mark] = []
    for mark in marks:
        if not chosen or mark.x - chosen[-1].x >= _TICK_GAP:
            chosen.append(mark)
    for decimals in range(_DECIMALS + 1):
        ticks = [Tick(x=mark.x, text=f"{mark.event.at_ms:.{decimals}f}") for mark in chosen]
        if len({tick.text for tick in ticks}) == len(ticks):
            return tuple(ticks)
    return tuple(tick for number, tick in enumerate(ticks) if not number or tick.text != ticks[number - 1].text)


def _texts(events: Sequence[WireEvent]) -> list[str]:
    shown = []
    for at, event in enumerate(events):
        near = (*events[max(at - _NEAR, 0) : at], *events[at + 1 : at + 1 + _NEAR])
        shown.append(brief(event.text, (other.text for other in near if other.lane == event.lane), _TEXT))
    return shown


def timeline(events: Sequence[WireEvent], limit: int) -> Timeline | None:
    """The drawing of at most `limit` marks, those of the middle left out; None where nothing was recorded."""
    if not events or limit < 2:
        return None
    ordered = sorted(events, key=lambda event: event.at_ms)
    left_out = max(len(ordered) - limit, 0)
    first = limit - limit // 2 if left_out else len(ordered)
    kept = ordered[:first] + ordered[first + left_out :]
    positions = _positions([event.at_ms for event in kept])
    marks = tuple(
        Mark(x=x, event=event, text=text, look=KINDS.get(event.kind, "other"))
        for x, event, text in zip(positions, kept, _texts(kept), strict=True)
    )
    return Timeline(
        marks=marks,
        ticks=_ticks(marks),
        left_out=left_out,
        left_out_after=first,
        length_ms=ordered[-1].at_ms - ordered[0].at_ms,
    )

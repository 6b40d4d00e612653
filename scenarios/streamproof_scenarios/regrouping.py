"""Regrouping: the pieces of a track in, the writes of one delivery out.

Bytes are regrouped between two barriers only; no delivery moves or removes a barrier.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import attrs

from streamproof_formats.dialect import StreamFraming
from streamproof_scenarios.delivery import Delivery
from streamproof_scenarios.plan import AwaitDelivered, Goaway, Operation, Pause, Write
from streamproof_scenarios.track import Cut, Flat, Piece

WHOLE_LIMIT: Final = 64 << 20
"""Bytes of one write at most: an endless stream cannot be written whole."""
BLOCK: Final = 64 << 10
"""Bytes that are gathered at least before boundaries are sought among them."""


@attrs.frozen(kw_only=True)
class Stretch:
    """Bytes among which boundaries are sought: where they begin in the body, and the byte before them."""

    data: bytes
    offset: int
    before: bytes


Ends = Callable[[Stretch], Iterator[int]]
"""The boundaries within a stretch, ascending: above 0, below its length, so that bytes follow each."""

_CONTINUATION: Final = re.compile(rb"[\x80-\xbf]")
_CRLF: Final = re.compile(rb"\r\n")
# A line ends at CRLF, at a lone LF or at a lone CR -- WHATWG HTML, 9.2.5
_EVENT_END: Final[dict[StreamFraming, re.Pattern[bytes]]] = {
    "sse": re.compile(rb"(?<=\n)(?>\r\n|\n|\r)|(?<=\r)(?>\r\n|\r)"),
    "ndjson": re.compile(rb"\n"),
}


def writes(
    track: Iterable[Flat], delivery: Delivery, *, events: StreamFraming = "sse", encoded: bool = False
) -> Iterator[Operation]:
    """The operations of one play; `events` is how the events of the stream are told apart.

    In an encoded body neither events nor characters can be seen: deliveries made of them leave it as written.
    """
    if delivery.kind == "as-written" or (encoded and delivery.kind in {"per-event", "inside-utf8", "inside-crlf"}):
        return _as_written(track)
    return _Regrouping(delivery, events).operations(track)


def _as_written(track: Iterable[Flat]) -> Iterator[Operation]:
    held: Piece | None = None
    for item in track:
        if held is not None:
            yield Write(held.data, isinstance(item, Cut), held.step)
            held = None
        match item:
            case Piece():
                held = item
            case Pause() | AwaitDelivered() | Goaway():
                yield item
            case Cut():
                pass
    if held is not None:
        yield Write(held.data, step=held.step)


class _Regrouping:
    """Gathers the bytes of a segment, and cuts them."""

    def __init__(self, delivery: Delivery, events: StreamFraming) -> None:
        self._delivery = delivery
        self._ends = _per_event(_EVENT_END[events]) if delivery.kind == "per-event" else _ENDS[delivery.kind](delivery)
        self._promised = delivery.kind not in {"whole", "per-event"}
        self._data = bytearray()
        self._steps: list[tuple[int, int]] = []
        self._offset = 0
        self._before = b"\n"
        self._due = BLOCK

    def operations(self, track: Iterable[Flat]) -> Iterator[Operation]:
        for item in track:
            if isinstance(item, Piece):
                self._data += item.data
                self._steps.append((len(self._data), item.step))
                if len(self._data) >= self._due:
                    yield from self._cut()
                continue
            asked = isinstance(item, Cut) or self._is_asked()
            yield from self._flush(promised=asked)
            if not isinstance(item, Cut):
                yield item
        yield from self._flush(promised=False)

    def _is_asked(self) -> bool:
        """True when the delivery asks for a boundary just where a barrier makes one."""
        return self._delivery.kind == "at" and self._offset + len(self._data) in self._delivery.numbers

    def _cut(self) -> Iterator[Write]:
        """Writes all up to the last boundary that is sure: more bytes follow it."""
        data = bytes(self._data)
        last = 0
        for end in self._ends(Stretch(data=data, offset=self._offset, before=self._before)):
            yield self._write(data, last, end, promised=self._promised)
            last = end
        if len(data) - last >= WHOLE_LIMIT:
            yield self._write(data, last, len(data), promised=False)
            last = len(data)
        self._before = data[last - 1 : last] or self._before
        del self._data[:last]
        self._steps = [(end - last, step) for end, step in self._steps if end > last]
        self._offset += last
        self._due = max(BLOCK, 2 * len(self._data))

    def _flush(self, *, promised: bool) -> Iterator[Write]:
        yield from self._cut()
        if self._data:
            yield self._write(bytes(self._data), 0, len(self._data), promised=promised)
        self._offset += len(self._data)
        self._before = bytes(self._data[-1:]) or self._before
        self._data.clear()
        self._steps.clear()
        self._due = BLOCK

    def _write(self, data: bytes, start: int, end: int, *, promised: bool) -> Write:
        return Write(data[start:end], promised, self._steps[bisect_left(self._steps, (end, -1))][1])


def _whole(delivery: Delivery) -> Ends:  # noqa: ARG001 - one shape for all
    return lambda stretch: iter(())  # noqa: ARG005


def _per_event(event_end: re.Pattern[bytes]) -> Ends:
    def ends(stretch: Stretch) -> Iterator[int]:
        for match in event_end.finditer(stretch.before + stretch.data, 1):
            if match.end() - 1 < len(stretch.data):
                yield match.end() - 1

    return ends


def _sized(delivery: Delivery) -> Ends:
    step = delivery.numbers[0] if delivery.numbers else 1
    return lambda stretch: iter(range(step, len(stretch.data), step))


def _at(delivery: Delivery) -> Ends:
    def ends(stretch: Stretch) -> Iterator[int]:
        inside = (place - stretch.offset for place in delivery.numbers)
        return (place for place in inside if 0 < place < len(stretch.data))

    return ends


def _inside_utf8(delivery: Delivery) -> Ends:  # noqa: ARG001
    return lambda stretch: (match.start() for match in _CONTINUATION.finditer(stretch.data, 1))


def _inside_crlf(delivery: Delivery) -> Ends:  # noqa: ARG001
    return lambda stretch: (match.start() + 1 for match in _CRLF.finditer(stretch.data))


def _random(delivery: Delivery) -> Ends:
    source = random.Random(delivery.numbers[0])  # noqa: S311 - the same seed must cut at the same places

    def ends(stretch: Stretch) -> Iterator[int]:
        end = source.randint(1, 1 << source.randrange(1, 9))
        while end < len(stretch.data):
            yield end
            end += source.randint(1, 1 << source.randrange(1, 9))

    return ends


_ENDS: Final[dict[str, Callable[[Delivery], Ends]]] = {
    "whole": _whole,
    "bytewise": _sized,
    "size": _sized,
    "at": _at,
    "inside-utf8": _inside_utf8,
    "inside-crlf": _inside_crlf,
    "random": _random,
}

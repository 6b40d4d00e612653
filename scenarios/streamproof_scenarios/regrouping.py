"""Regrouping: the pieces of a track in, the writes of one delivery out.

Bytes are regrouped between two barriers only; no delivery moves or removes a barrier.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from streamproof_scenarios.delivery import Delivery
from streamproof_scenarios.plan import AwaitDelivered, Goaway, Operation, Pause, Write
from streamproof_scenarios.track import Cut, Flat, Piece

WHOLE_LIMIT: Final = 64 << 20
"""Bytes of one write at most: an endless stream cannot be written whole."""
BLOCK: Final = 64 << 10
"""Bytes that are gathered at least before boundaries are sought among them."""

Ends = Callable[[bytes, int], Iterator[int]]
"""The boundaries inside some bytes (above 0, below their length), which begin at this offset of the segment or body."""

_CONTINUATION: Final = re.compile(rb"[\x80-\xbf]")
# "a pair of line ends": each is CRLF, a lone LF or a lone CR -- WHATWG HTML, 9.2.5, read 2026-11-20
_BLANK_LINE: Final = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")


def writes(track: Iterable[Flat], delivery: Delivery, *, encoded: bool = False) -> Iterator[Operation]:
    """The operations of one play.

    In an encoded body neither events nor characters can be seen: deliveries made of them leave it as written.
    """
    if delivery.kind == "as-written" or (encoded and delivery.kind in {"per-event", "inside-utf8", "inside-crlf"}):
        return _as_written(track)
    return _Regrouping(delivery).operations(track)


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

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._ends = _ENDS[delivery.kind](delivery)
        self._promised = delivery.kind not in {"whole", "per-event"}
        self._data = bytearray()
        self._steps: list[tuple[int, int]] = []
        self._offset = 0
        self._due = BLOCK

    def operations(self, track: Iterable[Flat]) -> Iterator[Operation]:
        for item in track:
            if isinstance(item, Piece):
                self._data += item.data
                self._steps.append((len(self._data), item.step))
                if len(self._data) >= self._due:
                    yield from self._cut()
                continue
            yield from self._flush(asked=isinstance(item, Cut))
            if not isinstance(item, Cut):
                yield item
        yield from self._flush(asked=False)

    def _cut(self) -> Iterator[Write]:
        """Writes all up to the last boundary that is sure: more bytes follow it."""
        data = bytes(self._data)
        last = 0
        for end in self._ends(data, self._offset):
            yield self._write(data, last, end, promised=self._promised)
            last = end
        if len(data) - last >= WHOLE_LIMIT:
            yield self._write(data, last, len(data), promised=False)
            last = len(data)
        del self._data[:last]
        self._steps = [(end - last, step) for end, step in self._steps if end > last]
        self._offset += last
        self._due = max(BLOCK, 2 * len(self._data))

    def _flush(self, *, asked: bool) -> Iterator[Write]:
        yield from self._cut()
        if self._data:
            data = bytes(self._data)
            here = self._offset + len(data) in self._delivery.numbers if self._delivery.kind == "at" else False
            yield self._write(data, 0, len(data), promised=asked or here)
        self._offset += len(self._data)
        self._data.clear()
        self._steps.clear()
        self._due = BLOCK

    def _write(self, data: bytes, start: int, end: int, *, promised: bool) -> Write:
        return Write(data[start:end], promised, self._steps[bisect_left(self._steps, (end, -1))][1])


def _whole(delivery: Delivery) -> Ends:  # noqa: ARG001
    return lambda data, offset: iter(())  # noqa: ARG005


def _per_event(delivery: Delivery) -> Ends:  # noqa: ARG001
    return lambda data, offset: (  # noqa: ARG005
        match.end() for match in _BLANK_LINE.finditer(data) if match.end() < len(data)
    )


def _sized(delivery: Delivery) -> Ends:
    step = delivery.numbers[0] if delivery.numbers else 1
    return lambda data, offset: iter(range(step, len(data), step))  # noqa: ARG005


def _at(delivery: Delivery) -> Ends:
    return lambda data, offset: (place - offset for place in delivery.numbers if 0 < place - offset < len(data))


def _inside_utf8(delivery: Delivery) -> Ends:  # noqa: ARG001
    return lambda data, offset: (match.start() for match in _CONTINUATION.finditer(data, 1))  # noqa: ARG005


def _inside_crlf(delivery: Delivery) -> Ends:  # noqa: ARG001
    return lambda data, offset: (match.start() + 1 for match in re.finditer(rb"\r\n", data))  # noqa: ARG005


def _random(delivery: Delivery) -> Ends:
    source = random.Random(delivery.numbers[0])  # noqa: S311 - the same seed must cut at the same places

    def ends(data: bytes, offset: int) -> Iterator[int]:  # noqa: ARG001
        end = source.randint(1, 1 << source.randrange(1, 9))
        while end < len(data):
            yield end
            end += source.randint(1, 1 << source.randrange(1, 9))

    return ends


_ENDS: Final[dict[str, Callable[[Delivery], Ends]]] = {
    "whole": _whole,
    "per-event": _per_event,
    "bytewise": _sized,
    "size": _sized,
    "at": _at,
    "inside-utf8": _inside_utf8,
    "inside-crlf": _inside_crlf,
    "random": _random,
}

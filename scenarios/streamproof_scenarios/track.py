"""A track: what the steps of an answer become before a delivery cuts it into writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from streamproof_scenarios.model import Mark, Place
from streamproof_scenarios.plan import AwaitDelivered, Goaway, Pause


@attrs.frozen(kw_only=True)
class Piece:
    """Bytes of one step.  Places that are not resolved yet count in the bytes after encoding."""

    data: bytes
    step: int
    cut: tuple[Place, ...] = ()
    keep: Place | None = None
    mark: Mark | None = None


@attrs.frozen
class Cut:
    """A boundary that every delivery keeps."""


@attrs.frozen(kw_only=True)
class Loop:
    """The same items, several times over."""

    times: int
    items: tuple[Item, ...]


Stop = Cut | Pause | AwaitDelivered | Goaway
Flat = Piece | Stop
Item = Flat | Loop


def unrolled(items: Iterable[Item]) -> Iterator[Flat]:
    """The items one by one, loops played out."""
    for item in items:
        if isinstance(item, Loop):
            for _ in range(item.times):
                yield from unrolled(item.items)
        else:
            yield item


def once(items: Iterable[Item]) -> Iterator[Flat]:
    """The items one by one, each loop played once."""
    for item in items:
        if isinstance(item, Loop):
            yield from once(item.items)
        else:
            yield item


def size(items: Iterable[Item]) -> int:
    """The number of bytes, not one of them written out."""
    return sum(
        item.times * size(item.items) if isinstance(item, Loop) else len(item.data) if isinstance(item, Piece) else 0
        for item in items
    )


def count(items: Iterable[Item]) -> int:
    """The number of items, loops played out."""
    return sum(item.times * count(item.items) if isinstance(item, Loop) else 1 for item in items)

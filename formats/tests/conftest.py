"""What several test modules of the formats share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

Splits = Callable[[bytes], Iterator[list[bytes]]]


def _each_split(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and at each two places: no piece is empty."""
    yield [data] if data else []
    yield [data[place : place + 1] for place in range(len(data))]
    for first in range(1, len(data)):
        yield [data[:first], data[first:]]
    step = 1 if len(data) <= 60 else 7
    for first in range(1, len(data), step):
        for second in range(first + 1, len(data), step):
            yield [data[:first], data[first:second], data[second:]]


@pytest.fixture(scope="session")
def each_split() -> Splits:
    """Every way to cut some bytes into one, two or three pieces, or into single bytes."""
    return _each_split

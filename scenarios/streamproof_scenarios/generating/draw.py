"""Where choices come from: a seeded generator, or whatever draws them elsewhere (a property test, which can shrink)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

HAZARDS: Final = (
    "\x00", "\t", "\n", "\r", "\r\n", "\n\n", '"', "\\", "\x1f", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\xa0",
    "é", "e\u0301", "ß", "\u200d", "\u202e", "你", "ﷺ", "\ufffd", "\uffff", "😀", "👩\u200d💻", "\U0010ffff",
    "data: ", "[DONE]", "event: x", ":", "{", "}", "</script>", "null", "\\u0000", " ", "",
)  # fmt: skip
"""Texts that something on the way has stumbled over: line ends of all kinds, joined and torn characters, framing."""


class Draw(Protocol):
    """Makes the choices of a generated stream.  The first option and the lowest number are the simplest."""

    def integer(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""

    def choice(self, options: Sequence[T]) -> T:
        """One of the options, of which there is one at least."""

    def chance(self, percent: int) -> bool:
        """True in about so many cases of a hundred; False is the simpler."""

    def text(self, most: int) -> str:
        """Any Unicode scalar values, `most` pieces of text at most, of a few characters at most each."""


class Seeded:
    """A Draw that a seed decides: the same seed makes the same stream, everywhere and always."""

    def __init__(self, seed: int) -> None:
        # Nobody's secret hangs on it: it has to be repeatable.
        self._random = Random(seed)  # noqa: S311

    def integer(self, low: int, high: int) -> int:
        """See Draw."""
        # Of all that the generator makes, these numbers alone are promised to be the same in each version of Python.
        return low + int(self._random.random() * (high - low + 1))

    def choice(self, options: Sequence[T]) -> T:
        """See Draw."""
        return options[self.integer(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        """See Draw."""
        return self._random.random() * 100 < percent

    def text(self, most: int) -> str:
        """See Draw."""
        return "".join(self._piece() for _ in range(self.integer(0, most)))

    def _piece(self) -> str:
        kind = self.integer(0, 9)
        if kind < 6:
            return chr(self.integer(0x20, 0x7E))
        if kind < 8:
            return self.choice(HAZARDS)
        point = self.integer(0, 0x10FFFF - 0x800)
        return chr(point if point < 0xD800 else point + 0x800)

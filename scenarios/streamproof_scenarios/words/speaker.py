"""What a dialect makes of a word: the shape that each module of this folder has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import attrs

Json = Any


class Unsayable(Exception):  # noqa: N818 - the compiler turns it into a problem with its place
    """The dialect has no way to say this; the text says why, and what to write instead."""


@attrs.frozen(kw_only=True)
class Saying:
    """One event: JSON, or text where `text` is not None, under an event name where the dialect writes one."""

    json: Json = None
    text: str | None = None
    name: str | None = None


class Speaker(Protocol):
    """The words of one dialect, for one request and one pass over the steps of one answer.

    Each dialect's speaker is a subclass.  One that opens and closes things (blocks, items) or numbers what it says
    keeps its state in itself: it is made anew for each pass, and each turn of a repeat is said to it; what a word
    needs opened or closed before it, the word writes.
    """

    keeps_state: ClassVar[bool] = False
    """False where a word writes the same whatever was said before: a repeat is then compiled once."""

    @abstractmethod
    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """The events of a word; raises Unsayable."""

    @abstractmethod
    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """An event with these fields over the dialect's envelope."""

    def event(self, value: Json) -> Saying:
        """An event of this JSON, under the name that the dialect gives to one of its kind."""
        return Saying(json=value)

    @abstractmethod
    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """The documented body of an HTTP answer that reports an error."""


_COUNTS = ("input", "output", "total")


def token_counts(value: Mapping[str, Json], names: tuple[str, str, str]) -> dict[str, Json]:
    """`{input, output, total}` under the dialect's own names; the total is their sum where only it is left out."""
    own = dict(zip(_COUNTS, names, strict=True))
    counts = {own.get(key, key): count for key, count in value.items()}
    if "input" in value and "output" in value and names[2] not in counts:
        counts[names[2]] = value["input"] + value["output"]
    return counts

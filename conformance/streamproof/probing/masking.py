"""Keeps the key out of all that is told: an endpoint may echo what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import attrs

from streamproof_reports.document import CaseResult

SHORTEST_PART: Final = 8
"""Characters of a key that are masked even where its rest was cut off."""


class Mask:
    """Replaces a key, whole or cut off after its first characters, by as many asterisks.  No key, no change."""

    def __init__(self, key: str | None) -> None:
        # As sent, as some JSON writers escape it, and as it stands in a URL.
        spellings = {key, key.replace("/", "\\/"), quote(key, safe="")} if key else set()
        self._spellings = sorted(spellings, key=len, reverse=True)

    def text(self, text: str) -> str:
        """The text without the key."""
        parts, done = [], 0
        for start, size in self._places(text):
            parts += [text[done:start], "*" * size]
            done = start + size
        return "".join(parts) + text[done:]

    def hidden(self, data: bytes) -> int:
        """How many bytes of `data` are masked."""
        return sum(size for _, size in self._places(data.decode("latin-1")))

    def data(self, data: bytes) -> bytes:
        """The bytes without the key, as many as before."""
        return self.text(data.decode("latin-1")).encode("latin-1") if self._spellings else data

    def pieces(self, pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The same cuts, also where the key lay across one."""
        whole, masked, place = self.data(b"".join(pieces)), [], 0
        for piece in pieces:
            masked.append(whole[place : place + len(piece)])
            place += len(piece)
        return tuple(masked)

    def result(self, result: CaseResult) -> CaseResult:
        """The result with the key in none of its texts.  `sent` is base64: its bytes are to be masked before."""
        if not self._spellings:
            return result
        masked: CaseResult = self._value(attrs.evolve(result, sent=None))
        return attrs.evolve(masked, sent=result.sent)

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case tuple() | list():
                return type(value)(self._value(item) for item in value)
            case dict():
                return {self._value(name): self._value(item) for name, item in value.items()}
            case _ if attrs.has(type(value)):
                fields = attrs.fields(type(value))
                return attrs.evolve(value, **{field.name: self._value(getattr(value, field.name)) for field in fields})
            case _:
                return value

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the key starts, and how many of its characters follow one another there."""
        done = 0
        while found := [(at, key) for key in self._spellings if (at := text.find(key[:SHORTEST_PART], done)) >= 0]:
            start = min(at for at, _ in found)
            size = max(_common(text, start, key) for at, key in found if at == start)
            yield start, size
            done = start + size


def _common(text: str, start: int, key: str) -> int:
    return next((n for n, char in enumerate(key) if text[start + n : start + n + 1] != char), len(key))

"""Writers: what a dialect says, in the framing of its stream; bytes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from json import dumps
from typing import Any, Final, Protocol

import attrs

from streamproof_formats.dialect import StreamFraming
from streamproof_scenarios.model import Answer, Modifiers
from streamproof_scenarios.places import offsets
from streamproof_scenarios.words.speaker import Saying

Line = str | tuple[Saying, Modifiers]
"""A line of a block as it is, or an event whose data lines are taken in."""

_EOL: Final = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class Writer(Protocol):
    """Writes the events of one answer.  Each method raises ValueError, in words, for what its framing has not."""

    def event(self, saying: Saying, modifiers: Modifiers) -> bytes:
        """One event."""

    def comment(self, text: str, modifiers: Modifiers) -> bytes:
        """A comment."""

    def block(self, lines: Iterable[Line], modifiers: Modifiers) -> bytes:
        """An event given line by line."""


def json_text(value: Any, *, ascii: bool = False) -> str:  # noqa: A002 - the key has this name
    """Compact JSON, characters beyond ASCII as they are unless `ascii` asks for escapes."""
    return dumps(value, separators=(",", ":"), ensure_ascii=ascii)


def _lines_of(text: str) -> Sequence[str]:
    # Looking for two characters costs a tenth of what splitting by an expression does, and JSON has no line ends.
    return _LINE_END.split(text) if "\n" in text or "\r" in text else (text,)


def _text(saying: Saying, modifiers: Modifiers) -> str:
    return saying.text if saying.text is not None else json_text(saying.json, ascii=modifiers.ascii)


@attrs.frozen
class Blocks:
    """Server-sent events: blocks of lines, each closed by a blank line."""

    answer: Answer

    def event(self, saying: Saying, modifiers: Modifiers) -> bytes:
        """See Writer."""
        before = self._lines(line.encode() for line in self.answer.before)
        return self._closed(self._fields(saying, modifiers, before), modifiers.unclosed)

    def comment(self, text: str, modifiers: Modifiers) -> bytes:
        """See Writer."""
        colon = ": " if self.answer.space else ":"
        fields = self._lines((colon + line).encode() if line else b":" for line in _lines_of(text))
        return self._closed(fields, modifiers.unclosed)

    def block(self, lines: Iterable[Line], modifiers: Modifiers) -> bytes:
        """See Writer."""
        fields = b"".join(
            self._lines([line.encode()]) if isinstance(line, str) else self._fields(*line, b"") for line in lines
        )
        return self._closed(fields, modifiers.unclosed)

    def _fields(self, saying: Saying, modifiers: Modifiers, head: bytes) -> bytes:
        """The head and the lines of an event, the blank line left off: only a negative `break` counts it."""
        name = saying.name if modifiers.name is False else modifiers.name
        if name is not None:
            head += self._lines([self._field("event", name)])
        fields = head + self._lines(self._field("data", line) for line in _lines_of(_text(saying, modifiers)))
        label, eol = self._field("data", ""), _EOL[self.answer.eol]
        for offset in reversed(offsets(fields + eol, modifiers.breaks)):
            if not len(head) + len(label) <= offset <= len(fields) - len(eol):
                raise ValueError(f"break at {offset} is outside of the data of the event; write a place in it")
            fields = fields[:offset] + eol + label + fields[offset:]
        return fields

    def _field(self, name: str, value: str) -> bytes:
        return f"{name}:{' ' if self.answer.space else ''}{value}".encode()

    def _lines(self, lines: Iterable[bytes]) -> bytes:
        eol = _EOL[self.answer.eol]
        return b"".join(line + eol for line in lines)

    def _closed(self, fields: bytes, unclosed: int) -> bytes:
        """The lines with their blank line, or with line ends left off."""
        eol = _EOL[self.answer.eol]
        return fields + eol if not unclosed else fields.removesuffix(eol) if unclosed > 1 else fields


@attrs.frozen
class JsonLines:
    """JSON lines: each event is one line, and there is nothing beside it."""

    answer: Answer

    def __attrs_post_init__(self) -> None:
        if not self.answer.space:
            raise ValueError("JSON lines have no colon before the data; leave space away")
        if self.answer.before:
            raise ValueError("JSON lines have no lines beside the data; leave before away, or write raw lines")

    def event(self, saying: Saying, modifiers: Modifiers) -> bytes:
        """See Writer."""
        if modifiers.name:
            raise ValueError("JSON lines have no names of events; leave name away")
        if modifiers.breaks:
            raise ValueError("JSON lines have no second data line; leave break away, or write raw lines")
        if modifiers.unclosed > 1:
            raise ValueError(
                f"a JSON line has one line end to leave off, found unclosed: {modifiers.unclosed}; write 1"
            )
        return _text(saying, modifiers).encode() + (b"" if modifiers.unclosed else _EOL[self.answer.eol])

    def comment(self, text: str, modifiers: Modifiers) -> bytes:  # noqa: ARG002
        """See Writer."""
        raise ValueError("JSON lines have no comments; leave the step away, or write it raw")

    def block(self, lines: Iterable[Line], modifiers: Modifiers) -> bytes:  # noqa: ARG002
        """See Writer."""
        raise ValueError("JSON lines have no blocks; write data, or raw lines")


WRITERS: Final[Mapping[StreamFraming, Callable[[Answer], Writer]]] = {"sse": Blocks, "ndjson": JsonLines}
"""For each framing what makes the writer of an answer; raises ValueError where a key of the answer means nothing."""

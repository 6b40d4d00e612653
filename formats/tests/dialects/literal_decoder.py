"""The standard on server-sent events read literally, and the same reading with one rule left out at a time.

WHATWG HTML, 9.2.5 and 9.2.6: decode all, split into lines, interpret each.  A vector for a rule is worth something if
a decoder without that rule reads it otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import attrs

Read = tuple[str, str, str]
Line = tuple[str, str] | None
"""A field's name and value; None for a line that says nothing."""


def utf8(pieces: Sequence[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", "replace")


def lines_of(text: str) -> list[str]:
    """All lines, the rest behind the last line end too."""
    return re.split("\r\n|\r|\n", text)


def field_of(line: str) -> Line:
    if line.startswith(":"):
        return None
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


def reconnection_time(value: str) -> int | None:
    return min(int(value[:40]), 10**18) if re.fullmatch("[0-9]+", value) else None


@attrs.frozen(kw_only=True)
class Decoder:
    """The steps of the standard, each to be put in another's place."""

    decode: Callable[[Sequence[bytes]], str] = utf8
    skip_mark: Callable[[str], str] = lambda text: text.removeprefix("\ufeff")
    split: Callable[[str], list[str]] = lines_of
    field: Callable[[str], Line] = field_of
    names: Callable[[str], str] = str
    join: str = "\n"
    takes_id: Callable[[str], bool] = lambda value: "\0" not in value
    time: Callable[[str], int | None] = reconnection_time
    flaw: str = ""
    """What it does otherwise where it interprets the lines, in the words of `read`."""

    def read(self, pieces: Sequence[bytes]) -> tuple[list[Read], str, int | None]:
        """The events, the last event ID string, the reconnection time in milliseconds."""
        events: list[Read] = []
        kind, buffer, ident, last, time = "", "", "", "", None
        lines = self.split(self.skip_mark(self.decode(pieces)))
        for line in [*lines, ""] if self.flaw == "closes what is open at the end" else lines[:-1]:
            if not line:
                is_empty = not buffer.strip("\n") if self.flaw == "drops events of empty data" else not buffer
                if not is_empty or self.flaw != "takes an ID with data only":
                    last = ident
                if not is_empty or (kind and self.flaw == "dispatches a type alone"):
                    events.append((kind or "message", buffer.removesuffix("\n"), last))
                kind = kind if is_empty and self.flaw == "keeps the type of a block without data" else ""
                buffer = buffer if self.flaw == "keeps the data" else ""
                ident = "" if self.flaw == "forgets the ID" else ident
                continue
            found = self.field(line)
            if found is None:
                continue
            name, value = self.names(found[0]), found[1]
            if name == "data":
                buffer += value + self.join
            elif name == "event":
                kind = kind or value if self.flaw == "keeps the first type" else value
            elif name == "id":
                ident = value if self.takes_id(value) else ident
            elif name == "retry":
                new = self.time(value)
                time = time if new is None else new
            elif self.flaw == "fails on unknown fields":
                raise ValueError(name)
        return events, last, time


def _piecewise(pieces: Sequence[bytes]) -> str:
    return "".join(piece.decode("utf-8", "replace") for piece in pieces)


def _lenient_number(value: str) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _comments_close(text: str) -> list[str]:
    return [part for line in lines_of(text) for part in ([line, ""] if line.startswith(":") else [line])]


WITHOUT: Final[dict[str, Decoder]] = {
    "SSE-01": Decoder(decode=lambda pieces: b"".join(pieces).decode("latin-1")),
    "SSE-02": Decoder(decode=lambda pieces: b"".join(pieces).decode("utf-8", "ignore")),
    "SSE-03": Decoder(skip_mark=str),
    "SSE-05": Decoder(split=lambda text: re.split("\r?\n", text)),
    "SSE-07": Decoder(split=lambda text: text.splitlines() + [""] * text.endswith(("\n", "\r"))),
    "SSE-09": Decoder(decode=_piecewise),
    "SSE-10": Decoder(split=_comments_close),
    "SSE-11": Decoder(field=lambda line: None if line[:1] == ":" else (line.split(":")[0], line.split(":")[-1].removeprefix(" "))),
    "SSE-12": Decoder(field=lambda line: None if line[:1] == ":" else (line.partition(":")[0], line.partition(":")[2].strip())),
    "SSE-14": Decoder(field=lambda line: field_of(line) if ":" in line else None),
    "SSE-15": Decoder(names=lambda name: name.strip().lower()),
    "SSE-16": Decoder(flaw="fails on unknown fields"),
    "SSE-17": Decoder(join=""),
    "SSE-18": Decoder(flaw="keeps the first type"),
    "SSE-19": Decoder(takes_id=bool),
    "SSE-20": Decoder(time=_lenient_number),
    "SSE-20b": Decoder(time=lambda value: reconnection_time(value) if value else 0),
    "SSE-21": Decoder(flaw="takes an ID with data only"),
    "SSE-21b": Decoder(flaw="keeps the data"),
    "SSE-21c": Decoder(flaw="dispatches a type alone"),
    "SSE-22": Decoder(flaw="keeps the type of a block without data"),
    "SSE-23": Decoder(flaw="drops events of empty data"),
    "SSE-24": Decoder(flaw="forgets the ID"),
    "SSE-25": Decoder(flaw="closes what is open at the end"),
}  # fmt: skip
"""By rule, a decoder that knows all of the standard but it."""

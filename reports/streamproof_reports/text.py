"""Text that came from the wire, made safe to show: nothing in it may move a cursor, hide or break a line."""

from __future__ import annotations

import json
from typing import Any, Final

LONGEST: Final = 2_000
"""Characters of a line that a report shows; the result document holds all."""

_NAMED: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def _escape(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """Writes what is not printable as an escape: control characters, line ends, lone surrogates, marks of direction."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def visible_lines(text: str, limit: int) -> tuple[str, ...]:
    """The last `limit` lines of a text of several lines, each made visible; tabs become blanks."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n") if text else []
    shown = [visible(shorten(line.expandtabs(8), LONGEST)) for line in lines[-limit:]]
    if len(lines) > limit:
        shown.insert(0, f"({len(lines) - limit} earlier lines left out)")
    return tuple(shown)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the cut shown."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def quoted(value: Any) -> str:
    """A JSON value in one printable line; text stays readable in any script."""
    try:
        line = json.dumps(value, ensure_ascii=False, default=repr)
    except (RecursionError, ValueError, TypeError):
        line = f"(a {type(value).__name__} that JSON cannot hold)"
    return visible(line)


def pretty(value: Any) -> tuple[str, ...]:
    """A JSON value in indented printable lines."""
    try:
        lines = json.dumps(value, ensure_ascii=False, indent=2, default=repr).split("\n")
    except (RecursionError, ValueError, TypeError):
        return (quoted(value),)
    return tuple(visible(shorten(line, LONGEST)) for line in lines)


def counted(number: int, noun: str) -> str:
    """`1 case`, `1,200 cases`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")

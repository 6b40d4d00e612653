"""Writes server-sent events (WHATWG HTML 9.2), also what is legal but rare and what is illegal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Eol = Literal["lf", "crlf", "cr"]

EOL: Final[Mapping[Eol, str]] = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}

_ANY_EOL: Final = re.compile("\r\n|\r|\n")


def encode_lines(lines: Iterable[str], *, eol: Eol = "lf", unclosed: int = 0) -> bytes:
    """Writes a block line by line and closes it with a blank line.

    `unclosed` line ends are left off at the end: 1 for the blank line, 2 for the end of the last line too.  What the
    lines hold is written as it is; lone surrogates become the bytes that no UTF-8 has.
    """
    if unclosed not in (0, 1, 2):
        raise ValueError(f"expected 0, 1 or 2 line ends to leave off, found {unclosed}")
    ends = EOL[eol]
    text = ends.join(lines) + ends * (2 - unclosed)
    return text.encode("utf-8", "surrogatepass")


def encode(
    data: str | Sequence[str] | None,
    *,
    event: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the field
    retry: int | str | None = None,
    before: Sequence[str] = (),
    eol: Eol = "lf",
    space: bool = True,
    unclosed: int = 0,
) -> bytes:
    """Writes one event: the lines `before` as they are, then `event`, `id`, `retry`, then the data.

    A text becomes one `data` line for each of its lines, a sequence one for each of its items; None writes none.  With
    `space=False` no space follows the colons.
    """
    colon = ": " if space else ":"
    lines = list(before)
    for name, value in (("event", event), ("id", id), ("retry", retry)):
        if value is not None:
            lines.append(f"{name}{colon}{value}")
    if data is not None:
        values = _ANY_EOL.split(data) if isinstance(data, str) else data
        lines += [f"data{colon}{value}" for value in values]
    return encode_lines(lines, eol=eol, unclosed=unclosed)


def encode_comment(text: str = "", *, eol: Eol = "lf") -> bytes:
    """Writes a comment, closed by a blank line as servers do; a line of its own for each line of the text."""
    return encode_lines([f": {line}" if line else ":" for line in _ANY_EOL.split(text)], eol=eol)

"""A note: something seen in the framing of a stream that a dialect may mind, beside the events themselves."""

from __future__ import annotations

from typing import Literal

import attrs

NoteKind = Literal[
    "bom",  # U+FEFF at the start of the body
    "event-field",  # an `event:` line
    "id-field",  # an `id:` line, whether the value counts or not
    "retry-field",  # a `retry:` line, whether the value counts or not
    "unknown-field",  # a line that is none of the four fields
    "comment",  # a line that starts with a colon
    "no-data",  # a closed block with `event`, `id` or `retry` lines and without a `data` line: nothing is dispatched
    "data-lines",  # several `data` lines in one event
    "no-space",  # a `data` line that does not start with `data: `
    "cr",  # the first line of the stream that ends in a lone CR
    "crlf",  # the first line of the stream that ends in CRLF
    "malformed-utf8",  # bytes that are not UTF-8
    "raw-separator",  # U+0085, U+2028 or U+2029 unescaped in data
    "unclosed",  # fields, or the beginning of a JSON line, at the end of the input that nothing closes: they are lost
    "blank-line",  # JSON lines: lines without JSON between two others, or at the end
    "unclosed-array",  # a JSON array that the end of the input leaves open; what had come of an element is lost
    "no-line-end",  # JSON lines: the last line has no end and is whole; `count` is the number of lines of the body
]


@attrs.frozen(kw_only=True)
class Note:
    """One thing seen in one block; of each kind a block has at most one note, at the first place.

    `start` and `end` are byte offsets in the body, half open.
    """

    kind: NoteKind
    start: int
    end: int
    event: int | None = None
    """Number of the event that the block dispatched, counting from 0; None where it dispatched none."""
    count: int = 1
    """How often the block has it."""
    text: str = ""
    """What was found, cut to 200 bytes: the value of a field, the line of an unknown field, the malformed bytes in
    hexadecimal, the separator, the names of fields without data beside them, the data that an unclosed block held."""

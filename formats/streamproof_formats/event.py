"""What a decoder of streams hands out: events, signals, and its refusal to hold more than it may."""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs


@attrs.frozen
class Event:
    """A dispatched event.  `start` and `end` are byte offsets in the body, half open, its blank line included.

    It starts with the first line of its block, which may be a comment.  Where CRLF ends the blank line but not the line
    before it, the LF stays outside: the event is dispatched at the CR, before it can be known that an LF follows.
    """

    type: str
    data: str
    id: str
    start: int
    end: int


class Signal(Enum):
    """What `Decoder.next_event` gives where there is no event."""

    NEED_DATA = "need data"
    END_OF_STREAM = "end of stream"


NEED_DATA: Final = Signal.NEED_DATA
END_OF_STREAM: Final = Signal.END_OF_STREAM

DEFAULT_LIMIT: Final = 1 << 28
"""Bytes of a line, and of the data of an event, that a decoder accepts unless told otherwise."""


class LimitError(ValueError):
    """A line or an event is longer than the decoder may hold; reading cannot go on."""

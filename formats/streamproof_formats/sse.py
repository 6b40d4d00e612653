"""Server-sent events (WHATWG HTML 9.2), sans-io: bytes in, events out."""

from __future__ import annotations

import attrs


@attrs.frozen
class Event:
    """A dispatched event.  `start` and `end` are byte offsets in the body, half open, its blank line included."""

    type: str
    data: str
    id: str
    start: int
    end: int

"""One printable line with the tone in which it is shown."""

from __future__ import annotations

from typing import Literal

import attrs

Tone = Literal["plain", "strong", "faint", "good", "bad", "mark"]


@attrs.frozen
class Line:
    """Text without line ends and control characters."""

    text: str
    tone: Tone = "plain"

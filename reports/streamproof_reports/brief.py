"""Lines that begin alike, cut to what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len, set_cell_size

_ALIKE: Final = 32
"""Characters that a line must share with a neighbour before they are left out."""
_HEAD: Final = 12
"""Characters that stay of what is left out."""


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def brief(text: str, neighbours: Iterable[str], width: int) -> str:
    """A line of at most `width` columns: what its neighbours begin with too goes first, as it tells nothing."""
    if cell_len(text) <= width:
        return text
    alike = max((_common(text, other) for other in neighbours), default=0)
    if alike > _ALIKE:
        # The brace before: what differs is read with the name of its field.
        cut = max(text.rfind("{", _HEAD, alike), alike - _ALIKE)
        text = f"{text[:_HEAD]}...{text[cut:]}"
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 3)}..."

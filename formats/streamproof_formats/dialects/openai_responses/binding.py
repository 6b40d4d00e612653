"""Which rules bind a server: those of Open Responses where it is claimed, their siblings anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Place, Sink, Words

OPEN_RESPONSES: Final = "open-responses"
"""The profile of servers that claim Open Responses."""

SIBLINGS: Final[Mapping[str, str | None]] = {
    "OR-01": "OR-01b",
    "OR-02": None,
    "OR-03b": "OR-03c",
    "OR-07": "OR-07b",
    "OR-08": "OR-08b",
    "OR-10": "OR-10b",
    "OR-13": "OR-13c",
    "OR-23": "OR-23b",
    "OR-25": "OR-25b",
    "OR-28": "OR-28b",
    "OR-33": None,
    "OR-36": None,
    "OR-43": None,
    "OR-43b": None,
    "OR-43c": None,
    "OR-46": None,
}
"""For each rule of Open Responses the one that binds others in its place, if any."""

OTHERS: Final[Mapping[str, str | None]] = {
    "OR-07c": None,
    "OR-13b": "OR-13",
    "OR-47": "OR-34b",
    "OR-47b": None,
}
"""For each rule that binds others only, the one that says it where Open Responses is claimed, if any."""


class Binding:
    """Notes breaches of the rules that bind; a breach of another falls to its sibling, or is none."""

    def __init__(self, sink: Sink, *, claims_open: bool) -> None:
        self._sink = sink
        self._instead = OTHERS if claims_open else SIBLINGS
        self.claims_open = claims_open

    def add(self, rule: str, message: Words, *, about: Any = None, place: Place | None = None) -> None:
        """Notes a breach of the rule, or of the one that binds in its place."""
        bound = self._instead.get(rule, rule)
        if bound is not None:
            self._sink.add(bound, message, about=about, place=place)

"""Collects what a stream breaks, with its place, under one profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from streamproof_formats.rules import broken

if TYPE_CHECKING:
    from streamproof_formats.finding import Finding
    from streamproof_formats.profiles import Allowance
    from streamproof_formats.sse import Event

MOST: Final = 20
"""Findings of one rule that are told; those beyond are counted."""

Words = str | Callable[[], str]
"""What a finding says, or how to say it: a stream may break a rule a million times, and a few are told."""

Place = tuple[int | None, int | None, int | None]
"""Number of the event, start and end of its bytes."""

NOWHERE: Final[Place] = (None, None, None)


class Sink(Protocol):
    """Where a rule's check says what it found."""

    def add(self, rule: str, message: Words, *, about: Any = None, place: Place | None = None) -> None:
        """Notes a breach at `place`, or at the event that is judged; `about` is what a profile looks at."""


class Renamed:
    """Hands breaches on under the rule of another dialect, which says that it follows these."""

    def __init__(self, sink: Sink, rule: str) -> None:
        self._sink = sink
        self._rule = rule

    def add(self, rule: str, message: Words, *, about: Any = None, place: Place | None = None) -> None:
        """Notes a breach of the other rule."""
        words = message if isinstance(message, str) else message()
        self._sink.add(self._rule, f"{words} ({rule})", about=about, place=place)


class Breaches:
    """Findings in the making.  `once` names the rules of which the first breach tells all.

    Of each rule the first `MOST` breaches make findings; each one beyond hands out the last again, to be counted.
    """

    def __init__(self, allows: Mapping[str, Allowance], once: frozenset[str] = frozenset()) -> None:
        self._allows = allows
        self._once = once
        self._told: set[str] = set()
        self._counts: dict[str, int] = {}
        self._last: dict[str, Finding] = {}
        self._found: list[Finding] = []
        self.place: Place = NOWHERE

    def at(self, event: Event, number: int) -> None:
        """Names the event that is judged from now on."""
        self.place = (number, event.start, event.end)

    def excuses(self, rule: str, about: Any) -> bool:
        """True if the profile lets such a breach pass."""
        allowance = self._allows.get(rule)
        return allowance is not None and allowance.covers(about)

    def add(self, rule: str, message: Words, *, about: Any = None, place: Place | None = None) -> None:
        """Notes a breach at `place`, or at the event that is judged; `about` is what a profile looks at."""
        if rule in self._allows and self.excuses(rule, about):
            return
        if rule in self._once:
            if rule in self._told:
                return
            self._told.add(rule)
        count = self._counts[rule] = self._counts.get(rule, 0) + 1
        if count > MOST:
            self._found.append(self._last[rule])
            return
        event, start, end = self.place if place is None else place
        words = message if isinstance(message, str) else message()
        finding = self._last[rule] = broken(rule, words, event=event, start=start, end=end)
        self._found.append(finding)

    def take(self) -> list[Finding]:
        """The findings since the last call."""
        if not self._found:
            return []
        found, self._found = self._found, []
        return found

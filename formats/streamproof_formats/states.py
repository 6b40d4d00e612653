"""A table of states as data that anyone can read: what may follow what, and which rule says so where it may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs


@attrs.frozen
class Transition:
    """Where a signal leads from a state.  It may not come there if it breaks `rules`, or if another was `expected`."""

    source: str
    signal: str
    target: str
    rules: tuple[str, ...] = ()
    expected: str | None = None
    """What a finding says that it expected, where the table knows it."""

    @property
    def is_breach(self) -> bool:
        """True if the signal may not come in this state."""
        return bool(self.rules) or self.expected is not None


@attrs.frozen(kw_only=True)
class StateTable:
    """The states of one thing: of a stream, of each of its choices, of each of its blocks."""

    of: str
    """The thing, as in `each choice`."""
    start: str
    transitions: tuple[Transition, ...]
    meanings: Mapping[str, str] = attrs.field(factory=dict)
    """By state, what it means where its name does not tell."""

    @property
    def states(self) -> tuple[str, ...]:
        """All states, the first one first."""
        found = [self.start, *(state for arrow in self.transitions for state in (arrow.source, arrow.target))]
        return tuple(dict.fromkeys(found))

    def step(self, state: str, signal: str) -> Transition:
        """The transition that a signal makes in a state.  Raises KeyError where the table has none."""
        for arrow in self.transitions:
            if (arrow.source, arrow.signal) == (state, signal):
                return arrow
        raise KeyError((state, signal))


def arrows(source: str, target: str, *signals: str, rules: str = "", expected: str | None = None) -> list[Transition]:
    """One transition for each signal, `rules` as in `OC-13 OC-15`."""
    return [Transition(source, signal, target, tuple(rules.split()), expected) for signal in signals]


def joined(*groups: Iterable[Transition]) -> tuple[Transition, ...]:
    """All transitions, in order."""
    return tuple(arrow for group in groups for arrow in group)


def named(state: object) -> str:
    """The name of a member of an enumeration, as it is read."""
    return str(getattr(state, "name", state)).lower().replace("_", " ")

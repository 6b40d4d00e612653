"""A profile: the deviations that a family of servers documents or is known for, rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Allowance:
    """Why a profile lets a breach of one rule pass, and which breaches."""

    reason: str
    source: str
    """Document, or repository and version, that shows it."""
    when: Callable[[Any], bool] | None = None
    """Tells, of what the finding is about, whether it is allowed; None allows every breach of the rule.

    A finding is about its chunk, about (before, after) where a value changed, or about a word that its rule names.
    """

    def covers(self, about: Any) -> bool:
        """True if the breach is allowed."""
        return self.when is None or self.when(about)


Allowed = tuple[str, str, Callable[[Any], bool] | None]
"""Rule, reason and condition of an allowance."""


@attrs.frozen(kw_only=True)
class Profile:
    """A named set of allowances; a family of servers may speak several dialects."""

    name: str
    title: str
    by_dialect: Mapping[str, Mapping[str, Allowance]] = attrs.field(factory=dict)
    """By dialect, then by rule id."""

    @property
    def allows(self) -> Mapping[str, Allowance]:
        """All allowances, by rule id."""
        return {rule: allowance for table in self.by_dialect.values() for rule, allowance in table.items()}

    def narrowed(self, dialect: str) -> Profile:
        """The profile with what it allows in one dialect."""
        return attrs.evolve(self, by_dialect={dialect: self.by_dialect.get(dialect, {})})


def family(dialect: str, name: str, title: str, source: str, *allowed: Allowed) -> Profile:
    """The profile of a family of servers, as far as it speaks one dialect; all that it allows has one source."""
    allowances = {rule: Allowance(reason=reason, source=source, when=when) for rule, reason, when in allowed}
    return Profile(name=name, title=title, by_dialect={dialect: allowances})

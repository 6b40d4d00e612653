"""Short hand for tables of rules: strength and bases as they are printed."""

from __future__ import annotations

from streamproof_formats.rule import Basis, Level, Rule, Source


def rule(
    rule_id: str,
    strength: str,
    bases: str,
    source: Source,
    text: str,
    *,
    binds: str = "server",
    profile: str | None = None,
    unshowable: str | None = None,
) -> Rule:
    """One rule; `strength` as in `SHOULD NOT`, `bases` as in `DOC CLIENT`, the firmest first."""
    level, _, negation = strength.partition(" ")
    basis, *support = (Basis(name) for name in bases.split())
    return Rule(
        id=rule_id,
        level=Level(level),
        negated=negation == "NOT",
        basis=basis,
        support=tuple(support),
        binds=binds,
        profile=profile,
        text=text,
        source=source,
        unshowable=unshowable,
    )

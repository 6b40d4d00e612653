"""A rule: one testable statement about a stream, with the document it comes from."""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs


class Level(Enum):
    """How strongly a rule binds (RFC 2119); the NOT forms share the level of the plain form."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Basis(Enum):
    """What a rule rests on, firmest first.  What each basis may do to a verdict is the harness's table."""

    DOC = "DOC"
    """A document or specification says so in words."""
    TYPE = "TYPE"
    """The published schema or the official SDK's types."""
    CLIENT = "CLIENT"
    """An official SDK breaks or misreads otherwise, as measured: interoperability."""
    EX = "EX"
    """Only an official example."""
    SRC = "SRC"
    """Read in the source of a server or client."""
    INF = "INF"
    """Inference."""


@attrs.frozen(kw_only=True)
class Source:
    """Where a rule is written down."""

    document: str
    """Name of the document, schema or library with its version."""
    section: str
    """Heading, schema object or file within it."""
    url: str
    read: str
    """Date on which it was read, `YYYY-MM-DD`."""


@attrs.frozen(kw_only=True)
class Rule:
    """One numbered rule of the book.  Shape of `id`: `OC-07`, `SSE-27b`."""

    id: str
    level: Level
    negated: bool = False
    """True for the NOT form."""
    basis: Basis
    """The firmest basis: it decides what a breach does to a verdict."""
    support: tuple[Basis, ...] = ()
    binds: str = "server"
    """Whom the rule binds: `server` (the stream), `client`, `decoder`."""
    profile: str | None = None
    """Set when the rule binds under that profile only."""
    text: str
    """The statement, in our own words."""
    source: Source
    unshowable: str | None = None
    """Why no bytes can show this rule; None for the many that can be shown."""

    @property
    def strength(self) -> str:
        """`MUST`, `SHOULD NOT`, ... as printed."""
        return f"{self.level.value} NOT" if self.negated else self.level.value


INTEROPERABILITY: Final = frozenset({Basis.CLIENT})
"""Bases whose breach is judged in a category of its own."""

"""On what terms a test's client is judged."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

import attrs

from streamproof.adapters.said import CAPABILITIES
from streamproof.errors import StreamproofError

BEHAVIOUR: Final = frozenset({"idle_timeout", "max_retries", "reuse", "parallel", "http2", "tls"})
"""Capabilities that no report shows: a client without one is not asked to play what needs it."""


def _capabilities(given: Iterable[str]) -> frozenset[str]:
    found = frozenset((given,) if isinstance(given, str) else given)
    for name in sorted(found - set(CAPABILITIES)):
        near = difflib.get_close_matches(name, CAPABILITIES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(CAPABILITIES)}"
        raise StreamproofError(f"capabilities: {name!r} is none", hint)
    return found


@attrs.frozen(kw_only=True)
class Terms:
    """What the client can do, and how strictly it is taken."""

    capabilities: frozenset[str] = attrs.field(default=frozenset(), converter=_capabilities)
    """What it can say and do beside the text; a scenario that needs more is skipped."""
    strict: bool = False
    """Every warning is a failure."""
    timeout_s: float = 10.0
    """What a run may take beside the waits of its stream; then the connection is broken off, and it hung."""
    pinned: str | None = None
    """The set of scenarios that is pinned: newer ones warn."""
    again: tuple[str, ...] = ()
    """Commands that run the test again."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """The terms of these names.  Raises StreamproofError for another."""
        known = [field.name for field in attrs.fields(cls)]
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise StreamproofError(f"{name!r} is no term of a play", hint)
        return cls(**given)

"""A finding: one rule broken at one place of a stream."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Finding:
    """One rule broken at one place.

    `event` counts dispatched events from 0; `start` and `end` are offsets in the decoded body, half open.
    All three are None where the breach has no place in the body (a header, a missing end).
    """

    rule: str
    level: str
    """`MUST`, `SHOULD` or `MAY`: never a NOT form."""
    basis: str
    message: str
    """What was expected and what was found, in one line."""
    event: int | None = None
    start: int | None = None
    end: int | None = None

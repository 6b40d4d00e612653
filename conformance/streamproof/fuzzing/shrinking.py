"""Shrinking: a failing draft made smaller as long as it fails in the same way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

import attrs

from streamproof.fuzzing.draft import Draft
from streamproof.fuzzing.smaller import PASSES

MOST_PLAYS: Final = 250
MOST_TRIES: Final = 1_500
"""Proposals of one shrinking that are looked at, most of them to no avail: they break a rule."""


@attrs.define
class _Left:
    plays: int
    tries: int = MOST_TRIES

    @property
    def is_over(self) -> bool:
        return self.plays <= 0 or self.tries <= 0


async def shrink(draft: Draft, fails: Callable[[Draft], Awaitable[bool]], plays: int = MOST_PLAYS) -> Draft:
    """The smallest draft found that `fails` holds for, after so many calls of it at most.

    What it is given is always valid.  The same draft and answers lead to the same end.
    """
    left = _Left(plays)
    while not left.is_over:
        before = draft
        for proposals in PASSES:
            smaller: Draft | None = draft
            while smaller is not None:
                draft = smaller
                smaller = await _first(proposals(draft), fails, left)
        if draft == before:
            break
    return draft


async def _first(proposals: Iterable[Draft], fails: Callable[[Draft], Awaitable[bool]], left: _Left) -> Draft | None:
    """The first of the proposals that fails, too."""
    for proposal in proposals:
        if left.is_over:
            return None
        left.tries -= 1
        if proposal.is_valid:
            left.plays -= 1
            if await fails(proposal):
                return proposal
    return None

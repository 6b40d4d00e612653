"""Every profile by name: one module for each dialect whose servers have some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from streamproof_formats.profiles import (
    anthropic_messages,
    openai_chat,
    openai_completions,
    openai_responses,
    workers_ai,
)
from streamproof_formats.profiles.profile import Allowance as Allowance
from streamproof_formats.profiles.profile import Profile as Profile

STRICT: Final = Profile(name="strict", title="What the documents say, and nothing else")


def _book(profiles: Iterable[Profile]) -> Mapping[str, Profile]:
    """The profiles by name; those of one name are one family of servers, and the first title counts."""
    found: dict[str, Profile] = {}
    for profile in profiles:
        known = found.get(profile.name, profile)
        found[profile.name] = attrs.evolve(known, by_dialect={**known.by_dialect, **profile.by_dialect})
    return found


PROFILES: Final[Mapping[str, Profile]] = _book(
    (
        STRICT,
        *openai_chat.PROFILES,
        *openai_completions.PROFILES,
        *openai_responses.PROFILES,
        *anthropic_messages.PROFILES,
        *workers_ai.PROFILES,
    )
)
"""Every profile by name."""

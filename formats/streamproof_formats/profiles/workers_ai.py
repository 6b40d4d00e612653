"""Servers that speak workers-ai as its own clients forgive them."""

from __future__ import annotations

from typing import Final

from streamproof_formats.profiles.conditions import said
from streamproof_formats.profiles.profile import Profile, family

PROFILES: Final[tuple[Profile, ...]] = (
    family(
        "workers-ai",
        "lenient",
        "What the client of Workers AI forgives",
        "cloudflare/ai (917c024), workers-ai-provider",
        ("SSE-40", "the answer may be one JSON object although a stream was asked for", said("application/json")),
    ),
)
"""Their part of the profiles.  Proxies that leave out usage, padding and tool calls break no rule."""

"""What looks like a key or an account in a recording, and is not to stand in a scenario file."""

from __future__ import annotations

import re
from typing import Final

_KEYS: Final = re.compile(
    rb"(?P<lead>\b(?:sk-(?:ant-|proj-|or-v1-)?|gsk_|hf_|xai-|r8_|pplx-|AIza|AKIA|ghp_|org-|proj_|acct_|Bearer )|\beyJ)"
    rb"(?P<rest>[A-Za-z0-9_\-.]{10,})"
)
"""Keys and accounts by the way that they begin, as their issuers document it."""
_HEADERS: Final = re.compile(r"cookie|auth|api-?key|token$|secret|organi[sz]ation|project|account|tenant|subscription")
"""Headers whose whole value is told to nobody."""


def masked(data: bytes) -> bytes:
    """The bytes with each such key behind its beginning made of `x`: as many bytes as before."""
    return _KEYS.sub(lambda found: found["lead"] + b"x" * len(found["rest"]), data)


def masked_header(name: str, value: str) -> str:
    """The value of a header, as it may be told."""
    return "masked" if _HEADERS.search(name.lower()) else masked(value.encode()).decode()

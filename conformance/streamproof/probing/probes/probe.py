"""A probe: one request to an endpoint, what it may cost, what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import attrs

Wants = Literal["stream", "refusal", "abort"]
"""What a conforming endpoint does: streams an answer, refuses before the first byte, survives being left."""

Body = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Asking:
    """What holds for every request to one endpoint."""

    model: str
    token_limit: tuple[str, ...]
    """The keys, outermost first, under which a request bounds the tokens of its answer."""
    tokens: int = 48
    """Tokens that an ordinary answer may have."""


@attrs.frozen(kw_only=True)
class Probe:
    """One request and what is looked for in its answer."""

    name: str
    title: str
    wants: Wants
    body: Callable[[Asking], Body | bytes]
    tokens: Callable[[Asking], int] = lambda asking: asking.tokens
    """The tokens that its answer can cost at most."""
    refs: tuple[str, ...] = ()
    wrong_key: bool = False
    """True to send a key that is not valid."""
    is_dangerous: bool = False
    """True when it may leave a bad endpoint worse: it comes last, with a plain request after it."""


def free(_asking: Asking) -> int:
    """What a request costs that must be refused."""
    return 0


def limited(body: Mapping[str, Any], asking: Asking, tokens: int | None = None) -> dict[str, Any]:
    """A request's body with its answer bounded to so many tokens, those of an ordinary answer where none are given."""
    made = dict(body)
    inner = made
    for key in asking.token_limit[:-1]:
        inner[key] = dict(inner.get(key) or {})
        inner = inner[key]
    inner[asking.token_limit[-1]] = asking.tokens if tokens is None else tokens
    return made


REFUSED: Final = ("SSE-47",)
"""What a refusal is judged by, whatever the dialect."""

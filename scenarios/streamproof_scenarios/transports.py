"""Which endings have a meaning on which transport: the one table, for the loader, the server and the reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, Protocol

from streamproof_scenarios.plan import AnswerPlan, Ending, EndingKind

Transport = Literal["h1", "h1-tls", "h2c", "h2"]
"""HTTP/1.1 in the clear and over TLS, HTTP/2 in the clear and over TLS; the latter two are called so by RFC 7540, 3.1,
and by the protocol names of ALPN."""

NAMES: Final[Mapping[Transport, str]] = {
    "h1": "HTTP/1.1",
    "h1-tls": "HTTP/1.1 over TLS",
    "h2c": "HTTP/2",
    "h2": "HTTP/2 over TLS",
}

_ALL: Final[tuple[Transport, ...]] = ("h1", "h1-tls", "h2c", "h2")
_H1: Final[tuple[Transport, ...]] = ("h1", "h1-tls")
_H2: Final[tuple[Transport, ...]] = ("h2c", "h2")
_TLS: Final[tuple[Transport, ...]] = ("h1-tls", "h2")

MEANING: Final[Mapping[EndingKind, tuple[Transport, ...]]] = {
    "clean": _ALL,
    "fin": _ALL,
    "reset": _ALL,
    "stall": _ALL,
    "bad-head": _ALL,
    "bad-header": _ALL,
    "in-chunk": _H1,
    "bad-chunk": _H1,
    "rst-stream": _H2,
    "goaway": _H2,
    "no-close-notify": _TLS,
    "tls-stall": _TLS,
    "refuse": _ALL,
    "reset-on-accept": _ALL,
}

SECURE: Final[frozenset[Transport]] = frozenset(_TLS)
"""Those over TLS."""

WHY_NOT: Final[Mapping[tuple[Transport, ...], str]] = {
    _H1: "HTTP/2 has no chunks",
    _H2: "HTTP/1.1 has no such frame",
    _TLS: "there is no TLS",
}
"""Why the endings of a row have no meaning elsewhere."""


class _Answer(Protocol):
    @property
    def http(self) -> Literal["h1", "h1.0", "h2"]: ...

    @property
    def end(self) -> Ending: ...


def transport_of(answers: Sequence[_Answer], requires: Collection[str]) -> Transport:
    """What a case is played over.

    `http: h2` is played over TLS, where the client is offered it by ALPN: that is how clients come to it.  What
    requires `tls` is played over TLS with HTTP/1.1, all else in the clear.  A handshake that is never answered needs no
    certificate, and so nothing of TLS on the server's side.
    """
    if answers[0].end.kind == "tls-stall":
        return "h1"
    if any(answer.http == "h2" for answer in answers):
        return "h2"
    return "h1-tls" if "tls" in requires else "h1"


def spoken(*, is_h2: bool, is_tls: bool) -> Transport:
    """What a connection speaks."""
    if is_h2:
        return "h2" if is_tls else "h2c"
    return "h1-tls" if is_tls else "h1"


def misfit(plan: AnswerPlan, transport: Transport) -> str | None:
    """Why this plan means nothing, or something else, on this transport, in words; None where it means what it says.

    A plan for HTTP/1.1 is played over HTTP/2 where nothing of it belongs to HTTP/1: who asks a server by hand may come
    with either.
    """
    kind = plan.ending.kind
    if plan.http == "h2" and transport not in _H2:
        return f"the plan wants HTTP/2, and this connection is {NAMES[transport]}"
    if transport not in MEANING[kind]:
        able = " or ".join(NAMES[name] for name in MEANING[kind])
        return f"the ending {kind} needs {able}, and this connection is {NAMES[transport]}"
    if kind in {"in-chunk", "bad-chunk"} and plan.framing != "chunked":
        return f"the ending {kind} needs chunked framing, and the plan's framing is {plan.framing}"
    if plan.http != "h2" and transport in _H2 and _is_of_h1(plan):
        return f"the plan wants HTTP/1.1, and this connection is {NAMES[transport]}"
    return None


def _is_of_h1(plan: AnswerPlan) -> bool:
    """True for what HTTP/2 has no like of: an older version, an end by closing, a length that may be wrong."""
    ends_by_closing = plan.framing == "close" and plan.ending.kind != "clean"
    lies = plan.content_length is not None and plan.content_length != len(plan.body())
    return plan.http == "h1.0" or ends_by_closing or lies

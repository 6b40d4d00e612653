"""A plan: what the compiler makes of a case.  Values only; performing it is the mock server's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

import attrs

from streamproof_formats.response import Framing


@attrs.frozen
class Write:
    """Bytes of the (encoded) body for one write: one HTTP chunk, one DATA frame, one send."""

    data: bytes
    promised: bool = False
    """True when the boundary after these bytes was asked for: the client must read them apart from what follows."""
    step: int = 0
    """Number of the step, counting from 0, that the last of these bytes belongs to."""


@attrs.frozen
class Pause:
    """Nothing is sent for this long."""

    delay_s: float


@attrs.frozen
class AwaitDelivered:
    """Nothing is sent until the client has handed on all that was sent, for 2 s at most."""


@attrs.frozen
class Goaway:
    """HTTP/2 only: a GOAWAY that lets the running stream finish."""


Operation = Write | Pause | AwaitDelivered | Goaway

EndingKind = Literal[
    "clean", "fin", "reset", "stall", "in-chunk", "bad-chunk", "bad-head", "bad-header", "no-close-notify",
    "rst-stream", "goaway", "refuse", "reset-on-accept", "tls-stall",
]  # fmt: skip
EndingPlace = Literal["before-head", "in-head"]

BEFORE_REQUEST: Final[frozenset[EndingKind]] = frozenset({"refuse", "reset-on-accept", "tls-stall"})
"""Endings of a connection on which no request can be sent."""


@attrs.frozen(kw_only=True)
class Ending:
    """How an answer ends on the wire.  `code` is the HTTP/2 error code of `rst-stream`."""

    kind: EndingKind = "clean"
    code: str | None = None
    place: EndingPlace | None = None
    """Where `fin`, `reset` or `stall` stand before the body: no byte of the answer is sent, or half of its head."""

    @property
    def is_headless(self) -> bool:
        """True when no client gets a head that it can read: what the steps say is not sent."""
        return self.place is not None or self.kind in {"bad-head", "bad-header"} or self.kind in BEFORE_REQUEST


@attrs.frozen(kw_only=True)
class AnswerPlan:
    """One answer, ready to be performed."""

    delay_s: float = 0.0
    """Silence before the status line."""
    http: Literal["h1", "h1.0", "h2"] = "h1"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    """As written on the wire, content-type included; without those that belong to the framing."""
    framing: Framing = "chunked"
    content_length: int | None = None
    """The announced length, right or lying, for the framing `length`."""
    close: bool = False
    """True to announce and do `Connection: close`."""
    encoding: Literal["gzip", "br"] | None = None
    """Set when the body is compressed: only for a client that offered it."""
    operations: Callable[[], Iterator[Operation]]
    """A fresh, possibly endless iterator at each call."""
    ending: Ending = attrs.field(factory=Ending)

    def body(self, limit: int = 1 << 28) -> bytes:
        """All the bytes of the body, joined; past `limit` bytes the rest is left out."""
        pieces, size = [], 0
        for operation in self.operations():
            if isinstance(operation, Write):
                pieces.append(operation.data)
                size += len(operation.data)
                if size >= limit:
                    break
        return b"".join(pieces)[:limit]


@attrs.frozen(kw_only=True)
class Plan:
    """What one case does under one delivery: an answer to the first, second, ... request; the last repeats."""

    case: str
    """The case id: scenario, dialect and variant."""
    delivery: str
    """Name of the delivery: `as-written`, `size:7`."""
    hash: str
    """Short name of case and delivery, eight hexadecimal digits."""
    dialect: str
    answers: tuple[AnswerPlan, ...]
    request: Mapping[str, Any] = attrs.field(factory=dict, eq=False)
    """The request body that the case wants sent."""

    def answer(self, number: int) -> AnswerPlan:
        """The answer to request `number`, counting from 0."""
        return self.answers[min(number, len(self.answers) - 1)]

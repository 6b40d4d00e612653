"""The journal: what the server saw of each request, and what it did.  Bounded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Literal

import attrs

Left = Literal["fin", "reset", "half-close", "stayed", "server-closed"]
"""How the client left: closed, reset, shut its sending side, was still there when the answer had ended."""


@attrs.define(kw_only=True, eq=False)
class Exchange:
    """One request and its answer, as the server saw them.  Times are nanoseconds of `time.perf_counter_ns`."""

    nonce: str | None
    case: str | None
    """Case id and delivery when a plan was played, None when the server behaved by itself."""
    number: int
    """The how manyth request on this nonce, from 0."""
    connection: int
    """Number of the TCP connection, from 0: equal numbers are one connection reused."""
    method: str
    """"" where the connection ended before a request; so are `path` and `http` then."""
    path: str
    http: str
    headers: tuple[tuple[str, str], ...]
    """Names lower case; values of `authorization`, `api-key` and their like replaced by `***`."""
    body: Any
    """The JSON body, or text where it is not JSON, or None."""
    breaches: tuple[str, ...] = ()
    """What the request breaks of the dialect's request schema: `$.messages: ...`, one line each."""
    arrived_ns: int = 0
    first_byte_ns: int | None = None
    last_byte_ns: int | None = None
    """When the last body byte was handed to the kernel."""
    ended_ns: int | None = None
    """When the server had performed the ending."""
    left_ns: int | None = None
    left: Left | None = None
    status: int | None = None
    body_written: int = 0
    """Body bytes handed to the kernel, framing not counted."""
    wire_written: int = 0
    """All bytes written for this answer, framing included."""
    delivered: int | None = None
    """Of `wire_written`, the bytes that the client's kernel acknowledged; None where the system does not tell."""
    read: int | None = None
    """Of those, the bytes that the client's application had read when the answer ended, where the system tells."""
    boundaries_asked: int = 0
    boundaries_kept: int = 0
    way: Literal["asked", "waited"] | None = None
    """How boundaries were kept: the kernel was asked, or time was waited."""
    late: int = 0
    """Barriers `await: delivered` that ran into their time limit."""
    complete: bool = False
    """True when the whole plan was performed, its ending included."""
    fault: str | None = None
    """Set when the server could not do what the plan says."""
    writes: list[tuple[int, int]] = attrs.field(factory=list)
    """(at_ns, body bytes) of the first 10,000 writes."""


class Journal:
    """The last exchanges, oldest first: at most `limit`, and no more than fit with `limit_bytes` of request bodies."""

    def __init__(self, limit: int = 10_000, limit_bytes: int = 64 * 1024 * 1024) -> None:
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._exchanges: deque[tuple[Exchange, int]] = deque()
        self._bytes = 0
        self.dropped = 0
        """Exchanges that fell out because of the bounds."""

    def open(self, exchange: Exchange, body_bytes: int = 0) -> None:
        """Adds an exchange; it may be filled in further while the answer is played."""
        self._exchanges.append((exchange, body_bytes))
        self._bytes += body_bytes
        while self._exchanges and (len(self._exchanges) > self._limit or self._bytes > self._limit_bytes):
            self._bytes -= self._exchanges.popleft()[1]
            self.dropped += 1

    def __iter__(self) -> Iterator[Exchange]:
        return iter([exchange for exchange, _ in self._exchanges])

    def of(self, nonce: str) -> list[Exchange]:
        """The exchanges of one nonce, in order of arrival."""
        return [exchange for exchange, _ in self._exchanges if exchange.nonce == nonce]

    def clear(self) -> None:
        """Forgets all."""
        self._exchanges.clear()
        self._bytes = 0
        self.dropped = 0

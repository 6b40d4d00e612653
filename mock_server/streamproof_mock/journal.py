"""The journal: what the server saw of each request, and what it did.  Bounded."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, overload

import attrs

from streamproof_formats.dialects.request_finding import RequestFinding

WRITES_KEPT: Final = 10_000
"""Writes of one exchange that are kept: the first ones."""
DETAILED: Final = 1_000
"""Exchanges, the youngest, whose writes are kept."""

Left = Literal["fin", "reset", "half-close", "stayed", "server-closed"]
"""How the client left: closed, reset, shut its sending side, was still there when the answer had ended."""


class Writes(Sequence[tuple[int, int]]):
    """(at_ns, body bytes) of the first 10,000 writes, in 16 bytes each."""

    __slots__ = ("_is_closed", "_numbers")

    def __init__(self) -> None:
        self._numbers = array("q")
        self._is_closed = False

    def append(self, write: tuple[int, int]) -> None:
        """Takes a write, unless there are enough."""
        if len(self._numbers) < 2 * WRITES_KEPT and not self._is_closed:
            self._numbers.extend(write)

    def forget(self) -> None:
        """Lets go of all, for good."""
        self._is_closed = True
        self._numbers = array("q")

    def __len__(self) -> int:
        return len(self._numbers) // 2

    @overload
    def __getitem__(self, place: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, place: slice) -> list[tuple[int, int]]: ...
    def __getitem__(self, place: int | slice) -> tuple[int, int] | list[tuple[int, int]]:
        if isinstance(place, slice):
            return list(self)[place]
        at = 2 * range(len(self))[place]
        return self._numbers[at], self._numbers[at + 1]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        numbers = iter(self._numbers)
        return zip(numbers, numbers, strict=True)

    def __repr__(self) -> str:
        return f"Writes({list(self)})"


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
    findings: tuple[RequestFinding, ...] = ()
    """What the request breaks of the dialect's request schema."""
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
    note: str | None = None
    """What the server did of its own accord: a fault that was drawn by lot."""
    writes: Writes = attrs.field(factory=Writes)

    @property
    def breaches(self) -> tuple[str, ...]:
        """The findings, a line each: `$.messages: expected array, found nothing`."""
        return tuple(map(str, self.findings))


class Journal:
    """The last exchanges, oldest first: at most `limit`, and no more than fit with `limit_bytes` of request bodies.

    Only the last 1,000 keep when each of their writes was.
    """

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
        if len(self._exchanges) > DETAILED:
            self._exchanges[-DETAILED - 1][0].writes.forget()

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

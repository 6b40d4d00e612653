"""The requests that a server has understood: what bytes mean that have come before, but for the nonce.  Bounded."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from streamproof_mock.framing import RequestFacts
from streamproof_mock.request import Request

_HEADS_KEPT: Final = 512
_KNOWN_KEPT: Final = 128
SIZE_LIMIT: Final = 32 * 1024
"""A longer request is not remembered."""

# What changes the way that a request is read or its connection kept: RFC 9110, 7.8 and 10.1.1; RFC 9112, 6.1 and 9.3.
_LONG_WAY: Final = frozenset({"transfer-encoding", "expect", "upgrade", "http2-settings"})

_NONCE: Final = re.compile(rb"[A-Z]+ /r/([0-9a-f]{12})/")
"""The beginning of a head that asks for a session: heads that differ in its nonce alone mean the same."""
_PREFIX: Final = "/r/"
_AFTER: Final = len(_PREFIX) + 12


@attrs.frozen(kw_only=True)
class Known:
    """A request that came before, and all that follows from its bytes alone."""

    request: Request
    body: Any
    facts: RequestFacts
    shown_target: str
    shown_headers: tuple[tuple[str, str], ...]


class Memo:
    """What was understood, by its bytes."""

    def __init__(self) -> None:
        self._heads: dict[bytes, Request] = {}
        self.known: dict[bytes, Known] = {}
        self.taken = 0
        """Requests that went the short way."""

    def learn(self, head: bytes, request: Request) -> None:
        """Remembers what Hypercorn has made of a head, where the short way may read it alike."""
        if (
            request.http != "1.1"
            or len(head) > SIZE_LIMIT
            or length_of(request) is None
            or any(_is_special(name, value) for name, value in request.headers)
            # Of several requests in one read, the first may have been for a page.
            or not head.startswith(f"{request.method} {request.target} ".encode("latin-1"))
            # h11 takes a bare line feed for an end of line, too: then it may see the head end elsewhere.
            or head.count(b"\n") != head.count(b"\r\n")
        ):
            return
        if len(self._heads) >= _HEADS_KEPT:
            self._heads.clear()
        self._heads[_nameless(head)[0]] = attrs.evolve(request, data=b"")

    def head(self, head: bytes) -> Request | None:
        """The request of a head, its body to come; None where nothing like it was understood before."""
        shape, nonce = _nameless(head)
        request = self._heads.get(shape)
        if request is None or not nonce:
            return request
        own = _PREFIX + nonce.decode("ascii")
        return attrs.evolve(request, path=own + request.path[_AFTER:], target=own + request.target[_AFTER:])

    def remember(self, data: bytes, known: Known) -> None:
        """Remembers a whole request."""
        if len(self.known) >= _KNOWN_KEPT:
            self.known.clear()
        self.known[data] = known


def _nameless(head: bytes) -> tuple[bytes, bytes]:
    """A head without the nonce that it asks for, and the nonce, empty where there is none."""
    found = _NONCE.match(head)
    return (head, b"") if found is None else (head[: found.start(1)] + head[found.end(1) :], found[1])


def _is_special(name: str, value: str) -> bool:
    return name in _LONG_WAY or (name == "connection" and value.strip().lower() != "keep-alive")


def length_of(request: Request) -> int | None:
    """The length of the body that a head announces, 0 without a word of it; None where it is not plain."""
    lengths = [value for name, value in request.headers if name == "content-length"]
    if not lengths:
        return 0
    return int(lengths[0]) if len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit() else None

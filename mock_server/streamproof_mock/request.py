"""A request as the app received it, read whole and bounded; and what of it may be written down."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import unquote

import attrs
import trio
from hypercorn.typing import ASGIReceiveCallable, HTTPScope

BODY_LIMIT: Final = 16 * 1024 * 1024
_DISCARD_LIMIT: Final = 256 * 1024 * 1024
_DISCARD_S: Final = 10.0

SECRET_HEADERS: Final = frozenset(
    {
        "authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key", "x-auth-token", "cookie",
        "x-streamproof-token", "cf-aig-authorization",
    }
)  # fmt: skip
_SECRET_QUERY: Final = re.compile(r"(?i)(?<=[?&])((?:api[-_]?key|key|access[-_]?token|token)=)[^&#]*")
HIDDEN: Final = "***"


class Abandoned(Exception):  # noqa: N818  an event, not a fault
    """The client left before its request was whole."""


class TooLarge(Exception):  # noqa: N818  becomes an answer
    """The body is larger than the server takes."""


@attrs.frozen(kw_only=True)
class Request:
    """One whole request.  Header names are lower case."""

    method: str
    path: str
    """Decoded, without the query."""
    target: str
    """As on the request line, with the query."""
    http: str
    headers: tuple[tuple[str, str], ...]
    data: bytes

    @classmethod
    def of(cls, scope: HTTPScope, data: bytes = b"") -> Request:
        """The request of an ASGI scope."""
        raw_path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        return cls(
            method=scope["method"],
            path=unquote(raw_path),
            target=f"{raw_path}?{query}" if query else raw_path,
            http=scope["http_version"],
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]
            ),
            data=data,
        )

    def header(self, name: str) -> str | None:
        """The first header of this lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def closes(self) -> bool:
        """True when the client asked for the connection to be closed."""
        return any(
            key == "connection" and "close" in (part.strip().lower() for part in value.split(","))
            for key, value in self.headers
        )

    def offers(self, encoding: str) -> bool:
        """True when the client takes a body in this content encoding (RFC 9110, 12.5.3)."""
        for key, value in self.headers:
            for part in value.split(",") if key == "accept-encoding" else ():
                name, _, weight = (piece.strip().lower() for piece in part.partition(";"))
                if name in (encoding, "*") and not re.fullmatch(r"q=0(\.0*)?", weight):
                    return True
        return False

    def json(self) -> Any:
        """The body as JSON.  Raises ValueError when it is not."""
        return json.loads(self.data)

    def readable(self) -> Any:
        """The body as JSON, or as text where it is not JSON, or None where there is none."""
        if not self.data:
            return None
        try:
            return self.json()
        except (ValueError, RecursionError):
            return self.data.decode("utf-8", "replace")

    def shown_target(self) -> str:
        """The target without the keys that some dialects carry in the query."""
        return _SECRET_QUERY.sub(rf"\1{HIDDEN}", self.target)

    def shown_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers without keys."""
        return tuple((name, HIDDEN if name in SECRET_HEADERS else value) for name, value in self.headers)


async def read_body(receive: ASGIReceiveCallable, limit: int = BODY_LIMIT) -> bytes:
    """The whole body.  Raises Abandoned, or TooLarge once the rest was read and thrown away.

    The rest is read because a server that closes with unread bytes resets the connection, and its answer is lost.
    """
    pieces: list[bytes] = []
    size = 0
    deadline = float("inf")
    while True:
        with trio.move_on_at(deadline) as scope:
            message = await receive()
        if scope.cancelled_caught:
            raise TooLarge
        if message["type"] != "http.request":
            raise Abandoned
        piece = message["body"]
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        elif deadline == float("inf"):
            pieces.clear()
            deadline = trio.current_time() + _DISCARD_S
        if not message["more_body"] or size > _DISCARD_LIMIT:
            break
    if size > limit:
        raise TooLarge
    return b"".join(pieces)

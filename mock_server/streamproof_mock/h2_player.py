"""Performs one answer plan on a stream of HTTP/2: DATA frames for chunks, and the endings that only frames can say."""

from __future__ import annotations

from typing import Any, Final

import attrs
from h2.errors import ErrorCodes

from streamproof_mock.player import Player
from streamproof_mock.wire import H2Wire
from streamproof_scenarios.plan import AnswerPlan

# "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields." -- RFC 9113, 8.2.2
_OF_THE_CONNECTION: Final = frozenset({"connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection"})
BAD_STATUS: Final = b"two-hundred"
"""RFC 9113, 8.3.2: `:status` carries the status code, which is three digits."""
BAD_FIELD: Final = (b"no header at all", b"")
"""RFC 9113, 8.2.1: a field name holds no space."""


class H2Player(Player):
    """One answer as frames.  Whatever its plan says of HTTP/1's framing is left out."""

    def __init__(self, plan: AnswerPlan, wire: H2Wire, *rest: Any, **named: Any) -> None:
        super().__init__(plan, wire, *rest, **named)
        self._framed = attrs.evolve(self._framed, chunked=False, closes=False)
        self._frames = wire
        wire.on_body = self._note_body
        self._fields = _fields(plan, length=self._length, cors=self._request.cors)
        self._has_head = False
        self._said_goaway = False

    def stop(self) -> None:
        """Breaks the play off at once, even in a send that the client does not read."""
        super().stop()
        self._frames.interrupt()

    async def _flush(self, tail: bytes = b"") -> None:  # noqa: ARG002  no byte stands around a frame
        await self._put(ends=False)

    async def _put(self, *, ends: bool) -> None:
        """Sends what is held: the head where it is still due, and the data."""
        frames = self._frames
        data = b"" if self._held is None else self._held.data
        self._held = None
        before = frames.written
        try:
            if self._plan.ending.place == "before-head":
                return
            if not self._has_head:
                self._has_head = True
                frames.head(self._fields, ends=ends and not data)
                ends = ends and bool(data)
            if self._plan.ending.place == "in-head":
                await frames.half()
            elif data or ends:
                await frames.data(data, ends=ends)
            else:
                await frames.flush()
        finally:
            self._exchange.wire_written += frames.written - before
        await self._breathe()

    async def _goaway(self) -> None:
        # "A server that is attempting to gracefully shut down a connection SHOULD send an initial GOAWAY frame with
        # the last stream identifier set to 2^31-1 and a NO_ERROR code" and later one that names the last: RFC 9113,
        # 6.8.  One client that waits for its answer begins no other stream meanwhile: one frame says it all.
        self._said_goaway = True
        await self._frames.goaway()

    async def _end(self) -> None:
        match self._plan.ending.kind:
            case "rst-stream":
                await self._flush()
                await self._wire.wait_taken(self._bounds.reset_s)
                self._note_whole()
                await self._frames.reset_stream(code_of(self._plan.ending.code))
                await self._frames.finish()
            case "goaway":
                await self._flush()
                await self._wire.wait_taken(self._bounds.reset_s)
                await self._frames.goaway()
                await self._close()
            case _:
                await super()._end()

    async def _end_clean(self) -> None:
        await self._put(ends=True)
        if self._said_goaway and not self._frames.shares:
            await self._close()
            return
        self._note_whole()
        await self._frames.finish()

    def _note_whole(self) -> None:
        self._exchange.complete = self._exchange.fault is None
        self._ended = True
        self._sample()
        self._note_end()


def code_of(name: str | None) -> int:
    """The number of an HTTP/2 error code (RFC 9113, 7); CANCEL where none is named.  Raises KeyError."""
    return int(ErrorCodes[name or "CANCEL"])


def _fields(plan: AnswerPlan, *, length: int | None, cors: bool) -> list[tuple[bytes, bytes]]:
    """The header section, `:status` first.

    What a plan for HTTP/2 names is written, wrong or not, in the lower case that RFC 9113, 8.2, asks for; of one for
    HTTP/1 what belongs to the connection is left out.
    """
    named = [(name.lower(), value) for name, value in plan.headers]
    if plan.http != "h2":
        named = [(name, value) for name, value in named if name not in _OF_THE_CONNECTION]
    names = {name for name, _ in named}
    if length is not None and "content-length" not in names and plan.status not in (204, 304):
        named.append(("content-length", str(length)))
    if cors and "access-control-allow-origin" not in names:
        named.append(("access-control-allow-origin", "*"))
    status = BAD_STATUS if plan.ending.kind == "bad-head" else b"%d" % plan.status
    broken = [BAD_FIELD] if plan.ending.kind == "bad-header" else []
    return [(b":status", status), *broken, *((name.encode(), value.encode()) for name, value in named)]

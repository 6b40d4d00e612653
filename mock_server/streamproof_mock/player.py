"""Performs one answer plan on a wire: bytes, silences, promised boundaries, and the ending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter_ns
from typing import Final, assert_never

import trio

from streamproof_mock.barriers import Barriers
from streamproof_mock.framing import BAD_CHUNK, LAST_CHUNK, MISSING, RequestFacts, chunk_prefix, framed
from streamproof_mock.journal import Exchange
from streamproof_mock.ledger import note, note_body, sample
from streamproof_mock.pacer import Lap, Pacer
from streamproof_mock.performer import AwaitHook, Bounds, Unplayable
from streamproof_mock.sheet import LONGEST_S, SHORTEST_S, Piece, Sheet
from streamproof_mock.track import Track
from streamproof_mock.wire import Departure, Gone, Wire
from streamproof_scenarios.plan import AnswerPlan, AwaitDelivered, Goaway, Operation, Pause, Write

_BREATH_NS: Final = 500_000
"""A stream without pauses lets others run this often."""
_ABANDONED_EVERY_S: Final = 0.05
_STEP_LIMIT: Final = 64
"""More operations between two pauses are not the pacer's: others wait for it."""


class Player:
    """One answer while it is performed.  It fills in the exchange; nothing that a client does makes `run` raise."""

    def __init__(
        self,
        plan: AnswerPlan,
        wire: Wire,
        exchange: Exchange,
        *,
        request: RequestFacts,
        bounds: Bounds,
        on_await: AwaitHook | None = None,
        pacer: Pacer | None = None,
        sheet: Sheet | None = None,
        rest: Sequence[Piece] | None = None,
    ) -> None:
        self._plan = plan
        self._wire = wire
        self._request = request
        self._exchange = exchange
        self._bounds = bounds
        self._barriers = Barriers(wire, exchange, bounds, on_await)
        # The pacer's writes do not wait: TLS and HTTP/2 have locks and windows to wait for.
        self._pacer = pacer if wire.writes_directly else None
        self._lap: Lap | None = None
        self._operations: Iterator[Operation] = iter(())
        self._ahead: Operation | None = None
        """An operation that was taken, and not performed yet."""
        self._sheet = sheet if sheet is not None and sheet.is_paced else None
        self._rest = rest
        """What is left of the plan's sheet, where some of it was sent before."""
        self._length = plan.content_length
        if plan.framing == "length" and plan.content_length is None:
            self._length = len(plan.body())
        self._framed = framed(plan, request, length=self._length)
        self._lead = self._framed.head
        self._held: Piece | None = None
        self._scope = trio.CancelScope()
        self._half_closed = trio.Event()
        self._breath_ns = 0
        self._ended = False

    def stop(self) -> None:
        """Breaks the play off at once, as a server that goes down."""
        self._scope.cancel()

    async def run(self) -> None:
        """Performs the plan to its end, or until the client leaves or `stop` is called."""
        self._breath_ns = perf_counter_ns()
        try:
            with self._scope:
                try:
                    await self._wire.watch(self._depart)
                    await self._perform()
                except Gone:
                    # A write found the connection closed before the reader did: only a reset does that.
                    self._depart("reset", perf_counter_ns())
                except Unplayable as reason:
                    self._exchange.fault = str(reason)
        finally:
            if not self._ended:
                self._sample()
                await self._wire.break_off()
            self._note_end()

    # The plan

    async def _perform(self) -> None:
        plan, exchange = self._plan, self._exchange
        if plan.delay_s:
            await self._idle(plan.delay_s)
        if not plan.ending.is_headless:
            exchange.status = plan.status
        await self._wire.begin(plan.status, close=self._framed.closes)
        if self._rest is not None:
            await self._go_on(self._rest)
            return
        if self._sheet is not None and self._pacer is not None:
            await self._by_sheet(self._sheet, self._pacer)
            return
        if plan.ending.is_headless:
            await self._flush()
        elif not self._framed.bodiless:
            await self._body()
        await self._end()

    async def _go_on(self, rest: Sequence[Piece]) -> None:
        self._lead = b""
        for self._held in rest:
            await self._flush()
        await (self._finish() if self._plan.ending.kind == "clean" else self._end())

    async def _by_sheet(self, sheet: Sheet, pacer: Pacer) -> None:
        self._lead = b""
        track = Track(sheet, self._exchange, self._wire)
        track.step()
        while True:
            if track.rest is not None:
                self._held, track.rest = track.rest, None
                await self._flush()
            if track.is_over:
                break
            if track.pause_s and not self._half_closed.is_set():
                self._lap = Lap(track.step)
                left_s = await pacer.play(self._lap, track.pause_s)
                if not self._lap.is_cut:
                    continue
                await self._idle(left_s)
            elif track.pause_s:
                await self._idle(track.pause_s)
            track.step()
        await self._finish()

    async def _body(self) -> None:
        self._operations = self._plan.operations()
        while (operation := self._next()) is not None:
            match operation:
                case Write():
                    if self._held is not None:
                        await self._flush()
                    self._hold(operation.data)
                    if operation.promised:
                        # Thousands of promised bytes in a row: no coroutine where there is nothing to wait for.
                        if self._pacer is None or self._is_breathless() or not self._flush_now():
                            await self._flush()
                        await self._barriers.boundary()
                case Pause():
                    await self._flush()
                    await self._pause(operation.delay_s)
                case AwaitDelivered():
                    await self._flush()
                    await self._barriers.delivered()
                case Goaway():
                    await self._flush()
                    await self._goaway()
                case _:
                    assert_never(operation)

    def _next(self) -> Operation | None:
        ahead, self._ahead = self._ahead, None
        return next(self._operations, None) if ahead is None else ahead

    def _hold(self, data: bytes) -> None:
        # One write is one chunk and one send (DESIGN, section 4).  It is held until the next operation is known,
        # for the head and the last chunk's terminator may share a send with it, and a cut chunk is announced anew.
        if not data:
            return  # an empty chunk would end the body
        if self._framed.chunked:
            self._held = Piece(chunk_prefix(len(data)), data, b"\r\n")
        else:
            self._held = Piece(b"", data, b"")

    async def _flush(self, tail: bytes = b"") -> None:
        held = self._held or Piece(b"", b"", b"")
        piece = Piece(self._lead + held.prefix, held.data, held.suffix + tail) if self._lead or tail else held
        whole = piece.whole
        if not whole:
            return
        await self._breathe()
        self._lead, self._held = b"", None
        before = self._wire.written
        try:
            await self._wire.write(whole)
        finally:
            note(self._exchange, piece, self._wire.written - before)

    def _note_body(self, size: int) -> None:
        if size:
            note_body(self._exchange, size)

    async def _breathe(self) -> None:
        # Before a write, not after: whoever leaves once the last byte is out has not left the answer.
        if self._is_breathless():
            await trio.lowlevel.checkpoint()
            self._breath_ns = perf_counter_ns()

    def _is_breathless(self) -> bool:
        return perf_counter_ns() - self._breath_ns > _BREATH_NS

    # Silences

    async def _pause(self, delay_s: float) -> None:
        """A pause, and all that follows it until something has to be waited for."""
        if self._pacer is None or not SHORTEST_S <= delay_s <= LONGEST_S or self._half_closed.is_set():
            await self._idle(delay_s)
            return
        self._lap = Lap(self._step)
        left_s = await self._pacer.play(self._lap, delay_s)
        if left_s:
            await self._idle(left_s)

    def _step(self) -> float | None:
        """Plays on to the end of the next pause's beginning, as the pacer does: None where this must be waited for."""
        for _ in range(_STEP_LIMIT):
            operation = next(self._operations, None)
            if isinstance(operation, Write) and not operation.promised:
                if self._held is not None and not self._flush_now():
                    break
                self._hold(operation.data)
            elif isinstance(operation, Pause) and SHORTEST_S <= operation.delay_s <= LONGEST_S:
                if not self._flush_now():
                    break
                return operation.delay_s
            else:
                break
        else:
            return None
        self._ahead = operation
        return None

    def _flush_now(self) -> bool:
        """Sends what is held; False where the socket has no room for all of it, and the rest is held."""
        held = self._held or Piece(b"", b"", b"")
        piece = Piece(self._lead + held.prefix, held.data, held.suffix) if self._lead else held
        whole = piece.whole
        self._lead, self._held = b"", None
        count = self._wire.write_now(whole)
        note(self._exchange, piece, count)
        if count < len(whole):
            self._held = piece.after(count)
            return False
        return True

    async def _idle(self, delay_s: float) -> None:
        deadline = trio.current_time() + delay_s
        with trio.move_on_at(deadline):
            await self._half_closed.wait()
        # Nobody tells when a client that had closed one half closes the other.
        while (left_s := deadline - trio.current_time()) > 0:
            if self._wire.is_abandoned():
                self._exchange.left = None
                self._depart("fin", perf_counter_ns())
            await trio.sleep(min(_ABANDONED_EVERY_S, left_s))

    # Endings

    async def _end(self) -> None:
        wire, exchange = self._wire, self._exchange
        match self._plan.ending.kind:
            case "clean":
                await self._end_clean()
            case "fin" | "bad-head" | "bad-header" | "no-close-notify" as kind:
                await self._flush()
                await self._close(notify=kind != "no-close-notify")
            case "reset":
                await self._flush()
                await wire.wait_taken(self._bounds.reset_s)
                self._ended = True
                self._sample()
                wire.reset()
            case "in-chunk":
                piece = self._held or Piece(b"", b"", b"")
                self._held = Piece(chunk_prefix(len(piece.data) + MISSING), piece.data, b"")
                await self._flush()
                await self._close()
            case "bad-chunk":
                await self._flush(BAD_CHUNK)
                await self._close()
            case "stall":
                await self._flush()
                exchange.complete = True
                await self._idle(self._bounds.stall_s)
                await self._close()
            case other:
                message = f"this server cannot play the ending {other} yet"
                raise Unplayable(message)
        exchange.complete = exchange.fault is None

    async def _end_clean(self) -> None:
        await self._flush(LAST_CHUNK if self._framed.chunked else b"")
        lies = self._plan.framing == "length" and self._length != self._exchange.body_written
        if lies and not self._framed.bodiless and not self._framed.closes:
            # Whoever announces a wrong length cannot use the connection again: what follows is not an answer.
            await self._close()
            return
        await self._finish()

    async def _finish(self) -> None:
        self._exchange.complete = self._exchange.fault is None
        self._ended = True
        self._sample()
        self._note_end()
        await self._wire.finish()

    async def _close(self, *, notify: bool = True) -> None:
        exchange = self._exchange
        exchange.complete = exchange.fault is None
        exchange.left = exchange.left or "server-closed"
        self._ended = True
        self._sample()
        self._note_end()
        await self._wire.close(notify=notify)

    async def _goaway(self) -> None:
        raise Unplayable("goaway is an HTTP/2 frame, and this connection is HTTP/1.1")

    # The client

    def _depart(self, how: Departure, at_ns: int) -> None:
        exchange = self._exchange
        if self._ended:
            return
        if exchange.left is None:
            exchange.left, exchange.left_ns = how, at_ns
        if how == "half-close":
            # It can still read: it is served to the end.
            self._half_closed.set()
            if self._lap is not None:
                self._lap.leave()
        else:
            self._scope.cancel()

    def _sample(self) -> None:
        sample(self._exchange, self._wire)

    def _note_end(self) -> None:
        exchange = self._exchange
        if exchange.ended_ns is not None:
            return
        if exchange.left is None:
            closes = self._framed.closes or self._wire.is_closed
            exchange.left = "server-closed" if closes else "stayed"
        exchange.ended_ns = perf_counter_ns()

"""What the stage does for a request that it has understood before: one look, one write, one entry in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING

import attrs

from streamproof_mock.choice import choose
from streamproof_mock.express import Express
from streamproof_mock.journal import Exchange
from streamproof_mock.ledger import note, sample
from streamproof_mock.memo import Known, Memo
from streamproof_mock.request import Request
from streamproof_mock.routes import route_of
from streamproof_mock.sheet import Piece, Sheet
from streamproof_mock.wire import Connections, Gone, Line, Wire

if TYPE_CHECKING:
    from hypercorn.typing import HTTPScope

    from streamproof_mock.stage import Part, Stage


@attrs.frozen(kw_only=True)
class Rest:
    """An answer that was begun here, and which the socket had no room for."""

    part: Part
    exchange: Exchange
    dialect: str | None
    pieces: Sequence[Piece]


class ShortDesk:
    """Answers known requests for a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.memo = Memo()

    @property
    def shared(self) -> Connections:
        """What all connections share."""
        return self._stage.connections

    def express(self, wire: Wire, scope: HTTPScope) -> Express | None:
        """The short way on the connection of a request that has come the long way; None where there is none."""
        express = wire.express
        if express is not None and express.learns:
            express.learn(Request.of(scope))
        return express

    def understand(self, request: Request) -> Known:
        """All that follows from a request's bytes."""
        return Known(
            request=request,
            body=request.readable(),
            facts=self._stage.facts(request),
            shown_target=request.shown_target(),
            shown_headers=request.shown_headers(),
        )

    def answer_at_once(self, known: Known, express: Express) -> bool:
        """Writes the whole answer; False where it is for the long way, with `express.rest` where it was begun."""
        arrived_ns = perf_counter_ns()
        stage, request = self._stage, known.request
        chosen = choose(request, known.body, stage.sessions, stage.book)
        part = stage.part(chosen)
        if part is None or request.method == "OPTIONS":
            return False
        answer = part.answer
        if answer.encoding is not None and not request.offers(answer.encoding):
            return False
        sheet = stage.sheets.of(answer, known.facts)
        line = express.line
        if sheet is None or sheet.is_paced or not line.is_open:
            return False
        exchange = Exchange(
            nonce=None,
            case=None,
            number=0,
            connection=line.number,
            method=request.method,
            path=known.shown_target,
            http=request.http,
            headers=known.shown_headers,
            body=known.body,
            arrived_ns=arrived_ns,
            status=sheet.status,
        )
        stage.admit(part, exchange)
        stage.journal.open(exchange, len(request.data))
        route = route_of(chosen.path, known.body, part.plan.dialect)
        dialect = None if route is None else route.dialect
        try:
            left = _write(sheet, exchange, line)
        except Gone:
            exchange.left, exchange.left_ns = "reset", perf_counter_ns()
            sample(exchange, line)
            line.reset()
        else:
            if left:
                express.rest = Rest(part=part, exchange=exchange, dialect=dialect, pieces=left)
                return False
            exchange.complete, exchange.left = True, "server-closed" if sheet.closes else "stayed"
            sample(exchange, line)
            if sheet.closes:
                line.fin()
        exchange.ended_ns = perf_counter_ns()
        stage.check(exchange, dialect, request.data)
        stage.finish(exchange)
        return True

    async def answer(self, known: Known, express: Express, wire: Wire) -> None:
        """Answers what could not be answered at once, from `express.rest` on where there is one."""
        await self._stage.answer(known.request, known.body, wire, express)


def _write(sheet: Sheet, exchange: Exchange, line: Line) -> Sequence[Piece]:
    """Sends a sheet; what is left of it where the socket is full.  Raises Gone."""
    for number, (beat, piece) in enumerate(zip(sheet.beats, sheet.pieces, strict=True)):
        count = line.write_now(beat.send)
        note(exchange, piece, count)
        if count < len(beat.send):
            return (piece.after(count), *sheet.pieces[number + 1 :])
    return ()

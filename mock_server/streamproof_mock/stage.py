"""The stage: what one server knows and does between a request and its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any, Final

import attrs
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope

from streamproof_formats.dialects import DIALECTS, RequestFinding, judge_request
from streamproof_mock.behaviour import Endpoint
from streamproof_mock.behaviour.errors import Refusal, refused
from streamproof_mock.behaviour.temper import Temper
from streamproof_mock.choice import Chosen, PlanBook, choose
from streamproof_mock.door import Doors, is_needed
from streamproof_mock.express import Express
from streamproof_mock.framing import RequestFacts
from streamproof_mock.h2_player import H2Player
from streamproof_mock.journal import Exchange, Journal
from streamproof_mock.pacer import Pacer
from streamproof_mock.performer import AwaitHook, Bounds, Performer, unplayable
from streamproof_mock.player import Player
from streamproof_mock.replies import complaint, empty_reply
from streamproof_mock.request import BODY_LIMIT, Abandoned, Request, TooLarge, read_body
from streamproof_mock.routes import MODELS, dialect_of, route_of
from streamproof_mock.session import Session
from streamproof_mock.sheet import Piece, Sheets
from streamproof_mock.shortcut import Rest, ShortDesk
from streamproof_mock.wire import Connections, H2Wire, Wire, WireUnreachable, wire_of
from streamproof_scenarios.plan import AnswerPlan, Plan
from streamproof_scenarios.transports import Transport

_PREFLIGHT: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-allow-headers", "*, authorization"),
    ("access-control-allow-private-network", "true"),
    ("access-control-max-age", "600"),
)


FinishHook = Callable[[Exchange], None]
"""Told of each exchange once, when its entry in the journal is whole."""


@attrs.frozen
class Part:
    """What a plan says to one request."""

    plan: Plan
    number: int
    answer: AnswerPlan
    session: Session | None


class Stage:
    """Reads each request, chooses what to play, has it performed, and keeps the journal."""

    def __init__(
        self,
        *,
        journal: Journal,
        book: PlanBook,
        connections: Connections,
        bounds: Bounds,
        api_key: str | None,
        cors: bool,
        shortcuts: bool = True,
        temper: Temper | None = None,
    ) -> None:
        self.journal = journal
        self.book = book
        self.connections = connections
        self.bounds = bounds
        self.cors = cors
        self.endpoint = Endpoint(api_key=api_key, scenarios=book.ids, temper=temper)
        self.urls: dict[Transport, str] = {}
        """The origin for each transport that is served."""
        self.on_finish: FinishHook | None = None
        self.trouble: str | None = None
        """Why the wire could not be reached, where it could not."""
        self.doors: Doors | None = None
        """Set once the server runs."""
        self.sessions: dict[str, Session] = {}
        self._played: Counter[str] = Counter()
        self._players: set[Performer] = set()
        self._wires: set[Wire] = set()
        self.pacer = Pacer()
        self.sheets = Sheets()
        self.shortcuts = ShortDesk(self) if shortcuts else None

    # For the outside

    @property
    def url(self) -> str:
        """The origin in the clear."""
        return self.urls["h1"]

    def play(self, plan: Plan, on_await: AwaitHook | None = None, transport: Transport = "h1") -> Session:
        """Lays a plan out under a new nonce.  Raises KeyError for a transport that is not served."""
        url = "" if plan.answers[0].ending.kind == "tls-stall" else self.urls[transport]
        door = self.doors.opened(plan, transport) if self.doors is not None and is_needed(plan) else None

        def forget(nonce: str) -> None:
            self.sessions.pop(nonce, None)
            if door is not None:
                door.close()

        session = Session(plan, url if door is None else door.url, on_await, forget)
        self.sessions[session.nonce] = session
        if door is not None and self.doors is not None:
            self.doors.attend(
                door,
                session,
                journal=self.journal,
                connections=self.connections,
                bounds=self.bounds,
                finish=self.finish,
            )
        return session

    def reset(self) -> None:
        """Forgets sessions, journal and counts; what is played is broken off."""
        for session in tuple(self.sessions.values()):
            session.close()
        self._played.clear()
        self.journal.clear()
        self.connections.count = 0

    def shut_down(self) -> None:
        """Breaks off everything, at once."""
        if self.doors is not None:
            self.doors.close()
        for player in tuple(self._players):
            player.stop()
        for wire in tuple(self._wires):
            wire.reset()

    # One request

    async def serve(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answers one request, from its body to its end."""
        try:
            wire = wire_of(send, self.connections)
        except WireUnreachable as error:
            self.trouble = str(error)
            raise
        express = None if self.shortcuts is None else self.shortcuts.express(wire, scope)
        with self._open(wire):
            try:
                data = await read_body(receive, BODY_LIMIT)
            except Abandoned:
                exchange = self._exchange(Request.of(scope), wire, None)
                exchange.left, exchange.left_ns = "fin", perf_counter_ns()
                self.journal.open(exchange)
                self.finish(exchange)
                return
            except TooLarge:
                request = Request.of(scope)
                refusal = Refusal(
                    413, f"The request body is larger than {BODY_LIMIT >> 20} MiB.", code="request_too_large"
                )
                problem = refused(refusal, dialect_of(request.path, None), close=True)
                await self._answer(request, None, wire, Chosen(path=request.path, problem=problem))
                return
            request = Request.of(scope, data)
            await self._answer_or_go_on(request, request.readable(), wire, express)

    async def answer(self, request: Request, body: Any, wire: Wire, express: Express) -> None:
        """Answers a request that came the short way."""
        with self._open(wire):
            await self._answer_or_go_on(request, body, wire, express)

    async def _answer_or_go_on(self, request: Request, body: Any, wire: Wire, express: Express | None) -> None:
        if express is not None and express.rest is not None:
            await self._go_on(express, request, wire)
        else:
            await self._answer(request, body, wire, choose(request, body, self.sessions, self.book))

    async def _answer(self, request: Request, body: Any, wire: Wire, chosen: Chosen) -> None:
        exchange = self._exchange(request, wire, body)
        part = self.part(chosen)
        route = route_of(chosen.path, body, None if part is None else part.plan.dialect)
        session: Session | None = None
        answer: AnswerPlan
        if self.cors and request.method == "OPTIONS" and request.header("access-control-request-method"):
            answer = empty_reply(204, _PREFLIGHT)
        elif chosen.problem is not None:
            answer = chosen.problem
        elif part is not None:
            answer, session = part.answer, part.session
            self.admit(part, exchange)
        else:

            def playable(plan: AnswerPlan) -> bool:
                return unplayable(plan, wire, request.http) is None

            answer, exchange.note = self.endpoint.played(request, chosen.path, route, playable)
        self.journal.open(exchange, len(request.data))
        dialect = None if route is None or chosen.problem is not None else route.dialect

        def check() -> None:
            self.check(exchange, dialect, request.data)

        await self._perform(answer, request, exchange, wire, session=session, check=check)

    def part(self, chosen: Chosen) -> Part | None:
        """What is next of the session or the plan that was chosen; None where neither was, or models are asked for."""
        session, plan = chosen.session, chosen.plan
        if session is not None:
            if MODELS.search(chosen.path):
                return None
            return Part(session.plan, session.requests, session.plan.answer(session.requests), session)
        if plan is None or chosen.problem is not None:
            return None
        # Without a nonce nobody says where a run begins: the answers come round again.
        number = self._played[plan.hash]
        return Part(plan, number, plan.answers[number % len(plan.answers)], None)

    def admit(self, part: Part, exchange: Exchange) -> None:
        """Counts a part as played to this exchange."""
        exchange.case = f"{part.plan.case} {part.plan.delivery}"
        if part.session is not None:
            exchange.nonce = part.session.nonce
            part.session.admit(exchange)
        else:
            exchange.number = part.number
            self._played[part.plan.hash] += 1

    def check(self, exchange: Exchange, dialect: str | None, data: bytes) -> None:
        """Notes what a request breaks of its dialect's schema."""
        if dialect is not None and data:
            exchange.findings = _findings(dialect, data)

    async def _go_on(self, express: Express, request: Request, wire: Wire) -> None:
        """Plays what the short way had to leave."""
        rest, express.rest = express.rest, None
        assert isinstance(rest, Rest)
        part, exchange = rest.part, rest.exchange

        def check() -> None:
            self.check(exchange, rest.dialect, request.data)

        await self._perform(part.answer, request, exchange, wire, session=part.session, check=check, rest=rest.pieces)

    async def _perform(
        self,
        answer: AnswerPlan,
        request: Request,
        exchange: Exchange,
        wire: Wire,
        *,
        session: Session | None,
        check: Callable[[], None],
        rest: Sequence[Piece] | None = None,
    ) -> None:
        if exchange.case is not None:
            exchange.fault = unplayable(answer, wire, request.http)
        if answer.encoding is not None and not request.offers(answer.encoding):
            exchange.fault = f"the client did not offer the content encoding {answer.encoding}, which the plan needs"
        if exchange.fault is not None:
            answer = complaint(501, exchange.fault, close=True)
        facts = self.facts(request)
        hook = session.on_await if session is not None else None
        player: Player
        if isinstance(wire, H2Wire):
            player = H2Player(answer, wire, exchange, request=facts, bounds=self.bounds, on_await=hook)
        else:
            # A plan of the catalogue is played again and again; the server's own answers are made for one request.
            sheet = None if exchange.case is None else self.sheets.of(answer, facts)
            player = Player(
                answer,
                wire,
                exchange,
                request=facts,
                bounds=self.bounds,
                on_await=hook,
                pacer=self.pacer,
                sheet=sheet,
                rest=rest,
            )
        self._players.add(player)
        try:
            # The request is checked once it is answered: the schemas take a tenth of a second when first used.
            if session is not None:
                await session.perform(player, check)
            else:
                await player.run()
                check()
        except Exception as error:  # noqa: BLE001  a plan's operations are the author's: what they raise is told
            exchange.fault = f"the server failed: {type(error).__name__}: {error}"
            exchange.complete = False
        finally:
            self._players.discard(player)
            self.finish(exchange)

    def finish(self, exchange: Exchange) -> None:
        """Tells whoever wants to know that this entry of the journal is whole."""
        if self.on_finish is not None:
            self.on_finish(exchange)

    def facts(self, request: Request) -> RequestFacts:
        """What of the request shapes the head of its answer."""
        return RequestFacts(
            method=request.method,
            http=request.http,
            closes=request.closes,
            cors=self.cors and request.header("origin") is not None,
        )

    def _exchange(self, request: Request, wire: Wire, body: Any) -> Exchange:
        return Exchange(
            nonce=None,
            case=None,
            number=0,
            connection=wire.number,
            method=request.method,
            path=request.shown_target(),
            http=request.http,
            headers=request.shown_headers(),
            body=body,
            arrived_ns=perf_counter_ns(),
        )

    @contextmanager
    def _open(self, wire: Wire) -> Iterator[None]:
        self._wires.add(wire)
        try:
            yield
        finally:
            self._wires.discard(wire)


def _findings(dialect: str, data: bytes) -> tuple[RequestFinding, ...]:
    return judge_request(dialect, data) if dialect in DIALECTS else ()

"""One play: a plan on the wire, a client in front of it, and what both sides saw."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import attrs
import trio

from streamproof.adapters.client import Client
from streamproof.adapters.said import Hello, Report, RunRequest, Said
from streamproof.judging.observed import feeder
from streamproof.running.due import SETTLE_S
from streamproof_formats.dialects import DIALECTS, machine
from streamproof_formats.judge import Judge
from streamproof_formats.message import Message
from streamproof_mock.journal import Exchange
from streamproof_mock.server import CannotServe, MockServer
from streamproof_mock.session import Session
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import AnswerPlan, Plan, Write
from streamproof_scenarios.problem import NotPlayable
from streamproof_scenarios.transports import SECURE, Transport, transport_of

API_KEY: Final = "sk-test"


@attrs.frozen(kw_only=True)
class Run:
    """One run of the client within a play."""

    said: Said
    exchanges: Sequence[Exchange]
    first_answer: int
    """Number of the answer that its first request got."""


@attrs.frozen(kw_only=True)
class Played:
    """All that was seen of a play."""

    runs: Sequence[Run]
    exchanges: Sequence[Exchange]
    started_ns: int
    transport: Transport = "h1"

    @property
    def boundaries(self) -> tuple[int, int]:
        """Boundaries asked for, and kept."""
        return (sum(e.boundaries_asked for e in self.exchanges), sum(e.boundaries_kept for e in self.exchanges))

    @property
    def is_kept(self) -> bool:
        """True when every boundary asked for was kept, or the client hung: it read no more then."""
        asked, kept = self.boundaries
        return asked == kept or any(run.said.ended == "hang" for run in self.runs)

    @property
    def astray(self) -> str | None:
        """Why these requests are not those that the adapter was asked for, if so: its fault, not the client's."""
        if self.transport == "h2" and any(exchange.method and exchange.http != "2" for exchange in self.exchanges):
            return "the client says that it has http2, and was offered it by ALPN, but its request came over HTTP/1.1"
        if self.transport in SECURE and not self.exchanges:
            return (
                "no request reached the server over TLS: is the authority in ca_file trusted, or SSL_CERT_FILE heeded?"
            )
        return None

    @property
    def fault(self) -> str | None:
        """What the server could not do, if anything."""
        return next((e.fault for e in self.exchanges if e.fault), None)


async def play(
    server: MockServer,
    client: Client,
    case: Case,
    plan: Plan,
    *,
    timeout_s: float,
    settle_s: float,
    is_live: bool = True,
) -> Played:
    """Plays the plan once: all the runs that the scenario asks for, one after the other on one nonce.

    `timeout_s` is the limit of one run, `settle_s` how long the client may take to leave after its result.  Unless it
    `is_live` nobody waits for what the client has handed on: it says all at its end, or the plan does not ask.
    """
    live = Live(case, client.hello) if is_live else None
    session = server.play(plan, on_await=None if live is None else live.delivered, transport=transport(case))
    try:
        started_ns, runs, seen = 0, [], 0
        for number in range(case.scenario.client.runs):
            if live is not None:
                live.reset(plan)
            request = run_request(case, session, server.ca_file)
            said = await client.run(request, deadline_s=timeout_s, on_report=None if live is None else live.take)
            started_ns = started_ns or said.started_ns
            last = number == case.scenario.client.runs - 1
            await session.settled(settle_s if last or case.scenario.client.stop_after else SETTLE_S)
            exchanges = list(session.exchanges)
            runs.append(Run(said=said, exchanges=exchanges[seen:], first_answer=seen))
            seen = len(exchanges)
            if said.ended != "result":
                break
    finally:
        session.close()
    await session.settled(SETTLE_S)
    return Played(runs=runs, exchanges=list(session.exchanges), started_ns=started_ns, transport=transport(case))


async def play_parallel(
    server: MockServer, clients: Sequence[Client], case: Case, plan: Plan, *, timeout_s: float, settle_s: float
) -> Played:
    """Plays `parallel` runs at once, each client on a nonce of its own that starts at its own answer."""
    played: list[Played | None] = [None] * len(clients)

    async def one(number: int, client: Client) -> None:
        own = attrs.evolve(plan, answers=tuple(plan.answer(number + later) for later in range(len(plan.answers))))
        played[number] = await play(server, client, case, own, timeout_s=timeout_s, settle_s=settle_s)

    async with trio.open_nursery() as nursery:
        for number, client in enumerate(clients):
            nursery.start_soon(one, number, client)
    whole = [item for item in played if item is not None]
    return Played(
        runs=[
            attrs.evolve(run, first_answer=number + run.first_answer)
            for number, item in enumerate(whole)
            for run in item.runs
        ],
        exchanges=[exchange for item in whole for exchange in item.exchanges],
        started_ns=min(item.started_ns for item in whole),
        transport=transport(case),
    )


def transport(case: Case) -> Transport:
    """What a case is played over."""
    return transport_of(case.answers, case.requires)


async def made_ready(server: MockServer, case: Case) -> None:
    """Has the server listen where the case is played.  Raises NotPlayable where it cannot."""
    if transport(case) in SECURE:
        try:
            await server.secure()
        except CannotServe as error:
            raise NotPlayable(str(error)) from error


def run_request(case: Case, session: Session, ca_file: str | None) -> RunRequest:
    """What a client is asked to do in a run of this case."""
    options = case.scenario.client
    dialect = DIALECTS[case.dialect]
    stop = None if options.stop_after is None else {"after": options.stop_after, "how": options.stop_how}
    return RunRequest(
        dialect=case.dialect,
        base_url=session.origin + dialect.base_path,
        url=session.origin + dialect.target(),
        api_key=API_KEY,
        request=dict(case.request),
        client=session.nonce if options.reuse else None,
        idle_timeout_s=options.idle_timeout_s,
        max_retries=options.max_retries,
        stop=stop,
        # A client that needs none is not started anew to be told of it.
        ca_file=ca_file if transport(case) in SECURE else None,
    )


class Live:
    """Answers the server's question whether the client has handed on all that was sent so far."""

    def __init__(self, case: Case, hello: Hello) -> None:
        self._case, self._hello = case, hello
        self._changed = trio.Event()
        self._text = 0
        self._answers: Sequence[AnswerPlan] = ()

    def reset(self, plan: Plan) -> None:
        """Begins a run of the client."""
        self._answers = plan.answers
        reader = machine(self._case.dialect, request=dict(self._case.request))
        self._message = partial(getattr, reader, "message")
        self._feed = feeder(reader, self._hello)
        self._text = 0

    def take(self, report: Report) -> None:
        """Takes what the client handed on; called where the server runs."""
        if report.kind == "delta":
            self._text += sum(len(report.data.get(kind) or "") for kind in ("text", "reasoning", "refusal"))
        else:
            self._feed(report)
            self._text = _length(self._message())
        self._changed.set()
        self._changed = trio.Event()

    async def delivered(self, exchange: Exchange) -> bool:
        """Returns once all is handed on; the server bounds the wait."""
        answer = self._answers[min(exchange.number, len(self._answers) - 1)]
        due = _length(_sent_so_far(self._case, answer, exchange.body_written))
        while self._text < due:
            await self._changed.wait()
        return True


def _length(message: Message) -> int:
    return sum(len(c.text or "") + len(c.reasoning or "") + len(c.refusal or "") for c in message.choices)


def _sent_so_far(case: Case, answer: AnswerPlan, size: int) -> Message:
    judge = Judge(case.dialect, request=dict(case.request))
    for operation in answer.operations():
        if isinstance(operation, Write):
            judge.receive_data(operation.data[:size])
            size -= len(operation.data)
            if size <= 0:
                break
    return judge.message or Message()

"""One case, laid out for the client of a test, and judged by what both sides saw."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self

import attrs

from streamproof.adapters.said import Hello, Report, Reports
from streamproof.errors import StreamproofError
from streamproof.running.due import SETTLE_S, Due
from streamproof.running.job import Job, skip_of
from streamproof.running.judged import result_of
from streamproof.running.play import Live, Played, Run, run_request, transport
from streamproof.running.result import Subject, plain_result, reproduce
from streamproof.running.runner import MAX_PLAYS
from streamproof.running.sweep import is_enough, sweep_result
from streamproof.testing.driving import Function, Steps, Turn, drive, drive_async
from streamproof.testing.outcome import raised
from streamproof.testing.telling import Telling, hello_of
from streamproof.testing.terms import BEHAVIOUR, Terms
from streamproof_mock.server import CannotServe
from streamproof_mock.session import Session
from streamproof_mock.thread import ServerThread
from streamproof_reports.document import CaseResult
from streamproof_scenarios.compiler import plays
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.problem import NotPlayable
from streamproof_scenarios.transports import SECURE

UNMEASURED: Final = "whether its cost grows with the stream was not measured: `streamproof check client` does that"


class Play:
    """A case under a nonce of its own.  Send the client to `url` or `base_url`, then `expect` what it said.

    Or have all done by `check`, which calls the client; only it plays sweeps, and what runs a client several times.
    """

    def __init__(self, thread: ServerThread, job: Job, terms: Terms, *, folders: Sequence[str] = ()) -> None:
        self._thread, self._job, self._terms = thread, job, terms
        self._subject = Subject(name="this test", arguments=(), folders=tuple(folders))
        self._session: Session | None = None
        self._due: Due | None = None
        self._run: Mapping[str, Any] = {}
        self.result: CaseResult | None = None
        """What came of it, once it was judged."""

    # What to ask

    @property
    def case(self) -> str:
        """The case's id."""
        return self._job.case.id

    @property
    def delivery(self) -> str:
        """How its bytes are cut."""
        return self._job.delivery

    @property
    def dialect(self) -> str:
        """The dialect that it is in."""
        return self._job.case.dialect

    @property
    def request(self) -> dict[str, Any]:
        """The whole request body that the case wants sent."""
        return dict(self._job.case.request)

    @property
    def run(self) -> Mapping[str, Any]:
        """All that a client is told: `base_url`, `url`, `api_key`, `request`, `idle_timeout_s`, `max_retries`, `stop`.

        The last three are None for the library's default.  Raises SkipTest for a case that the client cannot play.
        """
        if self._session is None:
            self._raise_if_skipped(None)
            if self._is_sweep or self._job.case.scenario.client.runs > 1:
                what = "a sweep of many plays" if self._is_sweep else "several runs of one client"
                raise StreamproofError(f"{self.case} {self.delivery} is {what}", "use check(function)")
            (plan,) = self._plans()
            self._session = self._laid_out(plan, limit_s=self._limit_s(plan))
            self._run = attrs.asdict(run_request(self._job.case, self._session, self._thread.ca_file))
        return self._run

    @property
    def base_url(self) -> str:
        """What the dialect's official SDK takes."""
        return str(self.run["base_url"])

    @property
    def url(self) -> str:
        """The whole address of the call."""
        return str(self.run["url"])

    @property
    def api_key(self) -> str:
        """A key; any other will do."""
        return str(self.run["api_key"])

    # What came of it

    def expect(
        self,
        result: Any = None,
        *,
        items: Iterable[Any] | None = None,
        events: Iterable[Any] | None = None,
        error: Exception | None = None,
    ) -> CaseResult:
        """Judges what the client said: `result`, or all its `items` or `events`, and the `error` that it raised.

        `result` is text, or a mapping of `text`, `finish_reason`, `tool_calls`, `choices`, `usage`, `error` and their
        like, or an exception.  Raises NotConforming, CannotTell, SkipTest; returns a result that passes or warns.
        """
        __tracebackhide__ = True
        return self._raised(drive(self._expecting(result, items, events, error), None))

    async def aexpect(self, result: Any = None, **told: Any) -> CaseResult:
        """`expect` where an event loop runs, asyncio's or trio's: connections can be closed while it waits."""
        __tracebackhide__ = True
        return self._raised(await drive_async(self._expecting(result, **_told(told)), None))

    def check(self, function: Function, *, reports: Reports = "message") -> CaseResult:
        """Runs the client by calling `function(run)`, and judges it.

        It returns or yields text or mappings as in `expect`; with `reports="items"` all chunks that the client hands
        out, with `"events"` all events.  Raises what `expect` raises.
        """
        __tracebackhide__ = True
        return self._raised(drive(self._checking(reports, function), function))

    async def acheck(self, function: Function, *, reports: Reports = "message") -> CaseResult:
        """`check` of an async function or async generator, in the event loop that runs, asyncio's or trio's."""
        __tracebackhide__ = True
        return self._raised(await drive_async(self._checking(reports, function), function))

    def close(self) -> None:
        """Breaks off what is still played."""
        if self._session is not None and not self._session.is_closed:
            self._thread.close(self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The steps

    def _expecting(
        self,
        result: Any = None,
        items: Iterable[Any] | None = None,
        events: Iterable[Any] | None = None,
        error: Exception | None = None,
    ) -> Steps[CaseResult]:
        if self.result is not None:
            raise StreamproofError("this play was judged already", "lay out another: server.play(ID)")
        run, session = self.run, self._session
        assert session is not None
        reports: Reports = "message" if items is None and events is None else ("events" if items is None else "items")
        telling = Telling(reports, _ignored, run["stop"])
        if isinstance(result, Exception):
            result, error = None, result
        told = items if events is None else events
        if told is not None:
            telling.take_all(told)
        elif result is not None:
            telling.take(result)
        if error is not None:
            telling.fail(error)
        hello = self._hello(reports)
        self._raise_if_skipped(hello)
        said = telling.said("hang" if session.is_overdue else "result")
        yield from self._closing(session)
        started_ns = min([exchange.arrived_ns for exchange in session.exchanges], default=said.started_ns)
        said = attrs.evolve(said, started_ns=started_ns)
        played = Played(
            runs=[Run(said=said, exchanges=list(session.exchanges), first_answer=0)],
            exchanges=list(session.exchanges),
            started_ns=started_ns,
            transport=transport(self._job.case),
        )
        return self._judged(hello, session.plan, played)

    def _checking(self, reports: Reports, function: Function) -> Steps[CaseResult]:
        hello = self._hello(reports, function)
        self._raise_if_skipped(hello)
        results: list[tuple[str, CaseResult]] = []
        planned = self._plans()
        for plan in planned:
            for _ in range(MAX_PLAYS):
                played = yield from self._playing(plan, hello)
                if played.is_kept:
                    break
            results.append((plan.delivery, self._judged(hello, plan, played)))
            if is_enough(results):
                break
        if not self._is_sweep:
            return results[0][1]
        return attrs.evolve(sweep_result(results, len(planned)), delivery=self.delivery, hash=self._job.hash)

    def _playing(self, plan: Plan, hello: Hello) -> Steps[Played]:
        case = self._job.case
        options = case.scenario.client
        live = Live(case, hello)
        live.reset(plan)
        limit_s = self._limit_s(plan) * options.runs
        session = self._laid_out(plan, on_await=live.delivered, limit_s=limit_s)

        def hand_on(report: Report) -> None:
            self._thread.soon(_quietly, live.take, report)

        runs: list[Run] = []
        try:
            for number in range(options.runs):
                if number:
                    self._thread.soon(live.reset, plan)
                seen = len(session.exchanges)
                run = attrs.asdict(run_request(case, session, self._thread.ca_file))
                telling = Telling(hello.reports, hand_on, run["stop"])
                yield Turn(telling, run)
                said = telling.said("hang" if session.is_overdue else "result")
                if number < options.runs - 1:
                    yield self._thread.settling(session, SETTLE_S)
                else:
                    yield from self._closing(session)
                runs.append(Run(said=said, exchanges=session.exchanges[seen:], first_answer=seen))
                if said.ended != "result":
                    break
        finally:
            if not session.is_closed:
                self._thread.close(session)
        exchanges = list(session.exchanges)
        started_ns = runs[0].said.started_ns
        return Played(runs=runs, exchanges=exchanges, started_ns=started_ns, transport=transport(case))

    def _closing(self, session: Session) -> Steps[None]:
        """Looks on until the client must have left, then ends the session."""
        yield self._thread.settling(session, self._due_by(session.plan).settle_s)
        self._thread.close(session)
        yield self._thread.settling(session, SETTLE_S)

    # Values

    def _laid_out(self, plan: Plan, **options: Any) -> Session:
        over = transport(self._job.case)
        if over in SECURE:
            try:
                self._thread.secure()
            except CannotServe as error:
                raise unittest.SkipTest(str(error)) from None
        return self._thread.play(plan, transport=over, **options)

    @property
    def _is_sweep(self) -> bool:
        return self._job.delivery == "every-split"

    def _plans(self) -> list[Plan]:
        try:
            found = list(plays(self._job.case, self._job.delivery))
        except NotPlayable as error:
            raise unittest.SkipTest(str(error)) from None
        if not found:
            raise unittest.SkipTest("the body has no place to be split at")
        return found

    def _due_by(self, plan: Plan) -> Due:
        if self._due is None:
            self._due = Due.of(self._job.case, plan)
        return self._due

    def _limit_s(self, plan: Plan) -> float:
        return self._due_by(plan).limit_s(self._terms.timeout_s)

    def _hello(self, reports: Reports, function: Function | None = None) -> Hello:
        can = set(self._terms.capabilities)
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            can.add("stop")  # what yields can be left
        return hello_of(self.dialect, reports, can)

    def _raise_if_skipped(self, hello: Hello | None) -> None:
        """Without a hello: for what no report can show."""
        case = self._job.case
        if case.scenario.client.parallel > 1:
            raise unittest.SkipTest("clients in parallel need processes of their own: streamproof check client")
        lacking = [name for name in case.requires if name in BEHAVIOUR and name not in self._terms.capabilities]
        skip = None if hello is None else skip_of(self._job, hello)
        missing = lacking or ([] if skip is None else list(skip.missing))
        if missing:
            words = ", ".join(missing)
            raise unittest.SkipTest(f"the client is not said to have {words} (capabilities=[...])")
        if skip is not None:
            raise unittest.SkipTest(skip.reason)

    def _judged(self, hello: Hello, plan: Plan, played: Played) -> CaseResult:
        job = attrs.evolve(self._job, delivery=plan.delivery, hash=plan.hash)
        if not played.is_kept:
            reason = "a boundary that was asked for was not kept, so the play proves nothing: run it again"
            return plain_result(job, self._subject, verdict="harness_error", reason=reason)
        due, terms = self._due_by(plan), self._terms
        result = result_of(job, self._subject, hello, played, due, strict=terms.strict, pinned=terms.pinned)
        notes = result.notes
        if due.is_cost_asked:
            notes = (*notes, UNMEASURED)
        _, look = reproduce(job, self._subject)
        return attrs.evolve(result, notes=notes, reproduce=(*terms.again, look))

    def _raised(self, result: CaseResult) -> CaseResult:
        __tracebackhide__ = True
        self.result = result
        return raised(result)


def _told(given: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in given:
        if name not in ("items", "events", "error"):
            raise TypeError(f"aexpect() takes items, events and error beside the result, found {name!r}")
    return given


def _quietly(take: Callable[[Report], None], report: Report) -> None:
    # It only tells the server how far the client is; what the machine cannot read is judged with all else.
    with suppress(Exception):
        take(report)


def _ignored(_: Report) -> None:
    """Nobody waits for it."""

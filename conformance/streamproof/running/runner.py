"""The runner: plays jobs with a client, in parallel processes, and tells of each result as it comes."""

from __future__ import annotations

import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from streamproof.adapters.child import ClientDidNotStart
from streamproof.adapters.client import Client
from streamproof.adapters.process import open_client
from streamproof.adapters.said import Hello
from streamproof.adapters.spec import ClientSpec
from streamproof.judging.cost import DIVISOR, judge_cost
from streamproof.judging.verdict import finding_of
from streamproof.running.due import Due
from streamproof.running.job import Job, skip_of
from streamproof.running.judged import result_of
from streamproof.running.known import KnownList
from streamproof.running.play import made_ready, play, play_parallel
from streamproof.running.result import Subject, plain_result, reproduce
from streamproof.running.sweep import failed_plays, is_enough, sweep_result
from streamproof_mock.server import MockServer
from streamproof_reports.document import CaseResult
from streamproof_scenarios.compiler import plays
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.problem import NotPlayable
from streamproof_scenarios.scaling import scaled

SWEEP: Final = "every-split"
"""The delivery that is one case of many plays."""
NOT_REACHED: Final = "not reached within --max-time"
MAX_PLAYS: Final = 3
"""A play in which an asked-for boundary was not kept is repeated up to this many plays in all."""
TIMED_PLAYS: Final = 2
"""Plays of each size, of which the faster one tells the cost."""

DUE_KEPT: Final = 4
"""Cases of which is remembered what is due."""


@attrs.frozen(kw_only=True)
class Settings:
    """What holds for every case of a run."""

    timeout_s: float = 10.0
    jobs: int = 2
    confirms: bool = True
    """Whether a failure is played once more, in a fresh process."""
    unconfirmed: Collection[tuple[str, str]] = frozenset()
    """Case and delivery of failures that are no news: they are not played once more."""
    strict: bool = False
    pinned: str | None = None
    known_failing: KnownList = attrs.field(factory=KnownList)
    known_flaky: KnownList = attrs.field(factory=KnownList)


@attrs.define
class Totals:
    """Figures of a whole run."""

    plays: int = 0
    boundaries_asked: int = 0
    boundaries_kept: int = 0


@attrs.frozen(kw_only=True)
class _Judged:
    result: CaseResult
    kept: bool


class Runner:
    """Plays jobs with one client."""

    def __init__(self, server: MockServer, spec: ClientSpec, subject: Subject, settings: Settings) -> None:
        self._server, self._spec, self._subject, self._settings = server, spec, subject, settings
        self.totals = Totals()
        self._begun: dict[tuple[str, str], tuple[list[tuple[str, CaseResult]], int]] = {}
        """The sweeps, by case and delivery: the plays so far, and how many there are."""
        self._due: dict[str, Due] = {}

    async def run(
        self, jobs: Sequence[Job], tell: Callable[[CaseResult], None], *, within_s: float | None = None
    ) -> Hello:
        """Plays every job and tells of each result; raises `ClientDidNotStart` if the client never answers.

        Results come in the order in which they are ready.  What `within_s` leaves no time for is told as
        `harness_error`: it was not judged.
        """
        left: dict[int, Job] = {}

        def settle(number: int, result: CaseResult) -> None:
            del left[number]
            tell(result)

        async with open_client(self._spec) as first:
            hello = first.hello
            send, receive = trio.open_memory_channel[int](len(jobs) or 1)
            self._begun.clear()
            for number, job in enumerate(jobs):
                skip = skip_of(job, hello)
                if skip is not None:
                    tell(plain_result(job, self._subject, verdict="skip", reason=skip.reason, missing=skip.missing))
                else:
                    left[number] = job
                    send.send_nowait(number)
            send.close()
            with trio.move_on_after(float("inf") if within_s is None else within_s):
                async with _only_error(), trio.open_nursery() as nursery:
                    nursery.start_soon(self._work, first, jobs, receive.clone(), settle)
                    for _ in range(min(self._settings.jobs, len(left)) - 1):
                        nursery.start_soon(self._work, None, jobs, receive.clone(), settle)
                    receive.close()
        for job in left.values():
            tell(self._not_reached(job))
        return hello

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Callable[[Job], Awaitable[CaseResult]]]:
        """What plays jobs one by one, as they come to mind, in one process of the client."""
        async with open_client(self._spec) as client:
            yield partial(self._settled, client)

    async def _work(
        self,
        client: Client | None,
        jobs: Sequence[Job],
        numbers: trio.MemoryReceiveChannel[int],
        settle: Callable[[int, CaseResult], None],
    ) -> None:
        async with AsyncExitStack() as stack, numbers:
            async for number in numbers:
                if client is None:
                    client = await stack.enter_async_context(self._another())
                settle(number, await self._settled(client, jobs[number]))

    @asynccontextmanager
    async def _another(self) -> AsyncIterator[Client]:
        """One more process of the client; that the first one started does not say that a second one does."""
        async with AsyncExitStack() as stack:
            try:
                client = await stack.enter_async_context(open_client(self._spec))
            except ClientDidNotStart as error:
                raise ClientDidNotStart(
                    f"the client started once, but not once more beside it (--jobs 1 runs one process): {error}"
                ) from error
            yield client

    async def _settled(self, client: Client, job: Job) -> CaseResult:
        """The result of a job once known lists and a second play of a failure have had their say."""
        started_ns = time.perf_counter_ns()
        try:
            result = await self._case(client, job)
            is_news = (job.case.id, job.delivery) not in self._settings.unconfirmed
            if result.verdict == "fail" and self._settings.confirms and is_news:
                result = await self._confirmed(job, result)
        except NotPlayable as error:
            return plain_result(job, self._subject, verdict="skip", reason=str(error))
        except ClientDidNotStart as error:
            return plain_result(job, self._subject, verdict="adapter_error", reason=str(error))
        except Exception as error:  # noqa: BLE001 - our own fault must not take the other cases' results with it
            place = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"the harness failed: {error!r} ({Path(place.filename).name}:{place.lineno})"
            return plain_result(job, self._subject, verdict="harness_error", reason=reason)
        self._begun.pop((job.case.id, job.delivery), None)
        result = self._against_lists(result)
        return attrs.evolve(result, duration_s=round((time.perf_counter_ns() - started_ns) / 1e9, 4))

    async def _confirmed(self, job: Job, result: CaseResult) -> CaseResult:
        """Plays a failure once more in a fresh process: `flaky` if it passes then, the failure if it does not."""
        try:
            async with open_client(self._spec) as fresh:
                again = await self._case(fresh, job, self._failed(job))
        except ClientDidNotStart as error:
            return attrs.evolve(result, notes=(*result.notes, f"not played again, no fresh process started: {error}"))
        if again.verdict in {"pass", "warn"}:
            return attrs.evolve(result, verdict="flaky", reason="failed, then passed in a fresh process")
        return result

    def _failed(self, job: Job) -> tuple[str, ...]:
        """The plays of a sweep that are to be played again: of thousands only those that failed."""
        results, _ = self._begun.get((job.case.id, job.delivery), ([], 0))
        return failed_plays(results)

    def _against_lists(self, result: CaseResult) -> CaseResult:
        failing, flaky = self._settings.known_failing, self._settings.known_flaky
        line = failing.line_of(result.case, result.delivery)
        if line is not None and result.verdict in {"fail", "flaky"}:
            return attrs.evolve(result, verdict="xfail", reason=f"known to fail ({failing.path}:{line})")
        if line is not None and result.verdict in {"pass", "warn"}:
            return attrs.evolve(result, verdict="xpass", reason=f"passes now: remove line {line} of {failing.path}")
        line = flaky.line_of(result.case, result.delivery)
        if line is not None and result.verdict in {"fail", "flaky"}:
            return attrs.evolve(result, verdict="xfail", reason=f"known to be flaky ({flaky.path}:{line})")
        return result

    def _not_reached(self, job: Job) -> CaseResult:
        """What is known of a job when the time is over: of a sweep, the plays so far."""
        results, planned = self._begun.get((job.case.id, job.delivery), ([], 0))
        if not results:
            return plain_result(job, self._subject, verdict="harness_error", reason=NOT_REACHED)
        result = sweep_result(results, planned, cut_short="--max-time was over")
        return self._against_lists(attrs.evolve(result, delivery=job.delivery, hash=job.hash))

    async def _case(self, client: Client, job: Job, only: Sequence[str] = ()) -> CaseResult:
        """Plays every play of the job's delivery, or `only` those of a sweep; most deliveries are one."""
        await made_ready(self._server, job.case)
        plans = [plan for plan in plays(job.case, job.delivery) if not only or plan.delivery in only]
        if not plans:
            raise NotPlayable("the body has no place to be split at")
        due = self._due_of(job.case, plans[0])
        results: list[tuple[str, CaseResult]] = []
        if job.delivery == SWEEP and not only:
            self._begun[job.case.id, job.delivery] = (results, len(plans))
        for plan in plans:
            # A play of a sweep has a name and a hash of its own, under which it is reproduced.
            own = job if plan.hash == job.hash else attrs.evolve(job, delivery=plan.delivery, hash=plan.hash)
            results.append((plan.delivery, (await self._kept(client, own, plan, due)).result))
            if is_enough(results):
                break
        if job.delivery == SWEEP:
            whole = sweep_result(results, len(plans))
            return attrs.evolve(whole, delivery=job.delivery, hash=job.hash)
        (result,) = (result for _, result in results)
        if due.is_cost_asked:
            return await self._with_cost(client, job, result)
        return result

    def _due_of(self, case: Case, plan: Plan) -> Due:
        """What is due of a case, whose plays and deliveries come one after the other."""
        due = self._due.pop(case.id, None) or Due.of(case, plan)
        self._due[case.id] = due
        if len(self._due) > DUE_KEPT:
            del self._due[next(iter(self._due))]
        return due

    async def _with_cost(self, client: Client, job: Job, result: CaseResult) -> CaseResult:
        """Plays the same with a quarter of its fills, and warns where the time does not shrink with the size."""
        if result.verdict not in {"pass", "warn"}:
            return result
        small_job = attrs.evolve(job, case=scaled(job.case, DIVISOR))
        times: dict[bool, list[float]] = {True: [result.duration_s], False: []}
        for one, is_large in ((job, True), (small_job, False)):
            (plan,) = plays(one.case, one.delivery)
            due = Due.of(one.case, plan)
            while len(times[is_large]) < TIMED_PLAYS:
                played = (await self._kept(client, one, plan, due)).result
                if played.verdict not in {"pass", "warn"}:
                    return attrs.evolve(result, notes=(*result.notes, "the cost could not be measured"))
                times[is_large].append(played.duration_s)
        slow = judge_cost(min(times[True]), min(times[False]))
        if slow is None:
            return result
        return attrs.evolve(
            result,
            verdict="fail" if self._settings.strict else "warn",
            findings=(*result.findings, finding_of(job.case, slow)),
            reproduce=reproduce(job, self._subject),
        )

    async def _kept(self, client: Client, job: Job, plan: Plan, due: Due) -> _Judged:
        """Repeats a play in which a boundary was not kept: such a play proves nothing, whatever its verdict."""
        for _ in range(MAX_PLAYS):
            judged = await self._play(client, job, plan, due)
            if judged.kept:
                return judged
        reason = f"in {MAX_PLAYS} plays a boundary that was asked for was not kept"
        return _Judged(result=plain_result(job, self._subject, verdict="harness_error", reason=reason), kept=False)

    async def _play(self, client: Client, job: Job, plan: Plan, due: Due) -> _Judged:
        case = job.case
        limits = {"timeout_s": due.limit_s(self._settings.timeout_s), "settle_s": due.settle_s}
        if case.scenario.client.parallel > 1:
            async with AsyncExitStack() as stack:
                others = [
                    await stack.enter_async_context(self._another()) for _ in range(case.scenario.client.parallel - 1)
                ]
                played = await play_parallel(self._server, [client, *others], case, plan, **limits)
        else:
            is_live = due.is_awaited and self._spec.kind != "one-shot"
            played = await play(self._server, client, case, plan, is_live=is_live, **limits)
        asked, kept = played.boundaries
        self.totals.plays += 1
        self.totals.boundaries_asked += asked
        self.totals.boundaries_kept += kept
        strict, pinned = self._settings.strict, self._settings.pinned
        result = result_of(job, self._subject, client.hello, played, due, strict=strict, pinned=pinned)
        return _Judged(result=result, kept=played.is_kept)


@asynccontextmanager
async def _only_error() -> AsyncIterator[None]:
    """An error that one task alone raised leaves the nursery as it is, not in a group."""
    alone: BaseException | None = None
    try:
        yield
    except BaseExceptionGroup as group:
        if len(group.exceptions) != 1:
            raise
        alone = group.exceptions[0]
    if alone is not None:
        raise alone

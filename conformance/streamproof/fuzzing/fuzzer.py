"""The fuzzer: draws streams, plays them with a client, makes smaller what fails."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs
import trio

from streamproof.adapters.said import Hello
from streamproof.adapters.spec import ClientSpec, built_in
from streamproof.fuzzing.draft import Draft, draft
from streamproof.fuzzing.found import written
from streamproof.fuzzing.shrinking import MOST_PLAYS, shrink
from streamproof.running.job import Job, skip_of
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_mock.server import MockServer
from streamproof_reports.document import CaseResult
from streamproof_scenarios.model import Case

MOST_FAILURES: Final = 20
"""After so many failures no more streams are drawn: more of them tell the same."""
MOST_SLOW: Final = 3
"""After so many plays that took the whole time limit, or could not be judged, neither."""
MOST_SLOW_PLAYS: Final = 10
"""Plays of the shrinking of a failure that takes the whole time limit each time."""

Tell = Callable[[CaseResult], None]
Play = Callable[[Job], Awaitable[CaseResult]]


@attrs.frozen(kw_only=True)
class Wanted:
    """What is asked of a run."""

    dialects: Sequence[str]
    seed: int
    """Of the first draft; each further one has the next number."""
    runs: int | None
    """None for as many as `within_s` leaves time for."""
    within_s: float | None
    folder: Path
    """Where scenarios are written."""
    again: tuple[str, ...]
    """The words of the command that fuzzes this client, without seed and number of streams."""


@attrs.frozen(kw_only=True)
class Failing:
    """A draft that failed, and how."""

    draft: Draft
    result: CaseResult

    @property
    def kind(self) -> tuple[str, str]:
        """Failures of one kind are taken for one: the dialect, and the worst check."""
        return (self.draft.dialect, self.check)

    @property
    def check(self) -> str:
        """The worst check that failed."""
        return self.result.findings[0].check


class Fuzzer:
    """One run with one client."""

    def __init__(
        self,
        server: MockServer,
        spec: ClientSpec,
        subject: Subject,
        settings: Settings,
        *,
        hello: Hello,
        wanted: Wanted,
    ) -> None:
        self._server, self._spec, self._hello, self._wanted = server, spec, hello, wanted
        self._subject, self._settings = subject, settings
        self.runner = Runner(server, spec, subject, settings)
        self.written: list[Path] = []
        """The files of the failures."""
        self._failing: list[Failing] = []
        self._slow = 0

    async def run(self, tell: Tell) -> None:
        """Draws and plays; tells of what passes at once, of failures once the first of each kind has its file."""
        try:
            with trio.move_on_after(float("inf") if self._wanted.within_s is None else self._wanted.within_s):
                drafts = self._drafts()
                async with trio.open_nursery() as nursery:
                    for _ in range(min(self._settings.jobs, self._wanted.runs or self._settings.jobs)):
                        nursery.start_soon(self._work, drafts, tell)
            # Which worker was first must not decide which failure is taken for its kind.
            self._failing.sort(key=lambda failing: failing.draft.seed)
            while self._failing:
                await self._settle(self._failing[0], tell)
        finally:
            for failing in self._failing:
                tell(failing.result)

    def _drafts(self) -> Iterator[Draft]:
        number = 0
        while self._wanted.runs is None or number < self._wanted.runs:
            if len(self._failing) >= MOST_FAILURES or self._slow >= MOST_SLOW:
                return
            drawn = draft(self._wanted.seed + number, self._wanted.dialects, self._is_playable)
            if drawn is not None:
                yield drawn
            number += 1

    def _is_playable(self, case: Case) -> bool:
        return skip_of(Job(case=case, delivery="as-written", hash=""), self._hello) is None

    async def _work(self, drafts: Iterator[Draft], tell: Tell) -> None:
        async with self.runner.session() as play:
            for drawn in drafts:
                result = self._named(drawn, await play(drawn.job))
                is_slow = any(finding.check == "hang" for finding in result.findings)
                self._slow += is_slow or result.verdict in {"adapter_error", "harness_error"}
                if result.verdict == "fail":
                    self._failing.append(Failing(draft=drawn, result=result))
                else:
                    tell(result)

    def _named(self, drawn: Draft, result: CaseResult) -> CaseResult:
        """The result as one of a seed: it is not in any catalogue, and the seed draws it again."""
        before, after = self._wanted.again[:2], self._wanted.again[2:]
        command = shlex.join([*before, "--seed", str(drawn.seed), "--runs", "1", *after])
        return attrs.evolve(
            result,
            case=drawn.name,
            scenario=drawn.name,
            title=f"What seed {drawn.seed} draws",
            path=None,
            line=None,
            reproduce=(command,) if result.reproduce else (),
        )

    async def _settle(self, first: Failing, tell: Tell) -> None:
        """Tells of a failure and of all of its kind; the first of them is made smaller and written."""
        alike = [failing for failing in self._failing if failing.kind == first.kind]
        result = await self._made_small(first)
        self._failing = [failing for failing in self._failing if failing.kind != first.kind]
        tell(result)
        for other in alike[1:]:
            # Told as one with the first: of one scenario, with the seed as its name.
            tell(attrs.evolve(other.result, scenario=result.scenario, delivery=None))

    async def _made_small(self, failing: Failing) -> CaseResult:
        blameless = Runner(self._server, built_in("reference"), Subject(name="reference", arguments=()), self._quick)
        async with blameless.session() as reference:
            if not await _passes(reference, failing.draft):
                reason = (
                    f"seed {failing.draft.seed}: the reference client fails it, too: the fault is streamproof's, "
                    "not this client's; please report it"
                )
                return attrs.evolve(failing.result, verdict="harness_error", reason=reason)
            small = await self._shrunk(failing, reference)
        path, job = written(small.draft, small.result.findings[0], self._wanted.folder)
        self.written.append(path)
        async with self.runner.session() as play:
            result = await play(job)
        if result.verdict != "fail":
            note = f"{path} did not fail when it was played again"
            return attrs.evolve(failing.result, verdict="flaky", notes=(*failing.result.notes, note))
        before, after = (len(one.draft.document["stream"]["steps"]) for one in (failing, small))
        note = f"seed {failing.draft.seed} drew it with {before} steps, of which {after} are left"
        return attrs.evolve(result, notes=(*result.notes, note))

    async def _shrunk(self, failing: Failing, reference: Play) -> Failing:
        """The smallest found that the client fails in the same way and the reference client passes."""
        smallest = failing
        shrinker = Runner(self._server, self._spec, self._subject, self._quick)
        async with shrinker.session() as play:

            async def fails(draft: Draft) -> bool:
                nonlocal smallest
                result = await play(draft.job)
                is_same = result.verdict == "fail" and result.findings[0].check == failing.check
                if is_same and await _passes(reference, draft):
                    smallest = Failing(draft=draft, result=result)
                    return True
                return False

            await shrink(failing.draft, fails, MOST_SLOW_PLAYS if failing.check == "hang" else MOST_PLAYS)
        return smallest

    @property
    def _quick(self) -> Settings:
        return attrs.evolve(self._settings, confirms=False)


async def _passes(play: Play, drawn: Draft) -> bool:
    result = await play(drawn.job)
    return result.verdict == "pass"

"""Whether a scenario can be failed is tried with as few plays as may be: first with who is known to fail it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import pytest

from streamproof.linting import faults
from streamproof.linting.faults import likely_for, unfailed
from streamproof.running.job import Job, jobs_of
from streamproof.subjects.broken.fault import Fault
from streamproof.subjects.broken.rows import failing_names, read_rows
from streamproof.subjects.broken.table import FAULTS
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue

JOBS = {job.case.id: job for job in jobs_of(Catalogue.load().scenarios, ("as-written",))}


@attrs.define
class Stage:
    """Takes the place of playing: the clients fail what `fails` says."""

    fails: Callable[[str, str], bool]
    plays: Counter[str] = attrs.field(factory=Counter)

    async def played_with(
        self, server: Any, fault: Fault, jobs: Sequence[Job], tell: Callable[[CaseResult], None], *, processes: int
    ) -> None:
        for job in jobs:
            self.plays[job.case.id] += 1
            tell(result(job, failed=self.fails(fault.name, job.case.id)))


def result(job: Job, *, failed: bool) -> CaseResult:
    return CaseResult(
        case=job.case.id,
        scenario=job.case.scenario.id,
        title="",
        dialect=job.case.dialect,
        delivery=job.delivery,
        client="made-up",
        verdict="fail" if failed else "pass",
    )


async def left_of(jobs: Iterable[Job], stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(faults, "played_with", stage.played_with)
    server: Any = None
    return [job.case.id for job in await unfailed(server, jobs, processes=1)]


async def test_what_is_known_to_fail_is_played_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = read_rows()
    stage = Stage(lambda fault, case: case in rows[fault].fails)
    known = {case for name, row in rows.items() for case, checks in row.fails.items() if checks != {"hang"}}
    known = {case for case in known if JOBS[case].case.dialect == JOBS[case].case.scenario.dialects[0]}
    assert await left_of([JOBS[case] for case in sorted(known)], stage, monkeypatch) == []
    assert stage.plays == dict.fromkeys(known, 1)


async def test_what_nobody_fails_is_played_once_with_each_that_it_is_worth(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(lambda fault, case: False)
    job = JOBS["framing/comments@openai-chat"]
    assert await left_of([job], stage, monkeypatch) == [job.case.id]
    assert stage.plays[job.case.id] == sum(len(faults.worth_playing(fault, [job])) for fault in FAULTS.values())


@pytest.mark.parametrize(
    ("case", "name", "is_likely"),
    [
        pytest.param("framing/comments@openai-chat", "comment-is-data", True, id="its-own-row"),
        pytest.param("framing/comments@workers-ai", "comment-is-data", True, id="the-row-of-its-scenario"),
        pytest.param("framing/comments@openai-chat", "only-lf", False, id="not-in-the-row"),
        pytest.param("encoding/byte-order-mark-in-text@openai-chat", "usage-of-the-start", False, id="another-dialect"),
    ],
)
def test_who_is_likely_to_fail_a_case(case: str, name: str, is_likely: bool) -> None:
    assert (name in likely_for(JOBS[case])) is is_likely


def test_a_client_that_only_hangs_is_not_tried_first() -> None:
    rows = read_rows()
    hangs = {(case, name) for name, row in rows.items() for case, checks in row.fails.items() if checks == {"hang"}}
    assert hangs
    named = failing_names()
    assert not [case for case, name in hangs if name in named.get(case, ())]

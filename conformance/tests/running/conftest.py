"""Clients with one fault each, played as real processes over a real server."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
import pytest

from streamproof.adapters.spec import ClientSpec, own_python
from streamproof.running.job import Job
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_mock.server import serving
from streamproof_reports.document import CaseResult
from streamproof_scenarios.cases import cases
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import case_hash
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case

FAULTY = Path(__file__).with_name("faulty.py")


def faulty(fault: str) -> ClientSpec:
    """The reference client with this fault."""
    return ClientSpec(name=fault, command=(sys.executable, str(FAULTY), fault), env=own_python())


def job(case: Case, delivery: str = "as-written") -> Job:
    return Job(case=case, delivery=delivery, hash=case_hash(case.id, delivery))


def written(text: str, name: str = "by/hand") -> list[Job]:
    """The jobs of a scenario written here, as-written."""
    return [job(case) for case in cases(loads(text, path=f"{name}.yaml", id=name))]


@pytest.fixture(scope="session")
def book() -> Catalogue:
    return Catalogue.load()


@attrs.define
class Run:
    """The results of one run of the runner, by case id, and what else it came to."""

    results: list[CaseResult]
    runner: Runner

    def __getitem__(self, case: str) -> CaseResult:
        (result,) = (result for result in self.results if result.case == case)
        return result

    @property
    def only(self) -> CaseResult:
        (result,) = self.results
        return result


async def play(
    spec: ClientSpec,
    jobs: Iterable[Job],
    /,
    *,
    server: dict[str, Any] | None = None,
    within_s: float | None = None,
    **settings: Any,
) -> Run:
    results: list[CaseResult] = []
    given = {"jobs": 1, "timeout_s": 5.0, **settings}
    async with serving(**(server or {})) as mock:
        subject = Subject(name=spec.label, arguments=("--client", spec.label))
        runner = Runner(mock, spec, subject, Settings(**given))
        await runner.run(list(jobs), results.append, within_s=within_s)
    return Run(results, runner)


@pytest.fixture(name="play", scope="session")
def _play() -> Callable[..., Awaitable[Run]]:
    return play


@pytest.fixture(name="faulty", scope="session")
def _faulty() -> Callable[[str], ClientSpec]:
    return faulty


@pytest.fixture(name="job", scope="session")
def _job() -> Callable[..., Job]:
    return job


@pytest.fixture(name="written", scope="session")
def _written() -> Callable[..., list[Job]]:
    return written

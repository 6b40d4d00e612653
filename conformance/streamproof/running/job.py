"""A job: one case in one delivery, to be played with one client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from streamproof.adapters.said import Hello
from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import case_hash
from streamproof_scenarios.delivery import ALL
from streamproof_scenarios.model import Case, Scenario


@attrs.frozen(kw_only=True)
class Job:
    """One case in one delivery."""

    case: Case
    delivery: str
    hash: str


@attrs.frozen(kw_only=True)
class Skip:
    """Why a job cannot be played with a client."""

    reason: str
    missing: tuple[str, ...] = ()
    """The missing capabilities, where that is the reason."""


def jobs_of(scenarios: Iterable[Scenario], deliveries: Sequence[str]) -> Iterator[Job]:
    """Every case of these scenarios, in the deliveries asked for or else in its own."""
    for scenario in scenarios:
        for case in cases(scenario):
            for delivery in _deliveries(case, deliveries):
                yield Job(case=case, delivery=delivery, hash=case_hash(case.id, delivery))


def _deliveries(case: Case, asked: Sequence[str]) -> Sequence[str]:
    """`all` leaves alone what waits on purpose or names its own deliveries: those are `case.deliveries`."""
    names: list[str] = []
    for name in asked or ("",):
        if name == "":
            names += case.deliveries[:1] if not case.scenario.deliveries else case.deliveries
        elif name == "all":
            names += case.deliveries if case.scenario.deliveries or case.deliveries == ("as-written",) else ALL
        else:
            names.append(name)
    return list(dict.fromkeys(names))


def skip_of(job: Job, hello: Hello) -> Skip | None:
    """Why this client is not asked to play this job; None if it is."""
    if job.case.dialect not in DIALECTS:
        return Skip(reason=f"the mock server does not speak {job.case.dialect} yet")
    if job.case.dialect not in hello.dialects:
        return Skip(reason=f"the client does not speak {job.case.dialect}", missing=(job.case.dialect,))
    missing = tuple(name for name in job.case.requires if name not in hello.capabilities)
    if missing:
        return Skip(reason=f"the client lacks {', '.join(missing)}", missing=missing)
    return None

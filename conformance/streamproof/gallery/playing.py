"""Playing the catalogue to a client of the gallery."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence

from streamproof.adapters.needs import find_missing
from streamproof.adapters.spec import ClientSpec
from streamproof.gallery.failures import read_failures
from streamproof.gallery.row import Row, known_flaky
from streamproof.running.job import Job
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_mock.server import MockServer
from streamproof_reports.document import CaseResult


async def play_catalogue(
    server: MockServer, spec: ClientSpec, jobs: Sequence[Job], *, unconfirmed: Collection[tuple[str, str]] = frozenset()
) -> Row:
    """Plays these jobs; a client that cannot run here is a row that says why.

    A failure is played once more, in a fresh process, unless `unconfirmed` has its case and delivery.
    """
    missing = await find_missing(spec)
    if missing is not None:
        return Row(spec=spec, missing=missing.reason)
    cases: list[CaseResult] = []
    subject = Subject(name=spec.label, arguments=("--client", spec.label))
    settings = Settings(jobs=min(4, os.cpu_count() or 1), unconfirmed=unconfirmed)
    hello = await Runner(server, spec, subject, settings).run(jobs, cases.append)
    # Results come in the order in which they were ready, which is chance.
    cases.sort(key=lambda case: (case.case, case.delivery or ""))
    return Row(spec=spec, hello=hello, cases=tuple(cases), failures=read_failures(spec), flaky=known_flaky(spec))

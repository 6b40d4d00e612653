"""Every broken client plays the whole catalogue: it fails what `fails.yaml` says, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from streamproof.linting.matrix import jobs_for, played
from streamproof.running.job import Job, jobs_of
from streamproof.subjects.broken.rows import REFERENCE, Row, read_rows
from streamproof.subjects.broken.table import FAULTS
from streamproof_mock.server import serving
from streamproof_scenarios.catalogue import Catalogue

pytestmark = pytest.mark.replay

PROCESSES: Final = min(4, os.cpu_count() or 1)


@pytest.fixture(scope="module")
def jobs() -> Sequence[Job]:
    return list(jobs_of(Catalogue.load().scenarios, ()))


@pytest.fixture(scope="module")
def rows() -> Mapping[str, Row]:
    return read_rows()


@pytest.mark.parametrize("name", FAULTS)
async def test_a_broken_client_fails_what_its_row_says_and_nothing_else(
    name: str, jobs: Sequence[Job], rows: Mapping[str, Row]
) -> None:
    kept, usual = rows[name], rows[REFERENCE]
    async with serving() as server:
        seen = await played(server, name, jobs_for(FAULTS[name], jobs), PROCESSES, kept=kept)
    assert dict(seen.fails) == dict(kept.fails), "if it is right: python -m streamproof.linting.matrix"
    assert kept.reads.items() <= seen.reads.items()
    others = {case: one for case, one in seen.reads.items() if case not in kept.fails and case in usual.reads}
    assert {case: one for case, one in others.items() if usual.reads[case] != one}.items() <= kept.reads.items()


async def test_the_reference_client_fails_nothing(jobs: Sequence[Job], rows: Mapping[str, Row]) -> None:
    async with serving() as server:
        seen = await played(server, REFERENCE, jobs, PROCESSES, kept=rows[REFERENCE])
    assert dict(seen.fails) == {}
    assert rows[REFERENCE].reads.items() <= seen.reads.items()

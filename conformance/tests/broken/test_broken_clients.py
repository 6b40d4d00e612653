"""Broken clients: each starts, and each is caught where its fault shows; the reference client is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streamproof.adapters.spec import broken_client, built_in
from streamproof.linting.faults import FAILED, unfailed, worth_playing
from streamproof.running.job import Job, jobs_of
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof.subjects.broken.table import FAULTS
from streamproof_mock.server import serving
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue

CAUGHT = {
    "lone-cr-is-text": "framing/lone-cr@openai-chat",
    "comment-is-data": "framing/comments@openai-chat",
    "decodes-as-latin-1": "encoding/line-separators-in-text@openai-chat",
    "skips-errors": "errors/error-after-text",
    "invents-the-reason": "transport/clean-close-without-end@openai-chat",
    "index-ignored": "tools/calls-interleaved",
    "whole-text-again": "openai-responses/text",
}


def jobs(case_id: str) -> list[Job]:
    found = [job for job in jobs_of(Catalogue.load().scenarios, ("as-written",)) if job.case.id == case_id]
    assert found, f"no case {case_id}"
    return found


@pytest.mark.parametrize(("fault", "case_id"), CAUGHT.items(), ids=CAUGHT)
async def test_a_broken_client_is_caught_where_the_reference_passes(fault: str, case_id: str) -> None:
    verdicts = {}
    async with serving() as server:
        for spec in (built_in("reference"), broken_client(fault)):
            results: list[CaseResult] = []
            runner = Runner(server, spec, Subject(name=spec.name, arguments=()), Settings(jobs=1, confirms=False))
            await runner.run(jobs(case_id), results.append)
            verdicts[spec.name] = results[0].verdict
    assert verdicts["reference"] == "pass"
    assert verdicts[fault] in FAILED


async def test_a_case_is_left_over_only_if_no_fault_shows_in_it() -> None:
    async with serving() as server:
        assert await unfailed(server, jobs("framing/comments@openai-chat"), processes=1) == []


def test_each_fault_is_put_in_without_an_error() -> None:
    code = "from streamproof.subjects.broken.table import FAULTS\nfor fault in FAULTS.values(): fault.install()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_fault_says_what_the_client_does() -> None:
    assert len({fault.about for fault in FAULTS.values()}) == len(FAULTS)


def test_a_fault_that_hangs_is_played_where_it_can_show() -> None:
    every = list(jobs_of(Catalogue.load().scenarios, ("as-written",)))
    worth = worth_playing(FAULTS["no-idle-limit"], every)
    assert 0 < len(worth) < len(every) / 5


def test_an_unknown_fault_is_named_with_those_there_are() -> None:
    command = [sys.executable, "-m", "streamproof.subjects.broken", "nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "one of: read-is-a-line" in done.stderr

"""Plays scenarios to the reference client as `check client` does, and says what that cost the harness.

`play_scenarios.py JSON`: `{"folder": own scenarios or null, "patterns": [of ids], "delivery", "jobs", "report_dir"}`,
and `"profile"`, a file for cProfile's figures of CPU time.  Scenarios that wait on purpose are left out.
"""

from __future__ import annotations

import cProfile
import json
import resource
import sys
import time
from collections import Counter

import attrs
import trio

from streamproof.adapters.spec import built_in
from streamproof.commands import scenes
from streamproof.commands.options import run_options
from streamproof.commands.output import Output
from streamproof.running.job import Job, jobs_of
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_mock.server import serving
from streamproof_reports.document import CaseResult

CLIENT = "reference"
asked = json.loads(sys.argv[1])


def waits(job: Job) -> bool:
    """What `all` plays as written only, waits: pauses above 100 ms, stalls, `await`, and what `client` asks for."""
    return not job.case.scenario.deliveries and job.case.deliveries == ("as-written",)


def chosen_jobs() -> tuple[list[Job], int]:
    book = scenes.catalogue([asked["folder"]] if asked["folder"] else [])
    jobs = list(jobs_of(scenes.scenarios(book, asked["patterns"], ()), [asked["delivery"]]))
    kept = [job for job in jobs if not waits(job)]
    return kept, len(jobs) - len(kept)


async def main() -> None:
    jobs, left_out = chosen_jobs()
    options = run_options({"report_dir": asked["report_dir"], "quiet": True, "color": "never"})
    subject = Subject(name=CLIENT, arguments=("--client", CLIENT))
    profiler = cProfile.Profile(time.process_time) if asked.get("profile") else None
    async with serving() as server:
        runner = Runner(server, built_in(CLIENT), subject, Settings(jobs=asked["jobs"]))
        begun_s, own_s = time.monotonic(), time.process_time()
        if profiler is not None:
            profiler.enable()
        with Output(options, "client", (CLIENT,), len(jobs)) as output:
            await runner.run(jobs, output.case)
            output.totals = attrs.asdict(runner.totals)
        if profiler is not None:
            profiler.disable()
            profiler.dump_stats(asked["profile"])
        wall_s, own_s = time.monotonic() - begun_s, time.process_time() - own_s
    clients = resource.getrusage(resource.RUSAGE_CHILDREN)
    bad = [told(case) for case in output.cases if is_bad(case)]
    print(
        json.dumps(
            {
                "cases": len(output.cases),
                "left_out": left_out,
                "plays": runner.totals.plays,
                "asked": runner.totals.boundaries_asked,
                "kept": runner.totals.boundaries_kept,
                "verdicts": Counter(case.verdict for case in output.cases),
                "bad": bad[:5],
                "wall_s": wall_s,
                "own_cpu_s": own_s,
                "client_cpu_s": clients.ru_utime + clients.ru_stime,
            }
        )
    )


def told(case: CaseResult) -> str:
    found = "".join(f"; {finding.check}: {finding.message}" for finding in case.findings)
    return f"{case.case} {case.delivery}: {case.reason or case.verdict}{found}"


def is_bad(case: CaseResult) -> bool:
    return case.verdict not in {"pass", "skip"}


trio.run(main)

"""`streamproof demo`: offline, without a key: a good client, a naive one, an endpoint; verdicts and a report."""

from __future__ import annotations

from typing import Any, Final

import attrs
import click
import trio

from streamproof.adapters.spec import built_in
from streamproof.commands import scenes
from streamproof.commands.check_client import hello_of, label, settings_of
from streamproof.commands.options import RunOptions, judging, run_options
from streamproof.commands.output import Output
from streamproof.errors import FAILED, OK
from streamproof.running.result import Subject
from streamproof.running.runner import Runner
from streamproof_mock.server import serving

CLIENTS: Final = ("reference", "naive")

SCENARIOS: Final = (
    "plain/*",
    "framing/*",
    "encoding/*",
    "format/*",
    "tools/*",
    "errors/*",
)


@click.command()
@judging
def demo(**given: Any) -> None:
    """Play scenarios to a good and a naive client, probe an endpoint, and write a report.  Offline, no key.

    Exit code 0 when the reference client passes all, whatever the naive one does.
    """
    options = run_options(given)
    trio.run(_demo, attrs.evolve(options, report=tuple(dict.fromkeys(("html", *options.report)))))


async def _demo(options: RunOptions) -> None:
    book = scenes.catalogue(())
    jobs = scenes.jobs(book, scenes.Selection(patterns=SCENARIOS))
    specs = [built_in(name) for name in CLIENTS]
    labels = [label(spec, await hello_of(spec)) for spec in specs]
    with Output(options, "demo", labels, len(jobs) * len(specs)) as output:
        async with serving() as server:
            for spec in specs:
                subject = Subject(name=spec.name, arguments=("--client", spec.name))
                await Runner(server, spec, subject, settings_of(options, book)).run(jobs, output.case)
    good = [case for case in output.cases if case.client == "reference"]
    raise SystemExit(OK if all(case.verdict in {"pass", "skip"} for case in good) else FAILED)

"""`streamproof demo`: offline, without a key: a good client, a naive one, an endpoint; verdicts and a report."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import attrs
import click
import trio

from streamproof.adapters.spec import built_in
from streamproof.commands import scenes
from streamproof.commands.check_client import hello_of, label, settings_of
from streamproof.commands.demo_screen import DemoScreen
from streamproof.commands.options import RunOptions, judging, run_options
from streamproof.commands.output import Output, describe_rule
from streamproof.errors import FAILED, OK
from streamproof.probing.call import Endpoint
from streamproof.probing.prober import Prober
from streamproof.probing.probes import Asking, plan_of
from streamproof.running.job import Job
from streamproof.running.result import Subject
from streamproof.running.runner import Runner
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.server import MockServer, serving
from streamproof_reports.console import make_console
from streamproof_reports.document import CaseResult, Reporter
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import case_hash

DIALECT: Final = "openai-chat"
CLIENTS: Final = {"reference": "a client that does it right", "naive": "a client as written on a first day"}
ENDPOINT: Final = "our own mock server, probed"

FIRST: Final = ("errors/error-after-text", "encoding/character-cut-between-reads", "transport/clean-close-without-end")
"""What is explained in full if it fails: an error that nobody hears of, a torn character, half an answer."""

TABLE: Final[tuple[tuple[str, str], ...]] = (
    *((name, "as-written") for name in (
        "plain/text-in-one-delta", "plain/text-in-several-deltas", "plain/unicode", "plain/repeated-deltas",
        "plain/text-that-looks-like-protocol", "plain/two-choices", "plain/finish-length", "plain/usage",
        "plain/reasoning", "plain/parallel-tool-calls", "plain/text-then-tool-call", "plain/unknown-fields",
        "framing/blocks-without-data", "framing/comments", "framing/event-in-several-reads", "framing/lone-cr",
        "framing/mixed-line-ends", "framing/no-space-after-colon", "framing/value-over-two-lines",
        "encoding/escaped-surrogates", "encoding/line-separators-in-text", "format/content-null",
        "format/done-without-finish-reason", "format/finish-reason-beside-text", "tools/calls-interleaved",
        "tools/call-cut-by-length", "errors/empty-200", "errors/error-after-text", "errors/http-400",
        "openai-chat/azure-prompt-filter-first", "openai-chat/openrouter-error",
        "transport/clean-close-without-end", "transport/length-larger-than-body",
    )),
    ("plain/text-in-several-deltas", "bytewise"),
    ("framing/crlf-in-two-reads", "inside-crlf"),
    ("encoding/character-cut-between-reads", "inside-utf8"),
)  # fmt: skip
"""Scenario and delivery: few, none that waits, one of each kind."""


@click.command()
@judging
def demo(**given: Any) -> None:
    """Play scenarios to a good and a naive client, probe an endpoint, and write a report.  Offline, no key.

    Exit code 0 when the reference client passes all and the endpoint breaks nothing, whatever the naive client does.
    -v tells all failures in full.
    """
    options = run_options(given)
    trio.run(_demo, attrs.evolve(options, report=tuple(dict.fromkeys(("html", *options.report)))))


def demo_jobs(book: Catalogue) -> list[Job]:
    """The jobs of the table, in its order."""
    chosen = []
    for name, delivery in TABLE:
        case = book.case(name) or book.case(f"{name}@{DIALECT}")
        assert case is not None, name
        chosen.append(Job(case=case, delivery=delivery, hash=case_hash(case.id, delivery)))
    return chosen


async def _demo(options: RunOptions) -> None:
    book = scenes.catalogue(())
    jobs = demo_jobs(book)
    specs = [built_in(name) for name in CLIENTS]
    labels = [label(spec, await hello_of(spec)) for spec in specs]
    planned = len(jobs) * len(specs) + len(plan_of(DIALECT))
    with Output(options, "demo", labels, planned, console=_screen if options.verbosity < 1 else None) as output:
        async with serving() as server:
            for spec in specs:
                subject = Subject(name=spec.name, arguments=("--client", spec.name))
                await Runner(server, spec, subject, settings_of(options, book)).run(jobs, output.case)
            await _probe(server, output)
    raise SystemExit(OK if _is_good(output.cases) else FAILED)


def _screen(options: RunOptions, report: str) -> Reporter:
    console = make_console(sys.stdout, options.color, os.environ)  # type: ignore[arg-type]  # click has checked the word
    first = [case for name in FIRST for case in (name, f"{name}@{DIALECT}")]
    return DemoScreen(console, [*CLIENTS.items(), (None, ENDPOINT)], first, describe_rule=describe_rule, report=report)


async def _probe(server: MockServer, output: Output) -> None:
    endpoint = Endpoint(url=server.url + DIALECTS[DIALECT].path)
    prober = Prober(endpoint=endpoint, dialect=DIALECT, asking=Asking(model="demo"), probes=plan_of(DIALECT))
    await prober.run(output.case)


def _is_good(cases: Sequence[CaseResult]) -> bool:
    """Whether all but the naive client did as they should."""
    return all(case.verdict in {"pass", "skip"} for case in cases if case.client != "naive")

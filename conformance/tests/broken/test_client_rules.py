"""Every rule that binds a client: a scenario cites it, and a client that does not keep the rule fails there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest
import trio

from streamproof.adapters.spec import ClientSpec, broken_client, built_in
from streamproof.linting.faults import FAILED
from streamproof.running.job import Job
from streamproof.running.result import Subject
from streamproof.running.runner import Runner, Settings
from streamproof_formats.rules import RULES
from streamproof_mock.server import MockServer, serving
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import case_hash

SHOWN: Final[Mapping[str, tuple[str, str]]] = {
    "SSE-48b": ("transport/close-delimited-cut@openai-chat", "invents-the-reason"),
    "ND-06": ("ollama-chat/cut-inside-a-line", "invents-the-reason"),
    "GM-10": ("gemini/thoughts", "reasoning-is-text"),
    "GM-15b": ("gemini/two-candidates", "candidate-needs-an-index"),
    "GM-16": ("gemini/end-without-reason[end=clean]", "invents-the-reason"),
    "OM-06": ("ollama-chat/text", "trims-deltas"),
    "OM-17": ("ollama-chat/end-without-done[end=clean]", "invents-the-reason"),
    "OM-19": ("ollama-chat/tool-calls-on-last-line", "delta-beside-reason-lost"),
    "OC-12": ("plain/text-in-several-deltas@openai-chat", "trims-deltas"),
    "OC-32b": ("plain/unknown-fields", "knows-all-keys"),
    "OL-07b": ("openai-completions/text-in-pieces", "trims-deltas"),
    "OR-34": ("openai-responses/unknown-event", "unknown-response-events"),
    "AM-11b": ("anthropic-messages/input-of-an-empty-piece", "empty-arguments-are-fatal"),
    "AM-21b": ("anthropic-messages/unknown-events", "ping-is-fatal"),
    "WA-05": ("plain/text-in-several-deltas@workers-ai", "trims-deltas"),
    "MI-12": ("mistral/thinking", "reasoning-is-text"),
    "MI-13": ("mistral/finish-error", "reason-is-stop"),
}
"""By rule, the case that shows it, and the fault of a client that does not keep it."""

WANTED: Final = [rule.id for rule in RULES.values() if rule.binds == "client"]


@pytest.fixture(scope="module")
def book() -> Catalogue:
    return Catalogue.load()


async def verdicts(server: MockServer, spec: ClientSpec, book: Catalogue, *names: str) -> dict[str, str]:
    """By case, what a client came to."""
    results: list[CaseResult] = []
    jobs = [
        Job(case=case, delivery="as-written", hash=case_hash(case.id, "as-written"))
        for case in map(book.case, names)
        if case is not None
    ]
    runner = Runner(server, spec, Subject(name=spec.name, arguments=()), Settings(jobs=1, confirms=False))
    await runner.run(jobs, results.append)
    return {result.case: result.verdict for result in results}


@pytest.fixture(scope="module")
def played(book: Catalogue) -> dict[str, str]:
    """By rule, what a client without it came to; a few at a time."""
    found: dict[str, str] = {}
    limiter = trio.CapacityLimiter(3)

    async def one(server: MockServer, rule: str) -> None:
        name, fault = SHOWN[rule]
        async with limiter:
            found[rule] = (await verdicts(server, broken_client(fault), book, name))[name]

    async def every() -> None:
        async with serving() as server, trio.open_nursery() as nursery:
            for rule in SHOWN:
                nursery.start_soon(one, server, rule)

    trio.run(every)
    return found


def test_each_rule_for_clients_has_its_case_which_cites_it(book: Catalogue) -> None:
    assert sorted(SHOWN) == sorted(WANTED)
    for rule, (name, _) in SHOWN.items():
        case = book.case(name)
        assert case is not None, name
        assert rule in case.scenario.refs, rule


@pytest.mark.parametrize("rule", WANTED)
def test_a_client_that_does_not_keep_the_rule_fails_where_the_case_shows_it(rule: str, played: dict[str, str]) -> None:
    assert played[rule] in FAILED


async def test_the_client_that_keeps_them_all_passes(book: Catalogue) -> None:
    names = {name for name, _ in SHOWN.values()}
    async with serving() as server:
        assert await verdicts(server, built_in("reference"), book, *names) == dict.fromkeys(names, "pass")

"""Every rule that binds a client: a scenario cites it, and a client that does not know the rule fails there."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import trio

from streamproof.adapters.spec import ClientSpec, own_python
from streamproof_formats.rules import RULES
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue

FORGETFUL: Final = Path(__file__).with_name("forgetful.py")

SHOWN: Final[Mapping[str, tuple[str, str]]] = {
    "SSE-48b": ("transport/close-delimited-cut@openai-chat", "silent-truncation"),
    "ND-06": ("ollama-chat/cut-inside-a-line", "silent-truncation"),
    "GM-10": ("gemini/thoughts", "silent-truncation"),
    "GM-15b": ("gemini/two-candidates", "spurious-error"),
    "GM-16": ("gemini/end-without-reason[end=clean]", "silent-truncation"),
    "OM-06": ("ollama-chat/text", "silent-truncation"),
    "OM-17": ("ollama-chat/end-without-done[end=clean]", "silent-truncation"),
    "OM-19": ("ollama-chat/tool-calls-on-last-line", "silent-truncation"),
    "OC-12": ("plain/text-in-several-deltas@openai-chat", "silent-truncation"),
    "OC-32b": ("plain/unknown-fields", "spurious-error"),
    "OL-07b": ("openai-completions/text-in-pieces", "silent-truncation"),
    "OR-34": ("openai-responses/unknown-event", "spurious-error"),
    "AM-11b": ("anthropic-messages/input-without-a-piece", "spurious-error"),
    "AM-21b": ("anthropic-messages/unknown-events", "spurious-error"),
    "WA-05": ("plain/text-in-several-deltas@workers-ai", "silent-truncation"),
    "MI-12": ("mistral/thinking", "silent-truncation"),
    "MI-13": ("mistral/finish-error", "invented-finish"),
}
"""By rule, the case that shows it, and the check that fails a client without it there."""

WANTED: Final = [rule.id for rule in RULES.values() if rule.binds == "client"]


@pytest.fixture(scope="module")
def played(book: Catalogue, play: Callable[..., Awaitable[Any]], job: Any) -> dict[str, CaseResult]:
    """By rule, what a client without it came to; a few at a time."""
    found: dict[str, CaseResult] = {}
    limiter = trio.CapacityLimiter(3)

    async def one(rule: str) -> None:
        spec = ClientSpec(name=rule, command=(sys.executable, str(FORGETFUL), rule), env=own_python())
        async with limiter:
            found[rule] = (await play(spec, [job(book.case(SHOWN[rule][0]))])).only

    async def every() -> None:
        async with trio.open_nursery() as nursery:
            for rule in SHOWN:
                nursery.start_soon(one, rule)

    trio.run(every)
    return found


def test_each_rule_for_clients_has_its_case_which_cites_it(book: Catalogue) -> None:
    assert list(SHOWN) == WANTED
    for rule, (name, _) in SHOWN.items():
        case = book.case(name)
        assert case is not None, name
        assert rule in case.scenario.refs, rule


@pytest.mark.parametrize("rule", WANTED)
def test_a_client_that_does_not_know_the_rule_fails_where_the_case_shows_it(
    rule: str, played: dict[str, CaseResult]
) -> None:
    result = played[rule]
    assert (result.verdict != "pass", result.findings and result.findings[0].check) == (True, SHOWN[rule][1])


async def test_the_client_that_knows_them_all_passes(
    book: Catalogue, play: Callable[..., Awaitable[Any]], job: Any, faulty: Callable[[str], Any]
) -> None:
    run = await play(faulty("no-fault"), [job(book.case(name)) for name, _ in SHOWN.values()], jobs=2)
    assert {result.case: result.verdict for result in run.results if result.verdict != "pass"} == {}

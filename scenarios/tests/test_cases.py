"""Cases: ids, variants, what breaks, what is required, which deliveries."""

from __future__ import annotations

from typing import Any

import pytest

from streamproof_scenarios.cases import cases
from streamproof_scenarios.delivery import ALL
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case


def made(text: str) -> tuple[Case, ...]:
    return cases(loads(text, path="f.yaml", id="group/name"))


def one(answer: str, more: str = "") -> Case:
    (case,) = made(f"dialect: openai-chat\nstream: {{{answer}}}\n{more}\n")
    return case


IDS = {
    "dialect: openai-chat\nstream: {steps: []}": ["group/name"],
    "dialect: [openai-chat]\nstream: {steps: []}": ["group/name"],
    "dialect: [openai-chat, workers-ai]\nstream: {steps: []}": ["group/name@openai-chat", "group/name@workers-ai"],
    "dialect: openai-chat\nvary: {end: [fin, reset]}\nstream: {steps: []}": [
        "group/name[end=fin]",
        "group/name[end=reset]",
    ],
    "dialect: [openai-chat, gemini]\nvary: {framing: [close, chunked], end: [fin, reset]}\nstream: {steps: []}": [
        f"group/name@{dialect}[end={end},framing={framing}]"
        for dialect in ("openai-chat", "gemini")
        for framing in ("close", "chunked")
        for end in ("fin", "reset")
    ],
    (
        "dialect: gemini\nvary: {end: [{rst-stream: CANCEL}, goaway], delay: [0s, 1.5s], status: [+200, 500]}\n"
        "stream: {http: h2, steps: []}"
    ): [
        f"group/name[delay={delay},end={end},status={status}]"
        for end in ("rst-stream:CANCEL", "goaway")
        for delay in ("0s", "1.5s")
        for status in (200, 500)
    ],
    "dialect: gemini\nvary: {headers: [{a: b, c: d}, {}], before: [[x], []]}\nstream: {steps: []}": [
        f"group/name[before={before},headers={headers}]" for headers in (1, 2) for before in (1, 2)
    ],
}


@pytest.mark.parametrize(("text", "ids"), IDS.items(), ids=[str(ids) for ids in IDS.values()])
def test_a_case_is_named_by_dialect_and_variant(text: str, ids: list[str]) -> None:
    assert [case.id for case in made(text)] == ids


def test_a_variant_changes_the_answers_that_do_not_state_the_key() -> None:
    first, second = made(
        "dialect: openai-chat\nvary: {end: [fin, reset]}\n"
        "stream: [{steps: []}, {steps: [], end: clean}, {steps: [], status: 500}]"
    )
    assert [answer.end.kind for answer in first.answers] == ["fin", "clean", "fin"]
    assert [answer.end.kind for answer in second.answers] == ["reset", "clean", "reset"]
    assert first.variant == {"end": "fin"}
    assert first.answers[2].status == 500


BREAKS = {
    "breaks: [OC-04, SSE-48]": [("OC-04", "SSE-48")] * 4,
    "": [()] * 4,
    "breaks: {openai-chat: [OC-04], workers-ai: [WA-03]}": [("OC-04",), ("OC-04",), ("WA-03",), ("WA-03",)],
    "breaks: {openai-chat: [OC-04], 'openai-chat[end=fin]': [SSE-48]}": [("SSE-48",), ("OC-04",), (), ()],
    "breaks: {'workers-ai[end=reset]': []}": [()] * 4,
}


@pytest.mark.parametrize(("line", "breaks"), BREAKS.items(), ids=BREAKS.keys())
def test_what_breaks_may_differ_by_dialect_and_variant(line: str, breaks: list[tuple[str, ...]]) -> None:
    text = f"dialect: [openai-chat, workers-ai]\nvary: {{end: [fin, reset]}}\nstream: {{steps: []}}\n{line}\n"
    assert [case.breaks for case in made(text)] == breaks


def test_the_entry_that_names_most_of_the_variant_counts() -> None:
    text = (
        "dialect: openai-chat\nvary: {end: [fin, reset], framing: [chunked, close]}\nstream: {steps: []}\n"
        "breaks: {openai-chat: [OC-01], 'openai-chat[end=fin]': [OC-02], "
        "'openai-chat[framing=close, end=fin]': [OC-03]}\n"
    )
    assert {case.id.partition("[")[2]: case.breaks for case in made(text)} == {
        "end=fin,framing=chunked]": ("OC-02",),
        "end=fin,framing=close]": ("OC-03",),
        "end=reset,framing=chunked]": ("OC-01",),
        "end=reset,framing=close]": ("OC-01",),
    }


def test_the_request_is_the_files_over_the_dialects_own() -> None:
    case = one("steps: []", "request: {n: 2, messages: null}")
    assert case.request["stream"] is True
    assert case.request["n"] == 2
    assert case.request["messages"] is None


REQUIRES = {
    "steps: [role: assistant, text: a, finish: stop, done]": (),
    "steps: [tool: {index: 0}]": ("tools",),
    "steps: [block: [tool: {index: 0}]]": ("tools",),
    "steps: [repeat: {times: 2, steps: [{text: a, choice: 1}]}]": ("n",),
    "steps: [{chunk: {}, choice: 2}]": ("n",),
    "steps: [usage: {input: 1}]": ("usage",),
    "steps: [reasoning: a, refusal: b, function: {name: c}]": ("function_call", "reasoning", "refusal"),
    "steps: [], end: stall": ("idle_timeout",),
    "steps: [], end: tls-stall": ("idle_timeout", "tls"),
    "steps: [], end: no-close-notify": ("tls",),
    "steps: [], http: h2": ("http2",),
}


@pytest.mark.parametrize(("answer", "requires"), REQUIRES.items(), ids=REQUIRES.keys())
def test_what_a_stream_requires_is_derived(answer: str, requires: tuple[str, ...]) -> None:
    assert one(answer).requires == requires


MORE_REQUIRES = {
    "client: {idle_timeout_s: 1}": ("idle_timeout",),
    "client: {max_retries: 0}": ("max_retries",),
    "client: {stop: {after: 1}, reuse: true, parallel: 2, runs: 3}": ("parallel", "reuse", "stop"),
    "client: {reuse: false, parallel: 1}": (),
    "requires: [tool_ids, http2]": ("http2", "tool_ids"),
    "expect: {outcome: complete, text: a}": (),
    "expect: {finish_reason: null}": ("finish_reason",),
    "expect: {error: {status: 429}}": ("error_status",),
    "expect: {error: {says: x}}": (),
    "expect: {usage: null}": ("usage",),
    "expect: {tool_calls: unfinished}": ("tools",),
    "expect: {tool_calls: [{name: f}]}": ("tools",),
    "expect: {tool_calls: [{id: a}]}": ("tool_ids", "tools"),
    "expect: [{outcome: error}, {choices: [{text: a}, {finish_reason: stop}]}]": ("finish_reason", "n"),
}


@pytest.mark.parametrize(("line", "requires"), MORE_REQUIRES.items(), ids=MORE_REQUIRES.keys())
def test_what_a_file_asks_of_the_client_is_derived(line: str, requires: tuple[str, ...]) -> None:
    assert one("steps: [text: a]", line).requires == requires


DELIVERIES: dict[tuple[str, str], Any] = {
    ("steps: [text: a, cut, text: b, pause: 100ms]", ""): ALL,
    ("steps: [pause: 101ms]", ""): ("as-written",),
    ("steps: [repeat: {times: 2, steps: [pause: 1s]}]", ""): ("as-written",),
    ("steps: [await: delivered]", ""): ("as-written",),
    ("steps: [], end: stall", ""): ("as-written",),
    ("steps: [], delay: 3s", ""): ("as-written",),
    ("steps: []", "client: {max_retries: 0}"): ("as-written",),
    ("steps: [], end: stall", "deliveries: [whole, 'size:1024']"): ("whole", "size:1024"),
    ("steps: []", "deliveries: [every-split, all, whole]"): ("every-split", *ALL),
}


@pytest.mark.parametrize(("case", "deliveries"), DELIVERIES.items(), ids=[" ".join(case) for case in DELIVERIES])
def test_a_case_about_time_is_played_as_written_only(case: tuple[str, str], deliveries: tuple[str, ...]) -> None:
    assert one(*case).deliveries == deliveries

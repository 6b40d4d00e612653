"""The words of gemini: steps in, the exact events out."""

from __future__ import annotations

import json

import pytest

from streamproof_formats.judge import judge
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.plan import AnswerPlan
from streamproof_scenarios.problem import ScenarioError


def answer(steps: str, more: str = "") -> AnswerPlan:
    text = f"dialect: gemini\nstream: {{steps: [{steps}]{more}}}\n"
    (case,) = cases(loads(text, path="f.yaml", id="a"))
    return compile_case(case).answer(0)


def event(fields: str) -> str:
    return f'data: {{{fields},"modelVersion":"m","responseId":"r-1"}}\n\n'


def part(part: str, index: int = 0, finish: str = "") -> str:
    return event(f'"candidates":[{{"content":{{"parts":[{part}],"role":"model"}},{finish}"index":{index}}}]')


def usage(given: int, made: int) -> str:
    return event(
        f'"usageMetadata":{{"promptTokenCount":{given},"candidatesTokenCount":{made},"totalTokenCount":{given + made}}}'
    )


STEPS = {
    "role: assistant": "",
    "text: 你": part('{"text":"你"}'),
    "{text: a, choice: 1}": part('{"text":"a"}', 1),
    "reasoning: hm": part('{"text":"hm","thought":true}'),
    "tool: {index: 0, id: a, name: f, arguments: '{\"x\":1}'}": part(
        '{"functionCall":{"id":"a","name":"f","args":{"x":1}}}'
    ),
    "tool: {index: 0, name: f}, tool: {index: 0, arguments: '{'}, tool: {index: 0, arguments: '}'}": part(
        '{"functionCall":{"name":"f","args":{}}}'
    ),
    "tool: {index: 0, name: f}, finish: tool_calls": (
        part('{"functionCall":{"name":"f","args":{}}}') + part('{"text":""}', finish='"finishReason":"STOP",')
    ),
    "finish: stop": part('{"text":""}', finish='"finishReason":"STOP",'),
    "finish: length": part('{"text":""}', finish='"finishReason":"MAX_TOKENS",'),
    "finish: RECITATION": part('{"text":""}', finish='"finishReason":"RECITATION",'),
    "usage: {input: 3, output: 2}": usage(3, 2),
    "usage: {input: 3, output: 2}, done": usage(3, 2),
    "usage: {input: 3, output: 2}, finish: stop, done": (
        usage(3, 2) + part('{"text":""}', finish='"finishReason":"STOP",') + usage(3, 2)
    ),
    "done": usage(4, 2),
    "error: {message: busy}": 'data: {"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}\n\n',
    "chunk: {candidates: null}": event('"candidates":null'),
    "event: {a: 1}": 'data: {"a":1}\n\n',
}


@pytest.mark.parametrize(("steps", "written"), STEPS.items(), ids=STEPS.keys())
def test_it_writes_its_words(steps: str, written: str) -> None:
    assert answer(steps).body().decode() == written


def test_an_error_under_a_bad_status_is_the_whole_body() -> None:
    body = json.loads(answer("error: {message: slow down}", ", status: 429").body())
    assert body == {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}


@pytest.mark.parametrize("word", ["refusal: No.", "function: {name: f}"])
def test_a_word_that_it_lacks_is_told(word: str) -> None:
    with pytest.raises(ScenarioError, match=r"gemini has no word '(refusal|function)'; take the dialect out"):
        answer(word)


@pytest.mark.parametrize(
    "steps",
    [
        "role: assistant, text: Hel, text: lo, finish: stop, usage: {input: 3, output: 2}, done",
        "reasoning: hm, tool: {id: a, name: f}, tool: {id: b, name: g}, finish: stop, done",
        "text: a, {text: b, choice: 1}, finish: stop, {finish: stop, choice: 1}, done",
        "repeat: {times: 3, steps: [text: a]}, finish: length, done",
        "text: Hel, error: {message: overloaded}",
    ],
)
def test_what_is_usual_breaks_no_rule(steps: str) -> None:
    plan = answer(steps)
    assert judge(plan.body(), "gemini").findings == ()
    assert ("content-type", "text/event-stream; charset=utf-8") in plan.headers

"""The words of ollama-chat: steps in, the exact lines out."""

from __future__ import annotations

import json

import pytest

from streamproof_formats.judge import judge
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.plan import AnswerPlan, Write
from streamproof_scenarios.problem import ScenarioError


def answer(steps: str, more: str = "", delivery: str = "as-written") -> AnswerPlan:
    text = f"dialect: ollama-chat\nstream: {{steps: [{steps}]{more}}}\n"
    (case,) = cases(loads(text, path="f.yaml", id="a"))
    return compile_case(case, delivery).answer(0)


def line(number: int, message: str, rest: str = '"done":false') -> str:
    created = f"2026-11-20T09:00:00.{number:06}Z"
    return f'{{"model":"m","created_at":"{created}","message":{{"role":"assistant",{message}}},{rest}}}\n'


DURATIONS = (
    '"total_duration":900000000,"load_duration":1000000,"prompt_eval_duration":200000000,"eval_duration":600000000'
)
STEPS = {
    "role: assistant": "",
    "text: 你": line(1, '"content":"你"'),
    "{text: 你, ascii: true}": line(1, '"content":"\\u4f60"'),
    "reasoning: hm": line(1, '"content":"","thinking":"hm"'),
    "tool: {index: 0, id: a, name: f, arguments: '{\"x\":1}'}": line(
        1, '"content":"","tool_calls":[{"id":"a","function":{"index":0,"name":"f","arguments":{"x":1}}}]'
    ),
    "tool: {index: 0, name: f}": "",
    "tool: {index: 0, name: f}, tool: {arguments: '{'}, tool: {arguments: '}'}, text: a": (
        line(1, '"content":"","tool_calls":[{"function":{"index":0,"name":"f","arguments":{}}}]')
        + line(2, '"content":"a"')
    ),
    "tool: {index: 0, name: f}, tool: {index: 1, name: g}, finish: stop": (
        line(1, '"content":"","tool_calls":[{"function":{"index":0,"name":"f","arguments":{}}}]')
        + line(2, '"content":"","tool_calls":[{"function":{"index":1,"name":"g","arguments":{}}}]')
    ),
    "finish: stop": "",
    "done": line(1, '"content":""', f'"done":true,{DURATIONS}'),
    "finish: length, usage: {input: 3, output: 2}, done": line(
        1, '"content":""', f'"done":true,"done_reason":"length","prompt_eval_count":3,"eval_count":2,{DURATIONS}'
    ),
    "error: {message: out of memory}": '{"error":"out of memory"}\n',
    "error: {}": '{"error":"an error was encountered while running the model"}\n',
    "chunk: {message: null}": line(1, "").replace('{"role":"assistant",}', "null"),
    "event: {a: 1}": '{"a":1}\n',
    "data: x": "x\n",
    "{text: a, unclosed: 1}": line(1, '"content":"a"')[:-1],
    "raw: x": "x",
}


@pytest.mark.parametrize(("steps", "written"), STEPS.items(), ids=STEPS.keys())
def test_it_writes_its_words(steps: str, written: str) -> None:
    assert answer(steps).body().decode() == written


def test_lines_end_as_the_file_says() -> None:
    assert answer("text: a", ", eol: crlf").body().decode() == line(1, '"content":"a"')[:-1] + "\r\n"


def test_a_write_for_each_event_is_one_for_each_line() -> None:
    operations = list(answer("text: a, text: b, done", delivery="per-event").operations())
    assert [write.data.count(b"\n") for write in operations if isinstance(write, Write)] == [1, 1, 1]


def test_it_comes_as_json_lines() -> None:
    assert ("content-type", "application/x-ndjson") in answer("text: a").headers
    assert ("content-type", "application/json") in answer("error: {message: no}", ", status: 404").headers
    assert json.loads(answer("error: {message: no}", ", status: 404").body()) == {"error": "no"}


REFUSED = {
    "refusal: No.": "ollama-chat has no word 'refusal'; take the dialect out, or write a chunk",
    "function: {name: f}": "ollama-chat has no word 'function'; take the dialect out, or write a chunk",
    "{text: a, choice: 1}": "ollama-chat has no choices; leave choice away",
    "usage: {input: 1, total: 2}": "ollama-chat counts no total; leave total away",
    "tool: {arguments: '{}'}": "a tool call comes whole in this dialect, with its name; give it one, or write a chunk",
    "tool: {name: f, arguments: '{'}, done": (
        "a tool call comes whole in this dialect, and '{' is no JSON object; "
        "give all its arguments before the next call or the end, or write a chunk"
    ),
    "comment: x": "JSON lines have no comments; leave the step away, or write it raw",
    "block: [x]": "JSON lines have no blocks; write data, or raw lines",
    "{text: a, name: x}": "JSON lines have no names of events; leave name away",
    "{text: a, break: 3}": "JSON lines have no second data line; leave break away, or write raw lines",
    "{text: a, unclosed: 2}": "a JSON line has one line end to leave off, found unclosed: 2; write 1",
}


@pytest.mark.parametrize(("steps", "message"), REFUSED.items(), ids=REFUSED.keys())
def test_what_means_nothing_is_told_with_its_place(steps: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=r"^f\.yaml:2:") as caught:
        answer(steps)
    assert str(caught.value).endswith(f": {message}")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("space: false", "f.yaml:2:9: JSON lines have no colon before the data; leave space away"),
        ("before: [x]", "f.yaml:2:9: JSON lines have no lines beside the data; leave before away, or write raw lines"),
    ],
)
def test_keys_that_mean_nothing_are_told(key: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        answer("text: a", f", {key}")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "steps",
    [
        "role: assistant, text: Hel, text: lo, finish: stop, usage: {input: 3, output: 2}, done",
        "reasoning: hm, tool: {id: a, name: f}, tool: {id: b, name: g}, finish: stop, done",
        "repeat: {times: 3, steps: [text: a]}, finish: length, done",
        "text: Hel, error: {message: overloaded}",
    ],
)
def test_what_is_usual_breaks_no_rule(steps: str) -> None:
    assert judge(answer(steps).body(), "ollama-chat").findings == ()

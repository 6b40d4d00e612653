"""The words of openai-responses: which events each becomes, what they show, and that no rule finds fault with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof_formats.judge import judge
from streamproof_formats.message import Usage
from streamproof_scenarios.compiler import cases, compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.problem import ScenarioError


def said(steps: str, more: str = "") -> list[tuple[str | None, dict[str, Any]]]:
    """Event field and data of each event of a stream."""
    return [(event.type, json.loads(event.data)) for event in judge(body(steps, more), "sse").events]


def body(steps: str, more: str = "") -> bytes:
    (case,) = cases(loads(f"dialect: openai-responses\n{more}stream: {{steps: [{steps}]}}\n", path="f.yaml", id="a"))
    return compile_case(case).answer(0).body()


def kinds(steps: str) -> list[str]:
    return [data["type"].removeprefix("response.") for _, data in said(steps)]


OPEN = ["output_item.added", "content_part.added"]
CLOSE = ["output_text.done", "content_part.done", "output_item.done"]
START = ["created", "in_progress"]
SUMMARY = ["reasoning_summary_part.added", "reasoning_summary_text.delta"]
SUMMED = ["reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"]
CALL = ["output_item.added", "function_call_arguments.delta"]
CALLED = ["function_call_arguments.done", "output_item.done"]

WORDS = {
    "role: assistant": START,
    "role: assistant, role: assistant": START,
    "text: a": [*START, *OPEN, "output_text.delta"],
    "text: a, text: b": [*START, *OPEN, "output_text.delta", "output_text.delta"],
    "text: a, finish: stop": [*START, *OPEN, "output_text.delta", *CLOSE],
    "text: a, usage: {input: 1, output: 2}": [*START, *OPEN, "output_text.delta"],
    "text: a, done": [*START, *OPEN, "output_text.delta", *CLOSE, "completed"],
    "text: a, finish: length, done": [*START, *OPEN, "output_text.delta", *CLOSE, "incomplete"],
    "text: a, finish: stop, text: b": [*START, *OPEN, "output_text.delta", *CLOSE, *OPEN, "output_text.delta"],
    "reasoning: a, text: b": [*START, OPEN[0], *SUMMARY, *SUMMED, *OPEN, "output_text.delta"],
    "refusal: a, done": [
        *START, *OPEN, "refusal.delta", "refusal.done", "content_part.done", "output_item.done", "completed"
    ],
    "text: a, refusal: b": [
        *START, *OPEN, "output_text.delta", *CLOSE[:2], "content_part.added", "refusal.delta"
    ],
    "tool: {index: 0, id: a, name: f}": [*START, "output_item.added"],
    "tool: {index: 0, id: a, name: f, arguments: '{}'}, done": [*START, *CALL, *CALLED, "completed"],
    "tool: {id: a, name: f}, tool: {arguments: '{}'}, done": [*START, *CALL, *CALLED, "completed"],
    "tool: {index: 0, id: a, name: f, arguments: '1'}, tool: {index: 1, id: b, name: g, arguments: '2'}": [
        *START, *CALL, *CALLED, *CALL
    ],
    "tool: {index: 0, id: a, type: custom, name: f, arguments: x}, done": [
        *START, "output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done", "output_item.done",
        "completed",
    ],
    "text: a, error: {message: m}, done": [*START, *OPEN, "output_text.delta", "error", "failed"],
    "done": [*START, "completed"],
    "text: a, chunk: {delta: b}": [*START, *OPEN, "output_text.delta", "output_text.delta"],
    "chunk: {type: response.x}": ["x"],
}  # fmt: skip


@pytest.mark.parametrize("steps", WORDS)
def test_a_word_becomes_the_events_that_are_due(steps: str) -> None:
    assert kinds(steps) == WORDS[steps]


@pytest.mark.parametrize("steps", WORDS)
def test_events_are_named_and_numbered(steps: str) -> None:
    for number, (name, data) in enumerate(said(steps)):
        assert name == data["type"]
        assert data["sequence_number"] == number


@pytest.mark.parametrize("steps", [steps for steps in WORDS if steps.endswith("done")])
@pytest.mark.parametrize("profile", ["strict", "open-responses"])
def test_a_stream_that_is_done_breaks_no_rule(steps: str, profile: str) -> None:
    stream = body(f"{steps}, data: '[DONE]'")
    broken = {finding.rule for finding in judge(stream, "openai-responses", profile=profile).findings}
    # Open Responses has no custom tools, and asks every item for a status.
    assert broken <= ({"OR-43b"} if "custom" in steps else set())


def test_usage_is_told_in_the_terminal_event_wherever_it_was_said() -> None:
    for steps in (
        "usage: {input: 3, output: 2}, text: a, done",
        "text: a, finish: stop, usage: {input: 3, output: 2}, done",
    ):
        events = [data for _, data in said(steps)]
        assert all(data["response"]["usage"] is None for data in events if data["type"] == "response.created")
        assert events[-1]["response"]["usage"]["total_tokens"] == 5


def test_usage_after_the_end_is_explained() -> None:
    with pytest.raises(ScenarioError, match="write usage before done"):
        body("text: a, done, usage: {input: 3, output: 2}")


@pytest.mark.parametrize("steps", ["{text: a, choice: 1}", "function: {name: f}", "{chunk: {delta: a}, choice: 1}"])
def test_what_the_dialect_has_not_is_explained(steps: str) -> None:
    with pytest.raises(ScenarioError, match="openai-responses has no"):
        body(steps)


def test_the_output_at_the_end_is_the_sum_of_the_deltas() -> None:
    stream = body("text: Hel, text: lo, tool: {index: 0, id: c, name: f, arguments: '{}'}, done")
    message = judge(stream, "openai-responses").message
    events = [json.loads(event.data) for event in judge(stream, "sse").events]
    text, call = events[-1]["response"]["output"]
    assert text["content"][0]["text"] == "Hello"
    assert (call["call_id"], call["arguments"]) == ("c", "{}")
    assert message is not None
    assert message.choices[0].text == "Hello"
    assert message.usage == Usage(input=1, output=3, total=4)


def test_the_response_repeats_the_settings_of_the_request() -> None:
    more = "request: {model: mine, tools: [{type: function, name: f}], tool_choice: required, temperature: 0.5}\n"
    response = said("done", more)[0][1]["response"]
    assert (response["model"], response["tool_choice"], response["temperature"]) == ("mine", "required", 0.5)
    assert response["tools"] == [{"type": "function", "name": "f"}]


def test_a_number_that_a_file_gives_is_counted_on_from() -> None:
    numbers = [
        data["sequence_number"] for _, data in said("role: assistant, event: {type: x, sequence_number: 9}, done")
    ]
    assert numbers == [0, 1, 9, 10]


def test_an_http_error_has_the_documented_body() -> None:
    text = "dialect: openai-responses\nstream: {status: 429, steps: [error: {message: m}]}\n"
    (case,) = cases(loads(text, path="f.yaml", id="a"))
    error = {"type": "rate_limit_error", "code": None, "message": "m", "param": None}
    assert json.loads(compile_case(case).answer(0).body()) == {"error": error}

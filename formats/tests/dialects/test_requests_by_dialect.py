"""What is said of a request body of each further dialect; openai-chat and workers-ai have a file of their own."""

from __future__ import annotations

from typing import Any

import pytest

from streamproof_formats.dialects import validate_request
from streamproof_formats.dialects.schema_book import validate

from . import openai_completions_table
from .streams import asked

completion = openai_completions_table.asked

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def chat(**fields: Any) -> dict[str, Any]:
    return {**asked(**fields), "model": "mistral-small-latest"}


GOOD: list[tuple[str, Any]] = [
    ("openai-completions", completion()),
    ("openai-completions", completion(prompt=["a", "b"], n=2, echo=True, logprobs=5, stop=["x"], suffix="y")),
    ("openai-completions", completion(prompt=[[1, 2], [3]], max_tokens=0, stream_options={"include_usage": True})),
    ("cohere-v2", chat()),
    ("cohere-v2", chat(stream=False, tools=[TOOL], tool_choice="REQUIRED", thinking={"type": "enabled"}, k=0, p=0.5)),
    ("cohere-v2", chat(stop_sequences=["x"], documents=["a", {"data": {}}], citation_options={"mode": "FAST"})),
    ("mistral", chat()),
    ("mistral", chat(stream=False, n=2, stop="x", random_seed=1, tool_choice="any", tools=[TOOL], max_tokens=5)),
    ("mistral", chat(tool_choice={"type": "function", "function": {"name": "f"}}, prompt_mode="reasoning")),
    ("openai-completions", completion(prompt=None, stream=False, best_of=20, logit_bias={"50256": -100})),
]

BAD: list[tuple[str, Any, list[str]]] = [
    ("openai-completions", {"model": "m"}, ["$.prompt: expected a value, found nothing"]),
    ("openai-completions", completion(prompt=5), ["$.prompt: expected string, null or array, found integer 5"]),
    (
        "openai-completions",
        completion(prompt=[1.5]),
        ["$.prompt[0]: expected string, integer or array, found number 1.5"],
    ),
    (
        "openai-completions",
        completion(best_of=3),
        ["$.best_of: expected at most 1 where stream is true, found integer 3"],
    ),
    ("cohere-v2", {}, ["$.model: expected string, found nothing", "$.messages: expected array, found nothing"]),
    ("cohere-v2", chat(tool_choice="auto"), ['$.tool_choice: expected "REQUIRED" or "NONE", found string "auto"']),
    ("cohere-v2", chat(p=1), ["$.p: expected at most 0.99, found integer 1"]),
    (
        "cohere-v2",
        chat(stop_sequences=list("abcdef")),
        ["$.stop_sequences: expected an array of at most 5, found array"],
    ),
    (
        "cohere-v2",
        chat(messages=[{"role": "tool", "content": "x"}]),
        ["$.messages[0].tool_call_id: expected string, found nothing"],
    ),
    ("mistral", {}, ["$.model: expected string, found nothing", "$.messages: expected array, found nothing"]),
    ("mistral", chat(messages=[{"role": "user"}]), ["$.messages[0].content: expected a text or parts, found nothing"]),
    ("mistral", chat(temperature=2), ["$.temperature: expected at most 1.5, found integer 2"]),
    (
        "mistral",
        chat(tool_choice="always"),
        ['$.tool_choice: expected "auto", "none", "any", "required" or object, found string "always"'],
    ),
    ("mistral", chat(stream=None), ["$.stream: expected boolean, found null"]),
    ("openai-completions", completion(logprobs=True), ["$.logprobs: expected integer or null, found true"]),
    ("openai-completions", completion(logprobs=6), ["$.logprobs: expected at most 5, found integer 6"]),
    (
        "openai-completions",
        completion(stream=False, stream_options={}),
        ["$.stream_options: expected nothing unless stream is true, found object"],
    ),
]

BODIES: list[tuple[str, str, Any]] = [
    ("cohere-v2", "http-error", {"message": "invalid api token"}),
    (
        "cohere-v2",
        "response",
        {
            "id": "c",
            "finish_reason": "COMPLETE",
            "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
            "usage": {"tokens": {"input_tokens": 1, "output_tokens": 1}},
        },
    ),
    ("mistral", "http-error", {"object": "error", "message": "m", "type": "t", "param": None, "code": "3000"}),
    ("mistral", "http-error", {"detail": [{"loc": ["body", "n"], "msg": "m", "type": "t"}]}),
    (
        "mistral",
        "response",
        {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"},
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        },
    ),
    ("openai-completions", "http-error", {"error": {"message": "m", "type": "t", "param": None, "code": None}}),
    (
        "openai-completions",
        "response",
        {
            "id": "c",
            "object": "text_completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "text": "Hi", "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        },
    ),
]


@pytest.mark.parametrize(("dialect", "body"), GOOD)
def test_a_documented_request_is_well(dialect: str, body: Any) -> None:
    assert validate_request(dialect, body) == []


@pytest.mark.parametrize(("dialect", "body", "lines"), BAD)
def test_what_is_wrong_is_said_with_its_place(dialect: str, body: Any, lines: list[str]) -> None:
    assert validate_request(dialect, body) == lines


@pytest.mark.parametrize(("dialect", "name", "body"), BODIES)
def test_whole_answers_and_errors_have_schemas(dialect: str, name: str, body: Any) -> None:
    assert validate(dialect, name, body) == []
    assert validate(dialect, name, []) != []

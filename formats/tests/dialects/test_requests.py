"""What is said of a request body that is not as documented."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from streamproof_formats.dialects import DIALECTS, asks_for_stream, validate_request
from streamproof_formats.dialects.schema_book import document, validate

from .streams import asked

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}

GOOD: list[Any] = [
    asked(),
    asked(stream=False),
    asked(n=128, stop=["a", "b"], temperature=0, top_p=1, seed=None, max_completion_tokens=5),
    asked(stop="x", stream_options={"include_usage": True}),
    asked(stop=None, stream_options=None, n=None, tools=[TOOL], tool_choice="required"),
    asked(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "f"}}, parallel_tool_calls=False),
    asked(tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [TOOL]}}),
    asked(tools=[{"type": "custom", "custom": {"name": "f"}}]),
    asked(functions=[{"name": "f"}], function_call={"name": "f"}),
    asked(logprobs=True, top_logprobs=3, response_format={"type": "json_object"}, x_unknown={"a": 1}),
    asked(
        messages=[
            {"role": "system", "content": "x"},
            {"role": "user", "content": [{"type": "text", "text": "x"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "content": "x", "tool_call_id": "a"},
        ]
    ),
]

BAD: list[tuple[Any, list[str]]] = [
    ([], ["$: expected object, found array"]),
    ({}, ["$.model: expected string, found nothing", "$.messages: expected array, found nothing"]),
    (asked(messages="Hi"), ['$.messages: expected array, found string "Hi"']),
    (asked(messages=[]), ["$.messages: expected an array of at least 1, found array"]),
    (asked(messages=["Hi"]), ['$.messages[0]: expected object, found string "Hi"']),
    (asked(messages=[{"role": "user"}]), ["$.messages[0].content: expected a text or parts, found nothing"]),
    (
        asked(messages=[{"role": "user", "content": 5}]),
        [
            "$.messages[0].content: expected string, null or array, found integer 5",
        ],
    ),
    (
        asked(messages=[{"role": "king", "content": "x"}]),
        [
            (
                '$.messages[0].role: expected "developer", "system", "user", "assistant", "tool" or "function", '
                'found string "king"'
            )
        ],
    ),
    (
        asked(messages=[{"role": "tool", "content": "x"}]),
        ["$.messages[0].tool_call_id: expected string, found nothing"],
    ),
    (
        asked(messages=[{"role": "user", "content": None}]),
        ["$.messages[0].content: expected a text or parts, found null"],
    ),
    (
        asked(messages=[{"role": "user", "content": [5]}]),
        ["$.messages[0].content[0]: expected object, found integer 5"],
    ),
    (asked(tools=[{"type": "function", "function": 5}]), ["$.tools[0].function: expected object, found integer 5"]),
    (asked(model=5), ["$.model: expected string, found integer 5"]),
    (asked(stream="yes"), ['$.stream: expected boolean or null, found string "yes"']),
    (
        asked(stream=False, stream_options={"include_usage": True}),
        ["$.stream_options: expected nothing unless stream is true, found object"],
    ),
    (asked(stream_options={"include_usage": 1}), ["$.stream_options.include_usage: expected boolean, found integer 1"]),
    (asked(n=0), ["$.n: expected at least 1, found integer 0"]),
    (asked(n=129), ["$.n: expected at most 128, found integer 129"]),
    (asked(n=True), ["$.n: expected integer or null, found true"]),
    (asked(stop=5), ["$.stop: expected string, null or array, found integer 5"]),
    (asked(stop=list("abcde")), ["$.stop: expected an array of at most 4, found array"]),
    (asked(stop=["a", 5]), ["$.stop[1]: expected string, found integer 5"]),
    (asked(temperature=3), ["$.temperature: expected at most 2, found integer 3"]),
    (asked(max_tokens="5"), ['$.max_tokens: expected integer or null, found string "5"']),
    (asked(top_logprobs=3), ["$.logprobs: expected true where top_logprobs is set, found nothing"]),
    (asked(top_logprobs=3, logprobs=False), ["$.logprobs: expected true where top_logprobs is set, found false"]),
    (asked(tools=TOOL), ["$.tools: expected array, found object"]),
    (asked(tools=[{"type": "function"}]), ["$.tools[0].function: expected object, found nothing"]),
    (
        asked(tools=[{"type": "function", "function": {"name": "a b"}}]),
        ['$.tools[0].function.name: expected a text like ^[a-zA-Z0-9_-]{1,64}$, found string "a b"'],
    ),
    (
        asked(tool_choice="always"),
        ['$.tool_choice: expected "none", "auto", "required" or object, found string "always"'],
    ),
    (asked(tool_choice={"type": "function"}), ["$.tool_choice.function: expected object, found nothing"]),
]

WORKERS_BAD: list[tuple[Any, list[str]]] = [
    ({}, ['$: expected "messages" or "prompt", found neither']),
    ({"messages": "Hi"}, ['$.messages: expected array, found string "Hi"']),
    ({"messages": [{"role": "user"}]}, ["$.messages[0].content: expected a value, found nothing"]),
    ({"prompt": 5}, ["$.prompt: expected string, found integer 5"]),
]


@pytest.mark.parametrize("body", GOOD)
def test_a_documented_request_is_well(body: Any) -> None:
    assert validate_request("openai-chat", body) == []


@pytest.mark.parametrize("body", [{"messages": [{"role": "user", "content": "x"}]}, {"prompt": "x", "stream": True}])
def test_a_request_of_workers_ai_is_well(body: Any) -> None:
    assert validate_request("workers-ai", body) == []


@pytest.mark.parametrize(("body", "lines"), BAD)
def test_what_is_wrong_is_said_with_its_place(body: Any, lines: list[str]) -> None:
    assert validate_request("openai-chat", body) == lines


@pytest.mark.parametrize(("body", "lines"), WORKERS_BAD)
def test_what_is_wrong_for_workers_ai_is_said_with_its_place(body: Any, lines: list[str]) -> None:
    assert validate_request("workers-ai", body) == lines


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_default_request_is_well_and_streams(dialect: str) -> None:
    request = dict(DIALECTS[dialect].request)
    assert validate_request(dialect, request) == []
    assert asks_for_stream(dialect, request)


@pytest.mark.parametrize("name", ["an array that is too deep", "an integer that is too long"])
def test_what_cannot_be_checked_is_refused_in_words(name: str) -> None:
    value: Any = 10**5000
    if "deep" in name:
        value = 5
        for _ in range(100_000):
            value = [value]
    lines = validate_request("openai-chat", asked(n=value))
    assert lines == ["$: expected JSON of ordinary depth and numbers, found what is too deep or too long to be checked"]


def test_a_fault_is_one_line_that_prints_whatever_the_body_holds() -> None:
    body = asked(messages="a\nb\ud800", logit_bias={"x\ny\ud800": "z"}, model={"\n": 1})
    lines = validate_request("openai-chat", body)
    assert len(lines) == 3
    for line in lines:
        line.encode()
        assert "\n" not in line


def test_a_body_that_was_checked_before_is_told_the_same() -> None:
    body = asked(n=0)
    first = validate_request("openai-chat", body)
    first.append("changed by its reader")
    assert validate_request("openai-chat", body) == ["$.n: expected at least 1, found integer 0"]


def test_faults_are_told_up_to_a_bound() -> None:
    assert len(validate_request("openai-chat", asked(messages=[5] * 1000))) == 20


@pytest.mark.parametrize("dialect", DIALECTS)
def test_schemas_are_sound_and_describe_every_property(dialect: str) -> None:
    folder = files("streamproof_formats") / "schemas" / dialect
    names = sorted(entry.name.removesuffix(".json") for entry in folder.iterdir())
    assert {"request", "response", "http-error"} < set(names)
    for name in names:
        Draft202012Validator.check_schema(document(dialect, name))
        for place, schema in properties(document(dialect, name)):
            assert isinstance(schema.get("description", ""), str)
            assert "description" in schema or place.startswith(("if.", "then.", "else.")), f"{dialect} {name} {place}"


def properties(schema: Any, place: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in schema.items():
        if key == "properties":
            found += [(f"{place}{name}", item) for name, item in value.items()]
        inner = value.values() if key in ("properties", "$defs") else value if isinstance(value, list) else [value]
        for item in inner:
            if isinstance(item, dict):
                found += properties(item, f"{key}." if key in ("if", "then", "else") else place)
    return found


@pytest.mark.parametrize(
    ("dialect", "name", "value"),
    [
        ("openai-chat", "http-error", {"error": {"message": "m", "type": "t", "param": None, "code": None}}),
        (
            "openai-chat",
            "response",
            {
                "id": "c",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": "Hi", "refusal": None},
                        "finish_reason": "stop",
                        "logprobs": None,
                    }
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            },
        ),
        (
            "workers-ai",
            "http-error",
            {"result": None, "success": False, "errors": [{"code": 5004, "message": "m"}], "messages": []},
        ),
        ("workers-ai", "response", {"response": "Hi"}),
    ],
)
def test_whole_answers_and_errors_have_schemas(dialect: str, name: str, value: Any) -> None:
    assert validate(dialect, name, value) == []
    json.dumps(value)
    assert validate(dialect, name, []) != []

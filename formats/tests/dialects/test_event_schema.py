"""The compiled schemas say of every value what jsonschema says of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from streamproof_formats.dialects.event_schema import compiled
from streamproof_formats.dialects.schema_book import document, event_schema

from . import cohere_v2_table, mistral_table, openai_completions_table
from .streams import chunk, entry, token, usage

ANTHROPIC: dict[str, Any] = {
    "message_start": {
        "message": {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "container": None,
            "usage": {
                "input_tokens": 1,
                "output_tokens": 1,
                "cache_read_input_tokens": None,
                "service_tier": "standard",
            },
        }
    },
    "content_block_start": {"index": 0, "content_block": {"type": "text"}},
    "content_block_delta": {"index": 0, "delta": {"type": "text_delta"}},
    "content_block_stop": {"index": 0},
    "message_delta": {
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 1, "input_tokens": None},
    },
    "error": {"error": {"type": "t", "message": "m"}, "request_id": "r"},
    "block-text": {"text": "", "citations": None},
    "block-thinking": {"thinking": "", "signature": ""},
    "block-redacted_thinking": {"data": ""},
    "block-tool_use": {"id": "a", "name": "f", "input": {}},
    "block-server_tool_use": {"id": "a", "name": "f", "input": {}},
    "delta-text_delta": {"text": ""},
    "delta-thinking_delta": {"thinking": ""},
    "delta-signature_delta": {"signature": ""},
    "delta-input_json_delta": {"partial_json": ""},
    "delta-citations_delta": {"citation": {}},
}
WHOLE: dict[tuple[str, str], Any] = {
    ("openai-chat", "chunk"): chunk(
        entry(
            {
                "role": "assistant",
                "content": "x",
                "refusal": None,
                "tool_calls": [
                    {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
                    {"index": 1, "type": "custom", "custom": {"name": "g", "input": ""}},
                ],
                "function_call": {"name": "f", "arguments": ""},
                "audio": {"id": "a", "data": "", "transcript": "", "expires_at": 5},
            },
            "stop",
            logprobs={"content": [token("x", 2)], "refusal": None},
        ),
        usage=usage(prompt_tokens_details={"cached_tokens": 1}, completion_tokens_details={"reasoning_tokens": 1}),
        service_tier="default",
        system_fingerprint="a",
        obfuscation="",
        moderation={"input": {"type": "moderation_results", "results": [{}]}, "output": {"type": "error", "code": "c"}},
    ),
    **{("anthropic-messages", name): value for name, value in ANTHROPIC.items()},
    ("openai-chat", "error"): {"error": {"message": "m", "type": "t", "param": None, "code": None}},
    ("workers-ai", "chunk"): {
        "response": "x",
        "p": "",
        "finish_reason": "stop",
        "usage": usage(),
        "tool_calls": [
            {"name": "f", "arguments": {}},
            {"id": "a", "type": "function", "index": 0, "function": {"name": "f"}},
        ],
    },
    **openai_completions_table.WHOLE,
    **mistral_table.WHOLE,
    **cohere_v2_table.WHOLE,
}
SCHEMAS = list(WHOLE)
ODD: list[Any] = [None, True, 0, -1, 1.0, 1.5, "", "stop", "default", [], ["x"], [None], {}, {"x": 1}]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    inner: list[tuple[str | int, ...]] = []
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in steps:
        inner += places(item, (*path, step))
    return [path, *inner]


def told_by_jsonschema(schema: tuple[str, str], value: Any) -> set[tuple[str | int, ...]]:
    found = set()
    for error in Draft202012Validator(document(*schema)).iter_errors(value):
        path = tuple(error.absolute_path)
        if error.validator == "required":
            found |= {(*path, key) for key in error.validator_value if key not in error.instance}
        else:
            found.add(path)
    return found


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_whole_event_is_valid(schema: tuple[str, str]) -> None:
    assert event_schema(*schema).faults(WHOLE[schema]) == ()
    assert told_by_jsonschema(schema, WHOLE[schema]) == set()


@pytest.mark.parametrize("schema", SCHEMAS)
def test_one_odd_value_anywhere_is_told_as_jsonschema_tells_it(schema: tuple[str, str]) -> None:
    for path in places(WHOLE[schema])[1:]:
        for odd in [*ODD, ...]:
            value = copy.deepcopy(WHOLE[schema])
            holder = value
            for step in path[:-1]:
                holder = holder[step]
            if odd is not ...:
                holder[path[-1]] = odd
            elif isinstance(holder, dict):
                del holder[path[-1]]
            assert {fault.path for fault in event_schema(*schema).faults(value)} == told_by_jsonschema(schema, value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "index", "tool_calls", "usage", "error", "response", "function", "x"]),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(value=json_values)
def test_any_json_is_told_as_jsonschema_tells_it(value: Any) -> None:
    for schema in SCHEMAS:
        assert {fault.path for fault in event_schema(*schema).faults(value)} == told_by_jsonschema(schema, value)


def test_a_fault_names_its_place_what_was_expected_and_found() -> None:
    value = chunk(entry({"content": 5, "role": "x"}, index=...))
    assert [str(fault) for fault in event_schema("openai-chat", "chunk").faults(value)] == [
        "$.choices[0].delta.content: expected string or null, found integer 5",
        '$.choices[0].delta.role: expected "developer", "system", "user", "assistant" or "tool", found string "x"',
        "$.choices[0].index: expected integer, found nothing",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": []},
        {"type": "string", "minLength": 1},
        {"enum": [1]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
    ],
)
def test_a_schema_of_events_that_cannot_be_compiled_is_refused(schema: Any) -> None:
    with pytest.raises(ValueError, match=r"schema of events|enumeration"):
        compiled(schema)

"""Streams that official clients were fed with: the text of each, as a whole body."""

from __future__ import annotations

from .streams import DONE, body, chunk, entry

FIELDS = {
    "id": "chatcmpl-x1",
    "created": 1764000000,
    "model": "gpt-4o-mini",
    "service_tier": "default",
    "system_fingerprint": "fp_0a1b2c",
}
EMPTY = {"id": "", "object": "", "created": 0, "model": ""}
SAFE = {"hate": {"filtered": False, "severity": "safe"}}


def _say(delta: object, finish: str | None = None, index: int = 0, **fields: object) -> dict[str, object]:
    return chunk(entry(delta, finish, index, logprobs=None), **FIELDS, **fields)


def _call(index: int, **fields: object) -> dict[str, object]:
    return _say({"tool_calls": [{"index": index, **fields}]})


_no = {"token": "No", "logprob": -0.1, "bytes": [78, 111]}

OPENAI_CHAT = {
    "min": body(
        _say({"role": "assistant", "content": "", "refusal": None}, usage=None, obfuscation="q7"),
        _say({"content": "Hi"}, usage=None, obfuscation="Zk1p"),
        _say({"content": " there"}, usage=None, obfuscation="t"),
        _say({}, "stop", usage=None, obfuscation="mN4x"),
        chunk(
            **FIELDS,
            usage={
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 11,
                "prompt_tokens_details": {"cached_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0},
            },
            obfuscation="",
        ),
        DONE,
    ),
    "tool": body(
        _say({"role": "assistant", "content": None}),
        _call(0, id="call_a1", type="function", function={"name": "get_weather", "arguments": ""}),
        _call(0, function={"arguments": '{"city":'}),
        _call(0, function={"arguments": '"Oslo"}'}),
        _call(1, id="call_b2", type="function", function={"name": "get_time", "arguments": ""}),
        _call(1, function={"arguments": "{}"}),
        _say({}, "tool_calls"),
        DONE,
    ),
    "function_call": body(
        _say({"role": "assistant", "content": None, "function_call": {"name": "get_weather", "arguments": ""}}),
        _say({"function_call": {"arguments": '{"city":'}}),
        _say({"function_call": {"arguments": '"Oslo"}'}}),
        _say({}, "function_call"),
        DONE,
    ),
    "n2": body(
        _say({"role": "assistant", "content": ""}),
        _say({"role": "assistant", "content": ""}, index=1),
        _say({"content": "A"}),
        _say({"content": "B"}, index=1),
        _say({}, "stop", 1),
        _say({"content": "a"}),
        _say({}, "length"),
        DONE,
    ),
    "logprobs-refusal": body(
        _say({"role": "assistant", "content": None, "refusal": ""}),
        chunk(
            entry({"refusal": "No"}, logprobs={"content": None, "refusal": [{**_no, "top_logprobs": [_no]}]}), **FIELDS
        ),
        _say({}, "stop"),
        DONE,
    ),
    "error": body(
        _say({"role": "assistant", "content": ""}),
        _say({"content": "Hi"}),
        {"error": {"message": "The server had an error.", "type": "server_error", "param": None, "code": None}},
    ),
}
"""Streams that break nothing under `strict`, the request unknown."""

PROFILED = {
    "azure": body(
        chunk(**EMPTY, prompt_filter_results=[{"prompt_index": 0, "content_filter_results": SAFE}], usage=None),
        chunk(entry({"role": "assistant"}), **FIELDS, usage=None),
        chunk(entry({"content": "Hi"}), **FIELDS, usage=None),
        chunk(entry({}, "stop"), **FIELDS, usage=None),
        chunk(
            entry(
                ...,
                content_filter_results=SAFE,
                content_filter_offsets={"check_offset": 12, "start_offset": 12, "end_offset": 14},
            ),
            **EMPTY,
            usage=None,
        ),
        DONE,
    ),
    "openrouter": body(
        b": OPENROUTER PROCESSING\n\n",
        _say({"role": "assistant", "content": "Hi"}, provider="Acme"),
        _say(
            {"content": ""}, "error", provider="Acme", error={"code": "server_error", "message": "Upstream went away"}
        ),
    ),
}
"""By profile, streams that break rules under `strict` and none under it."""

WORKERS_AI = {
    "min": body(
        {"response": "Hi", "p": "abdefgh"},
        {"response": " there", "p": "ab"},
        {"response": "", "p": "abd", "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}},
        DONE,
    ),
    "tool": body(
        {"response": "", "p": "abdef"},
        {
            "tool_calls": [
                {
                    "id": "call_a1",
                    "type": "function",
                    "index": 0,
                    "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'},
                }
            ],
            "p": "ab",
        },
        {
            "response": "",
            "finish_reason": "tool_calls",
            "usage": {"prompt_tokens": 20, "completion_tokens": 8, "total_tokens": 28},
            "p": "a",
        },
        DONE,
    ),
    "tool-legacy": body(
        {"response": "", "tool_calls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}], "p": "ab"},
        {"response": "", "usage": {"prompt_tokens": 20, "completion_tokens": 8, "total_tokens": 28}, "p": "a"},
        DONE,
    ),
}

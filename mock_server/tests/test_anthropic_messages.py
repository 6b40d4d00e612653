"""The well-behaved endpoint of Anthropic's Messages API, and the official client over it."""

from __future__ import annotations

import json

import pytest

from streamproof_formats.dialects.schema_book import validate
from streamproof_formats.judge import judge
from streamproof_formats.response import ResponseHead
from streamproof_mock.behaviour.anthropic_messages import THOUGHT
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.server import serving

PATH = "/v1/messages"
ASKED = {"model": "m", "max_tokens": 200, "messages": [{"role": "user", "content": "Hello there"}]}
WEATHER = {
    "name": "get_weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TOOLS = [WEATHER, {"name": "get_time", "input_schema": {"type": "object"}}]
RESULT = [
    *ASKED["messages"],
    {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "get_time", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "noon"}]},
]
ENABLED = {"type": "enabled", "budget_tokens": 1024}

# What is asked for; why the answer stops, its text, its reasoning, the tools it calls.
CASES = {
    "nothing": ({}, "end_turn", TEXT, None, []),
    "few tokens": ({"max_tokens": 3}, "max_tokens", TEXT[:8], None, []),
    "no tokens": ({"max_tokens": 0}, "max_tokens", None, None, []),
    "a stop sequence": ({"stop_sequences": ["zebra", " mock"]}, "stop_sequence", TEXT[: TEXT.index(" mock")], None, []),
    "a stop sequence past the limit": ({"stop_sequences": [" mock"], "max_tokens": 2}, "max_tokens", "Hello!", None, []),
    "a stop sequence that does not come": ({"stop_sequences": ["zebra"]}, "end_turn", TEXT, None, []),
    "tools": ({"tools": TOOLS}, "tool_use", None, None, ["get_weather", "get_time"]),
    "one tool at a time": (
        {"tools": TOOLS, "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        "tool_use",
        None,
        None,
        ["get_weather"],
    ),
    "any tool": ({"tools": TOOLS, "tool_choice": {"type": "any"}}, "tool_use", None, None, ["get_weather", "get_time"]),
    "a named tool": (
        {"tools": TOOLS, "tool_choice": {"type": "tool", "name": "get_time"}}, "tool_use", None, None, ["get_time"],
    ),
    "no tool": ({"tools": TOOLS, "tool_choice": {"type": "none"}}, "end_turn", TEXT, None, []),
    "a tool's result": ({"tools": TOOLS, "messages": RESULT}, "end_turn", TEXT, None, []),
    "a tool of the server's": ({"tools": [{"type": "web_search_20260318", "name": "web_search"}]}, "end_turn", TEXT, None, []),
    "tools with few tokens": ({"tools": TOOLS, "max_tokens": 6}, "max_tokens", None, None, ["get_weather"]),
    "thinking": ({"thinking": ENABLED, "max_tokens": 2000}, "end_turn", TEXT, THOUGHT, []),
    "thinking, not shown": (
        {"thinking": {**ENABLED, "display": "omitted"}, "max_tokens": 2000}, "end_turn", TEXT, "", [],
    ),
    "thinking as it likes": ({"thinking": {"type": "adaptive"}}, "end_turn", TEXT, THOUGHT, []),
    "thinking, then a tool": (
        {"thinking": {"type": "adaptive"}, "tools": TOOLS[:1]}, "tool_use", None, THOUGHT, ["get_weather"],
    ),
    "JSON of a schema": (
        {"output_config": {"format": {"type": "json_schema", "schema": WEATHER["input_schema"]}}},
        "end_turn", '{"city": "Oslo"}', None, [],
    ),
    "a system prompt and blocks": (
        {"system": [{"type": "text", "text": "x"}], "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
        "end_turn", TEXT, None, [],
    ),
}  # fmt: skip


async def ask(server, connect, body, *headers):
    client = await connect(server)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    # In HTTP/1.0 the body of a stream is what comes until the close.
    await client.post(PATH, data, *headers, http="1.0")
    return await client.hear()


@pytest.mark.parametrize(("asked", "reason", "text", "reasoning", "calls"), CASES.values(), ids=CASES)
async def test_a_stream_breaks_no_rule_and_says_what_was_asked_for(
    server, connect, asked, reason, text, reasoning, calls
):
    body = {**ASKED, **asked, "stream": True}
    heard = await ask(server, connect, body)
    lines = (line.partition(": ") for line in heard.head.decode().split("\r\n")[1:])
    headers = tuple((name.lower(), value) for name, _, value in lines)
    head = ResponseHead(status=heard.status, headers=headers, framing="close", request_http="1.0")
    judgement = judge(heard.body, "anthropic-messages", request=body, head=head)
    assert judgement.findings == ()
    message = judgement.message
    assert message.ended == "terminal"
    [choice] = message.choices
    assert (choice.finish_reason, choice.text, choice.reasoning) == (reason, text, reasoning)
    assert [call.name for call in choice.tool_calls] == calls
    assert message.usage.output <= body["max_tokens"]
    if reason == "tool_use":
        assert all(isinstance(json.loads(call.arguments), dict) for call in choice.tool_calls)


@pytest.mark.parametrize(("asked", "reason", "text", "reasoning", "calls"), CASES.values(), ids=CASES)
async def test_a_whole_answer_is_as_documented(server, connect, asked, reason, text, reasoning, calls):
    heard = await ask(server, connect, {**ASKED, **asked})
    answer = json.loads(heard.body)
    assert validate("anthropic-messages", "response", answer) == []
    said = {block["type"]: block for block in answer["content"]}
    assert answer["stop_reason"] == reason
    assert said.get("text", {}).get("text") == text
    assert said.get("thinking", {}).get("thinking") == reasoning
    assert [block["name"] for block in answer["content"] if block["type"] == "tool_use"] == calls
    assert (answer["stop_sequence"] is not None) == (reason == "stop_sequence")


REFUSED = {
    "no JSON": (b"{", 400),
    "no object": ([], 400),
    "no max_tokens": ({key: value for key, value in ASKED.items() if key != "max_tokens"}, 400),
    "no messages": ({**ASKED, "messages": []}, 400),
    "an unknown role": ({**ASKED, "messages": [{"role": "tool", "content": "x"}]}, 400),
    "a tool without a schema": ({**ASKED, "tools": [{"name": "f"}]}, 400),
    "a choice without tools": ({**ASKED, "tool_choice": {"type": "any"}}, 400),
    "a choice of no tool": ({**ASKED, "tools": TOOLS, "tool_choice": {"type": "tool", "name": "x"}}, 400),
    "a budget past the limit": ({**ASKED, "thinking": ENABLED}, 400),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED)
async def test_a_bad_request_is_refused_as_documented(server, connect, body, status):
    heard = await ask(server, connect, body)
    assert heard.status == status
    refusal = json.loads(heard.body)
    assert validate("anthropic-messages", "http-error", refusal) == []
    assert refusal["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("x-api-key: sk-right", 200),
        ("Authorization: Bearer sk-right", 200),
        ("x-api-key: sk-wrong", 401),
        ("x: y", 401),
    ],
)
async def test_the_key_is_the_one_of_its_header(connect, header, status):
    async with serving(api_key="sk-right") as server:
        heard = await ask(server, connect, ASKED, header)
    assert heard.status == status
    if status == 401:
        assert json.loads(heard.body)["error"]["type"] == "authentication_error"

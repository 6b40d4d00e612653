"""Anthropic's Messages API, streamed and whole.

Documents: Anthropic docs, Messages API reference and Streaming messages.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from streamproof_formats.dialects import validate_request
from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.chat_request import Tool
from streamproof_mock.behaviour.errors import Refusal
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.tokens import tokens
from streamproof_mock.behaviour.utterance import Utterance, prompt_tokens, speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan

NAME: Final = "anthropic-messages"

THOUGHT: Final = "Someone says something to a mock endpoint. It has one answer, and gives it."
_SIGNATURE: Final = "c3RyZWFtcHJvb2Y="
_ROOM_TO_THINK: Final = 64
"""Tokens below which adaptive thinking is left out."""


@attrs.frozen(kw_only=True)
class MessagesRequest:
    """What the answer depends on."""

    model: str
    prompt: int
    """Tokens of the request."""
    max_tokens: int
    stream: bool
    stop: tuple[str, ...]
    called: tuple[Tool, ...]
    schema: Any
    """A schema for the text, where the text must be JSON."""
    thinks: bool
    shows_thought: bool


@attrs.frozen(kw_only=True)
class Answer:
    """What is said: blocks with their pieces, and why they end."""

    blocks: tuple[tuple[dict[str, Any], tuple[dict[str, Any], ...]], ...]
    """Each block as it stands in a whole answer, and its deltas."""
    stop_reason: str
    stop_sequence: str | None
    tokens: int


def answer(call: Call) -> AnswerPlan:
    """The answer to a Messages request.  Raises Refusal."""
    request = messages_request(call.body)
    said = _said(request)
    if request.stream:
        return event_stream(NAME, call.body, _events(request, said))
    return json_reply(200, _whole(request, said))


def messages_request(body: Any) -> MessagesRequest:
    """Reads a request body.  Raises Refusal."""
    for fault in validate_request(NAME, body):
        raise Refusal(400, fault.removeprefix("$.").removeprefix("$: "))
    thinking, output = body.get("thinking") or {}, body.get("output_config") or {}
    if thinking.get("type") == "enabled" and thinking["budget_tokens"] >= body["max_tokens"]:
        # budget_tokens is at least 1,024 and less than max_tokens: API reference, ThinkingConfigEnabled.
        raise Refusal(400, "thinking.budget_tokens: expected less than max_tokens, found as many or more")
    given = tuple(
        Tool(tool["name"], tool["input_schema"]) for tool in body.get("tools") or () if "input_schema" in tool
    )
    system = body.get("system")
    told = [{"content": system}] if system else []
    schema = (output.get("format") or {}).get("schema")
    return MessagesRequest(
        model=body["model"],
        prompt=prompt_tokens([*told, *body["messages"]], given),
        max_tokens=body["max_tokens"],
        stream=bool(body.get("stream")),
        stop=tuple(text for text in body.get("stop_sequences") or () if text.strip()),
        called=_called(body, given),
        schema=schema,
        thinks=thinking.get("type") == "enabled"
        or (thinking.get("type") == "adaptive" and body["max_tokens"] >= _ROOM_TO_THINK),
        shows_thought=thinking.get("display") != "omitted",
    )


def _called(body: Mapping[str, Any], given: tuple[Tool, ...]) -> tuple[Tool, ...]:
    """The tools that the endpoint calls, in order."""
    choice = body.get("tool_choice") or {"type": "auto"}
    if choice["type"] in ("any", "tool") and not given:
        raise Refusal(400, f"tool_choice: expected tools beside the type {choice['type']}, found none")
    at_most = 1 if choice.get("disable_parallel_tool_use") else 2
    match choice["type"]:
        case "none":
            return ()
        case "tool":
            named = tuple(tool for tool in given if tool.name == choice["name"])
            if not named:
                raise Refusal(400, f"tool_choice.name: expected one of the tools, found {choice['name']!r}")
            return named[:1]
        case "any":
            return given[:at_most]
        case _:
            # Left to itself the endpoint calls once, and answers in words once it has a result.
            return () if _has_result(body["messages"][-1]) else given[:at_most]


def _has_result(message: Mapping[str, Any]) -> bool:
    content = message["content"]
    return isinstance(content, list) and any(block["type"] == "tool_result" for block in content)


def _said(request: MessagesRequest) -> Answer:
    blocks: list[tuple[dict[str, Any], tuple[dict[str, Any], ...]]] = []
    left = request.max_tokens
    if request.thinks:
        thought = tokens(THOUGHT)
        left -= len(thought)
        blocks.append(_thinking(thought if request.shows_thought else ()))
    utterance = speak(called=request.called, schema=request.schema, stop=request.stop, max_tokens=left)
    if utterance.text:
        blocks.append(_text(utterance.text))
    blocks += [_tool_use(call.id.replace("call_", "toolu_"), call.name, call.pieces) for call in utterance.calls]
    matched = _matched(request, utterance)
    if utterance.cut is not None:
        reason = "max_tokens"
    elif utterance.calls:
        reason = "tool_use"
    else:
        reason = "end_turn" if matched is None else "stop_sequence"
    spent = request.max_tokens - left + utterance.tokens
    return Answer(blocks=tuple(blocks), stop_reason=reason, stop_sequence=matched, tokens=spent)


def _matched(request: MessagesRequest, utterance: Utterance) -> str | None:
    """The stop sequence that ended the text, the first of those that begin at the same place."""
    if utterance.calls or utterance.cut is not None:
        return None
    text = "".join(speak(schema=request.schema).text)
    places = [(text.find(stop), stop) for stop in request.stop if stop in text]
    return min(places, key=lambda found: found[0])[1] if places else None


def _thinking(pieces: Sequence[str]) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    whole = {"type": "thinking", "thinking": "".join(pieces), "signature": _SIGNATURE}
    return whole, (*deltas, {"type": "signature_delta", "signature": _SIGNATURE})


def _text(pieces: Sequence[str]) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    return {"type": "text", "text": "".join(pieces)}, tuple({"type": "text_delta", "text": piece} for piece in pieces)


def _tool_use(call_id: str, name: str, pieces: Sequence[str]) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    whole = {"type": "tool_use", "id": call_id, "name": name, "input": _input("".join(pieces))}
    return whole, tuple({"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces))


def _input(text: str) -> Any:
    """The input of a call; {} for one that the limit cut off, which is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


_EMPTY: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
}
"""What a block is at its start, by type."""


def _message(request: MessagesRequest, output: int) -> dict[str, Any]:
    return {
        "id": f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": request.prompt,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output,
            "service_tier": "standard",
        },
    }


def _events(request: MessagesRequest, said: Answer) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": _message(request, min(1, said.tokens))}
    for index, (block, deltas) in enumerate(said.blocks):
        yield {"type": "content_block_start", "index": index, "content_block": {**block, **_EMPTY[block["type"]]}}
        if index == 0:
            yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": said.stop_reason, "stop_sequence": said.stop_sequence},
        "usage": {"output_tokens": said.tokens},
    }
    yield {"type": "message_stop"}


def _whole(request: MessagesRequest, said: Answer) -> dict[str, Any]:
    return {
        **_message(request, said.tokens),
        "content": [block for block, _ in said.blocks],
        "stop_reason": said.stop_reason,
        "stop_sequence": said.stop_sequence,
    }

"""Cohere's chat, streamed and whole.  Document: Cohere's openapi.yaml, `/v2/chat`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.chat_request import Tool
from streamproof_mock.behaviour.checked import checked
from streamproof_mock.behaviour.errors import Refusal
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.tokens import tokens
from streamproof_mock.behaviour.utterance import TEXT, Utterance, prompt_tokens, speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan

_PLAN: Final = "I will call what was offered."
_THOUGHT: Final = "A greeting will do."
_JSON: Final = {"type": "object", "properties": {"greeting": {"const": "Hello"}}}


@attrs.frozen(kw_only=True)
class _Answer:
    """What is said, and why it ends."""

    thought: tuple[str, ...]
    plan: tuple[str, ...]
    utterance: Utterance
    finish: str
    usage: Mapping[str, Any]


def answer(call: Call) -> AnswerPlan:
    """The answer to a chat request.  Raises Refusal."""
    body = checked("cohere-v2", call.body)
    if not body["messages"]:
        raise Refusal(400, "invalid request: at least one message is needed", "messages")
    made, name = _answer(body), secrets.token_hex(16)
    if body.get("stream"):
        return event_stream("cohere-v2", body, _events(made, name))
    return json_reply(200, {"id": name, "finish_reason": made.finish, "message": _message(made), "usage": made.usage})


def _answer(body: Mapping[str, Any]) -> _Answer:
    tools = tuple(
        Tool(tool["function"]["name"], tool["function"]["parameters"])
        for tool in body.get("tools") or ()
        if "function" in tool
    )
    called = _called(body, tools)
    stops, most = body.get("stop_sequences") or (), body.get("max_tokens")
    thinks = (body.get("thinking") or {}).get("type") == "enabled"
    thought = tuple(tokens(_THOUGHT)) if thinks else ()
    plan = tuple(tokens(_PLAN)) if called else ()
    spent = len(thought) + len(plan)
    schema = _schema(body.get("response_format") or {})
    utterance = speak(
        called=called,
        schema=schema,
        stop=[stop for stop in stops if stop],
        max_tokens=None if most is None else max(most - spent, 0),
    )
    if most is not None and most < spent:
        thought, plan = thought[:most], plan[: max(most - len(thought), 0)]
    finish = "MAX_TOKENS" if utterance.cut else "TOOL_CALL" if utterance.calls else "COMPLETE"
    if finish == "COMPLETE" and schema is None and any(stop and stop in TEXT for stop in stops):
        finish = "STOP_SEQUENCE"
    counts = {
        "input_tokens": prompt_tokens(body["messages"], tools),
        "output_tokens": len(thought) + len(plan) + utterance.tokens,
    }
    usage = {"billed_units": counts, "tokens": counts}
    return _Answer(thought=thought, plan=plan, utterance=utterance, finish=finish, usage=usage)


def _called(body: Mapping[str, Any], tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    match body.get("tool_choice"):
        case "NONE":
            return ()
        case "REQUIRED" if not tools:
            raise Refusal(400, "invalid request: tool_choice REQUIRED needs tools", "tool_choice")
        case None if body["messages"][-1]["role"] == "tool":
            # Left to itself the endpoint calls once, and answers in words once it has a result.
            return ()
        case _:
            return tools[:2]


def _schema(wanted: Mapping[str, Any]) -> Any:
    return None if wanted.get("type") != "json_object" else wanted.get("json_schema") or _JSON


def _events(made: _Answer, name: str) -> Iterator[dict[str, Any]]:
    empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield {"type": "message-start", "id": name, "delta": {"message": empty}}
    blocks = [("thinking", made.thought)] if made.thought else []
    if not made.utterance.calls and not made.plan:
        blocks.append(("text", made.utterance.text))
    for index, (kind, pieces) in enumerate(blocks):
        yield _of("content-start", index, content={"type": kind, kind: ""})
        for piece in pieces:
            yield _of("content-delta", index, content={kind: piece})
        yield {"type": "content-end", "index": index}
    for piece in made.plan:
        yield {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}}
    for index, call in enumerate(made.utterance.calls):
        opened = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield _of("tool-call-start", index, tool_calls=opened)
        for piece in call.pieces:
            yield _of("tool-call-delta", index, tool_calls={"function": {"arguments": piece}})
        yield {"type": "tool-call-end", "index": index}
    yield {"type": "message-end", "id": name, "delta": {"finish_reason": made.finish, "usage": made.usage}}


def _of(name: str, index: int, **message: Any) -> dict[str, Any]:
    return {"type": name, "index": index, "delta": {"message": message}}


def _message(made: _Answer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant"}
    content = [{"type": "thinking", "thinking": "".join(made.thought)}] if made.thought else []
    if made.plan:
        message["tool_plan"] = "".join(made.plan)
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in made.utterance.calls
        ]
    else:
        content.append({"type": "text", "text": "".join(made.utterance.text)})
    return {**message, **({"content": content} if content else {})}

"""Mistral's chat completions, streamed and whole.  Document: Mistral's openapi.yaml, `ChatCompletionRequest`."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.chat_request import Tool
from streamproof_mock.behaviour.checked import checked
from streamproof_mock.behaviour.errors import Refusal
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.utterance import Call as ToolCall
from streamproof_mock.behaviour.utterance import Utterance, prompt_tokens, speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan

_UNPROCESSABLE: Final = 422
"""What a request gets that is not as the schema has it."""
_LETTERS: Final = string.ascii_letters + string.digits
_JSON: Final = {"type": "object", "properties": {"greeting": {"const": "Hello"}}}


def answer(call: Call) -> AnswerPlan:
    """The answer to a chat completions request.  Raises Refusal."""
    body = checked("mistral", call.body, status=_UNPROCESSABLE)
    if not body["messages"]:
        raise Refusal(400, "Expected at least one message.", "messages")
    tools = _tools(body)
    called = _called(body, tools)
    stop = body.get("stop")
    said = [
        speak(
            called=called,
            schema=_schema(body.get("response_format") or {}),
            stop=[part for part in ([stop] if isinstance(stop, str) else stop or ()) if part],
            max_tokens=body.get("max_tokens"),
        )
        for _ in range(body.get("n") or 1)
    ]
    prompt = prompt_tokens(body["messages"], tools)
    completion = sum(utterance.tokens for utterance in said)
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    envelope = {"id": secrets.token_hex(16), "created": int(time.time()), "model": body["model"]}
    if body.get("stream"):
        return event_stream("mistral", body, _chunks({**envelope, "object": "chat.completion.chunk"}, said, usage))
    choices = [
        {"index": index, "message": _message(utterance), "finish_reason": _finish(utterance)}
        for index, utterance in enumerate(said)
    ]
    return json_reply(200, {**envelope, "object": "chat.completion", "choices": choices, "usage": usage})


def _tools(body: Mapping[str, Any]) -> tuple[Tool, ...]:
    given = [tool["function"] for tool in body.get("tools") or () if "function" in tool]
    return tuple(Tool(function["name"], function["parameters"]) for function in given)


def _called(body: Mapping[str, Any], tools: tuple[Tool, ...]) -> tuple[Tool, ...]:
    match body.get("tool_choice") or "auto":
        case "none":
            return ()
        case "auto" if body["messages"][-1]["role"] == "tool":
            # Left to itself the endpoint calls once, and answers in words once it has a result.
            return ()
        case {"function": {"name": str(name)}}:
            named = tuple(tool for tool in tools if tool.name == name)
            if not named:
                raise Refusal(400, f"No tool is called {name!r}.", "tool_choice")
            return named[:1]
        case _:
            return tools[: 1 if body.get("parallel_tool_calls") is False else 2]


def _schema(wanted: Mapping[str, Any]) -> Any:
    match wanted.get("type"):
        case "json_object":
            return _JSON
        case "json_schema":
            described = wanted.get("json_schema")
            schema = described.get("schema") if isinstance(described, dict) else None
            return schema if isinstance(schema, dict) else _JSON
        case _:
            return None


def _chunks(
    envelope: Mapping[str, Any], said: Sequence[Utterance], usage: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    def chunk(index: int, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**envelope, "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

    for index, utterance in enumerate(said):
        yield chunk(index, {"role": "assistant", "content": ""})
        for token in utterance.text:
            yield chunk(index, {"content": token})
        last = {"content": "", "tool_calls": _calls(utterance)} if utterance.calls else {"content": ""}
        # Usage stands beside the finish reason; of several choices, beside the last.
        told = {"usage": usage} if index == len(said) - 1 else {}
        yield {**chunk(index, last, _finish(utterance)), **told}


def _finish(utterance: Utterance) -> str:
    return utterance.cut or ("tool_calls" if utterance.calls else "stop")


def _message(utterance: Utterance) -> dict[str, Any]:
    calls = _calls(utterance) if utterance.calls else None
    return {"role": "assistant", "content": "".join(utterance.text), "tool_calls": calls, "prefix": False}


def _calls(utterance: Utterance) -> list[dict[str, Any]]:
    return [_call(number, call) for number, call in enumerate(utterance.calls)]


def _call(number: int, call: ToolCall) -> dict[str, Any]:
    made = "".join(secrets.choice(_LETTERS) for _ in range(9))
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": made, "type": "function", "function": function, "index": number}

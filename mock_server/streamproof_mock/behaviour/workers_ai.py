"""Workers AI and its look-alikes: `{"response": ...}` events, or one JSON answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.chat_request import Tool
from streamproof_mock.behaviour.errors import Refusal
from streamproof_mock.behaviour.fields import (
    Field,
    a_boolean,
    a_number,
    a_string,
    an_integer,
    an_object,
    check,
    missing,
    wrong,
)
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.utterance import Utterance, prompt_tokens, speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan

_DEFAULT_TOKENS: Final = 256
FIELDS: Final = (
    Field("prompt", "a string", a_string),
    Field("stream", "a boolean", a_boolean),
    Field("max_tokens", "an integer of at least 1", an_integer(1)),
    Field("temperature", "a number from 0 to 5", a_number(0, 5)),
    Field("top_p", "a number from 0 to 2", a_number(0, 2)),
    Field("response_format", "an object", an_object),
)


def answer(call: Call) -> AnswerPlan:
    """The answer to a text generation request; `/api/chat` always streams.  Raises Refusal."""
    body = call.body
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid input: the body is not a JSON object.")
    check(body, FIELDS)
    messages = _messages(body)
    tools = _tools(body.get("tools"))
    is_answered = messages[-1].get("role") in ("tool", "function")
    wants_json = isinstance(body.get("response_format"), dict) and body["response_format"].get("type") == "json_object"
    utterance = speak(
        called=() if is_answered else tools[:1],
        schema={"type": "object", "properties": {"greeting": {"const": "Hello"}}} if wants_json else None,
        max_tokens=body.get("max_tokens") or _DEFAULT_TOKENS,
    )
    prompt = prompt_tokens(messages, tools)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": utterance.tokens,
        "total_tokens": prompt + utterance.tokens,
    }
    if call.route.streams or body.get("stream"):
        return event_stream("workers-ai", body, _events(utterance, usage))
    result: dict[str, Any] = {"response": "".join(utterance.text), "usage": usage}
    if utterance.calls:
        result["tool_calls"] = _calls(utterance)
    return json_reply(200, {"result": result, "success": True, "errors": [], "messages": []})


def _events(utterance: Utterance, usage: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for token in utterance.text:
        yield {"response": token}
    if utterance.calls:
        yield {"tool_calls": _calls(utterance)}
    finish = utterance.cut or ("tool_calls" if utterance.calls else "stop")
    yield {"response": "", "finish_reason": finish, "usage": usage}


def _calls(utterance: Utterance) -> list[dict[str, Any]]:
    return [
        {
            "id": call.id,
            "type": "function",
            "index": number,
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for number, call in enumerate(utterance.calls)
    ]


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = body.get("messages")
    if messages is None:
        if not body.get("prompt"):
            raise missing("messages")
        return [{"role": "user", "content": body["prompt"]}]
    if not isinstance(messages, list) or not messages:
        raise wrong("messages", "an array of at least one message", messages)
    for number, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise wrong(f"messages[{number}]", "an object with a role", message)
        if not isinstance(message.get("content"), (str, list, type(None))):
            raise wrong(f"messages[{number}].content", "a string or an array of parts", message["content"])
    return messages


def _tools(value: Any) -> tuple[Tool, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise wrong("tools", "an array", value)
    found = []
    for number, tool in enumerate(value):
        # Two shapes are documented: OpenAI's, and the function by itself.
        function = tool.get("function", tool) if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise wrong(f"tools[{number}]", "a function with a name", tool)
        found.append(Tool(function["name"], function.get("parameters") or {"type": "object"}))
    return tuple(found)

"""Responses, streamed and whole; nothing is kept of them, so none can be gone on from or taken up again."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from streamproof_formats.dialects import validate_request
from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.chat_request import Tool
from streamproof_mock.behaviour.errors import Refusal
from streamproof_mock.behaviour.fields import missing
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.utterance import Utterance, prompt_tokens, speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan
from streamproof_scenarios.words.openai_responses import NAME, OpenaiResponses

_ANSWERS_TO_CALLS: Final = ("function_call_output", "custom_tool_call_output")
_DEFAULT_OBJECT: Final = {"type": "object", "properties": {"greeting": {"const": "Hello"}}}


def answer(call: Call) -> AnswerPlan:
    """The answer to a request for a response.  Raises Refusal."""
    body = call.body
    _check(body)
    items = _items(body)
    tools = _tools(body)
    utterance = speak(
        called=_called(body, tools, items), schema=_json_schema(body), max_tokens=body.get("max_output_tokens")
    )
    texts = [{"content": body.get("instructions")}, *items] if body.get("instructions") else items
    usage = {"input": prompt_tokens(texts, tools), "output": utterance.tokens}
    events = list(_events(body, utterance, usage))
    if body.get("stream"):
        options = body.get("stream_options") or {}
        return event_stream(NAME, body, events if options.get("include_obfuscation") is False else map(_padded, events))
    return json_reply(200, events[-1]["response"])


def _events(body: Mapping[str, Any], utterance: Utterance, usage: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    speaker = OpenaiResponses(body, mark=f"{secrets.token_hex(8)}_", created=int(time.time()))
    words: list[tuple[str, Any]] = [("role", "assistant"), *(("text", token) for token in utterance.text)]
    for number, called in enumerate(utterance.calls):
        words.append(("tool", {"index": number, "id": called.id, "name": called.name}))
        words += [("tool", {"index": number, "arguments": piece}) for piece in called.pieces]
    words += [("finish", utterance.cut or "stop"), ("usage", usage), ("done", True)]
    for word, value in words:
        for saying in speaker.say(word, value, 0):
            yield saying.json


def _padded(event: dict[str, Any]) -> dict[str, Any]:
    # "By default, obfuscation is included": ResponseStreamOptions, include_obfuscation.
    if not str(event["type"]).endswith(".delta"):
        return event
    return {**event, "obfuscation": secrets.token_urlsafe(secrets.randbelow(8))}


def _check(body: Any) -> None:
    if not isinstance(body, dict):
        raise Refusal(400, "We could not parse the JSON body of your request: expected an object.")
    if not body.get("model"):
        raise missing("model")
    if body.get("input") is None:
        raise missing("input")
    faults = validate_request(NAME, body)
    if faults:
        place, _, fault = faults[0].partition(": ")
        param = place.removeprefix("$").removeprefix(".") or None
        code = "missing_required_parameter" if fault.endswith("found nothing") else "invalid_value"
        raise Refusal(400, f"Invalid value for '{param or 'body'}': {fault}.", param, code)
    for key in ("previous_response_id", "conversation"):
        if body.get(key) is not None:
            message = f"Invalid value for '{key}': nothing of that identifier is kept here."
            raise Refusal(404, message, key, "not_found")


def _items(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    given = body["input"]
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    items: list[Mapping[str, Any]] = given
    return items


def _tools(body: Mapping[str, Any]) -> tuple[Tool, ...]:
    return tuple(
        Tool(tool["name"], tool.get("parameters") or {"type": "object"})
        for tool in body.get("tools") or ()
        if tool["type"] == "function"
    )


def _called(body: Mapping[str, Any], tools: tuple[Tool, ...], items: list[Mapping[str, Any]]) -> tuple[Tool, ...]:
    choice = body.get("tool_choice") or "auto"
    most = 1 if body.get("parallel_tool_calls") is False else 2
    name = choice.get("name") if isinstance(choice, dict) and choice["type"] == "function" else None
    if name is not None:
        found = tuple(tool for tool in tools if tool.name == name)[:1]
        if not found:
            message = f"Invalid value for 'tool_choice': no function named {name!r} was specified."
            raise Refusal(400, message, "tool_choice", "invalid_value")
        return found
    if choice == "required" and not tools:
        raise Refusal(400, "Invalid value for 'tool_choice': there is no tool to call.", "tool_choice", "invalid_value")
    # Left to itself the endpoint calls once, and answers in words once it has a result.
    is_answered = bool(items) and items[-1].get("type") in _ANSWERS_TO_CALLS
    if choice == "none" or (choice != "required" and is_answered):
        return ()
    return tools[:most]


def _json_schema(body: Mapping[str, Any]) -> Any:
    match (body.get("text") or {}).get("format"):
        case {"type": "json_object"}:
            return _DEFAULT_OBJECT
        case {"type": "json_schema", "schema": dict(schema)}:
            return schema
        case {"type": "json_schema"}:
            raise missing("text.format.schema")
        case _:
            return None

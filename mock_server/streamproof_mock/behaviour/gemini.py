"""Gemini's generateContent and streamGenerateContent: events with `alt=sse`, a JSON array without it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

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
    one_of,
    wrong,
)
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.tokens import count
from streamproof_mock.behaviour.utterance import Utterance, prompt_tokens, speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan

_MODEL: Final = re.compile(r"/models/([^/]+):[A-Za-z]+$")
_ROLES: Final = ("user", "model", "function")
_THOUGHT: Final = ("Someone", " says", " hello", ".")
_SNAKE: Final = re.compile(r"_([a-z])")


def _are_texts(most: int) -> Any:
    return lambda value: isinstance(value, list) and len(value) <= most and all(isinstance(part, str) for part in value)


FIELDS: Final = (
    Field("systemInstruction", "an object", an_object),
    Field("toolConfig", "an object", an_object),
    Field("generationConfig", "an object", an_object),
    Field("safetySettings", "an array", lambda value: isinstance(value, list)),
    Field("cachedContent", "a string", a_string),
)
CONFIG: Final = (
    Field("candidateCount", "an integer from 1 to 8", an_integer(1, 8)),
    Field("maxOutputTokens", "an integer of at least 1", an_integer(1)),
    Field("stopSequences", "an array of at most 5 strings", _are_texts(5)),
    Field("temperature", "a number from 0 to 2", a_number(0, 2)),
    Field("topP", "a number from 0 to 1", a_number(0, 1)),
    Field("topK", "a number", a_number(0, 1e9)),
    Field("seed", "an integer", an_integer(-(2**31), 2**31)),
    Field(
        "responseMimeType", "text/plain or application/json", one_of("text/plain", "application/json", "text/x.enum")
    ),
    Field("responseSchema", "an object", an_object),
    Field("thinkingConfig", "an object", an_object),
)
THINKING: Final = (
    Field("includeThoughts", "a boolean", a_boolean),
    Field("thinkingBudget", "an integer", an_integer(-1)),
)
CALLING: Final = (
    Field("mode", "AUTO, ANY, NONE or VALIDATED", one_of("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")),
    Field("allowedFunctionNames", "an array of strings", _are_texts(1000)),
)


@attrs.frozen(kw_only=True)
class _Asked:
    """What the answer depends on."""

    model: str
    spoken: tuple[Utterance, ...]
    thoughts: tuple[str, ...]
    prompt: int


def answer(call: Call) -> AnswerPlan:
    """The answer to a call of either method.  Raises Refusal."""
    asked = _asked(call)
    if not call.route.streams:
        return json_reply(200, _whole(asked))
    if call.query.get("alt") == "sse":
        return event_stream("gemini", call.body, _chunks(asked))
    return json_reply(200, list(_chunks(asked)))


def _asked(call: Call) -> _Asked:
    if not isinstance(call.body, dict):
        raise Refusal(400, "Invalid JSON payload received. Expected an object.")
    # JSON of protocol buffers takes a field by either of its names.
    body = _camel(call.body, depth=3)
    check(body, FIELDS)
    config = body.get("generationConfig") or {}
    check(config, CONFIG, "generationConfig.")
    thinking = config.get("thinkingConfig") or {}
    check(thinking, THINKING, "generationConfig.thinkingConfig.")
    contents = _contents(body.get("contents"))
    tools = _tools(body.get("tools"))
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if config.get("responseMimeType") == "application/json" and schema is None:
        schema = {"type": "object", "properties": {"greeting": {"const": "Hello"}}}
    called = _called(body.get("toolConfig") or {}, tools, contents)
    spoken = tuple(
        speak(
            called=called,
            schema=None if schema is None else _plain(schema),
            stop=config.get("stopSequences") or (),
            max_tokens=config.get("maxOutputTokens"),
        )
        for _ in range(config.get("candidateCount") or 1)
    )
    named = _MODEL.search(call.path)
    return _Asked(
        model=named[1] if named else "streamproof-mock",
        spoken=spoken,
        thoughts=_THOUGHT if thinking.get("includeThoughts") else (),
        prompt=prompt_tokens([{"content": content["parts"]} for content in contents], tools),
    )


def _envelope(asked: _Asked) -> dict[str, Any]:
    return {"modelVersion": asked.model, "responseId": secrets.token_urlsafe(12)}


def _chunks(asked: _Asked) -> Iterator[dict[str, Any]]:
    envelope = _envelope(asked)
    made = thought = 0
    pieces = [(index, *piece) for index, utterance in enumerate(asked.spoken) for piece in _pieces(asked, utterance)]
    for index, part, tokens, finish in pieces:
        if part.get("thought"):
            thought += tokens
        else:
            made += tokens
        candidate = {"content": {"parts": [part], "role": "model"}, "index": index}
        if finish is not None:
            candidate["finishReason"] = finish
        yield {"candidates": [candidate], "usageMetadata": _usage(asked.prompt, made, thought), **envelope}


def _pieces(asked: _Asked, utterance: Utterance) -> Iterator[tuple[dict[str, Any], int, str | None]]:
    """The parts of one candidate, their tokens, and the reason beside the last."""
    for token in asked.thoughts:
        yield {"text": token, "thought": True}, 1, None
    for token in utterance.text:
        yield {"text": token}, 1, None
    for call in utterance.calls:
        if call.value is not None:
            yield _call_part(call.id, call.name, call.value), count(call.name) + len(call.pieces), None
    yield {"text": ""}, 0, _finish(utterance)


def _whole(asked: _Asked) -> dict[str, Any]:
    candidates = []
    made = thought = 0
    for index, utterance in enumerate(asked.spoken):
        parts: list[dict[str, Any]] = []
        if asked.thoughts:
            parts.append({"text": "".join(asked.thoughts), "thought": True})
        if utterance.text:
            parts.append({"text": "".join(utterance.text)})
        for _, tokens, _ in _pieces(asked, utterance):
            made += tokens
        made -= len(asked.thoughts)
        thought += len(asked.thoughts)
        parts += [_call_part(call.id, call.name, call.value) for call in utterance.calls if call.value is not None]
        content = {"parts": parts, "role": "model"}
        candidates.append({"content": content, "finishReason": _finish(utterance), "index": index})
    return {
        "candidates": candidates,
        "usageMetadata": _usage(asked.prompt, made, thought),
        **_envelope(asked),
    }


def _call_part(identifier: str, name: str, args: Any) -> dict[str, Any]:
    return {"functionCall": {"id": identifier, "name": name, "args": args}}


def _finish(utterance: Utterance) -> str:
    return "STOP" if utterance.cut is None else "MAX_TOKENS"


def _usage(prompt: int, made: int, thought: int) -> dict[str, int]:
    thoughts = {"thoughtsTokenCount": thought} if thought else {}
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": made,
        **thoughts,
        "totalTokenCount": prompt + made + thought,
    }


def _called(
    tool_config: Mapping[str, Any], tools: tuple[Tool, ...], contents: list[dict[str, Any]]
) -> tuple[Tool, ...]:
    config = tool_config.get("functionCallingConfig") or {}
    if not isinstance(config, dict):
        raise wrong("toolConfig.functionCallingConfig", "an object", config)
    check(config, CALLING, "toolConfig.functionCallingConfig.")
    mode = config.get("mode") or "AUTO"
    allowed = config.get("allowedFunctionNames")
    if allowed and mode not in ("ANY", "VALIDATED"):
        raise Refusal(400, "allowedFunctionNames is only allowed with the mode ANY or VALIDATED.")
    for name in allowed or ():
        if name not in (tool.name for tool in tools):
            raise Refusal(400, f"allowedFunctionNames names {name!r}, which is not declared.")
    if mode == "NONE":
        return ()
    if mode == "ANY":
        return tuple(tool for tool in tools if not allowed or tool.name in allowed)[:2]
    # Left to itself the endpoint calls once, and answers in words once it has a result.
    answered = any("functionResponse" in part for part in contents[-1]["parts"])
    return () if answered else tools[:2]


def _contents(value: Any) -> list[dict[str, Any]]:
    if not value:
        raise missing("contents")
    if not isinstance(value, list):
        raise wrong("contents", "an array of contents", value)
    found = []
    for number, content in enumerate(value):
        place = f"contents[{number}]"
        if not isinstance(content, dict):
            raise wrong(place, "an object", content)
        if content.get("role") not in (*_ROLES, None):
            raise wrong(f"{place}.role", f"one of {', '.join(_ROLES)}", content.get("role"))
        if not isinstance(content.get("parts"), list) or not content["parts"]:
            raise wrong(f"{place}.parts", "an array of at least one part", content.get("parts"))
        parts = [_part(part, f"{place}.parts[{inner}]") for inner, part in enumerate(content["parts"])]
        found.append({**content, "parts": parts})
    return found


def _part(part: Any, place: str) -> dict[str, Any]:
    if not isinstance(part, dict):
        raise wrong(place, "an object", part)
    if part.get("text") is not None and not isinstance(part["text"], str):
        raise wrong(f"{place}.text", "a string", part["text"])
    return _camel(part, depth=0)


def _tools(value: Any) -> tuple[Tool, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise wrong("tools", "an array of tools", value)
    found = []
    for number, tool in enumerate(value):
        declared = _camel(tool, depth=0).get("functionDeclarations") if isinstance(tool, dict) else None
        for inner, function in enumerate(declared if isinstance(declared, list) else ()):
            place = f"tools[{number}].functionDeclarations[{inner}]"
            if not isinstance(function, dict) or not isinstance(function.get("name"), str):
                raise wrong(
                    f"{place}.name", "a string", function.get("name") if isinstance(function, dict) else function
                )
            own = _camel(function, depth=0)
            parameters = own.get("parametersJsonSchema") or own.get("parameters") or {"type": "object"}
            found.append(Tool(function["name"], _plain(parameters)))
    return tuple(found)


def _plain(schema: Any) -> Any:
    """A schema with its types in lower case: those of the API's own kind of schema are in capitals."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.lower() if key == "type" and isinstance(value, str) else _plain(value)
        for key, value in schema.items()
    }


def _camel(value: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """The same with the keys of the outermost levels in camel case."""
    return {
        _SNAKE.sub(lambda match: match[1].upper(), key): _camel(item, depth - 1)
        if depth and isinstance(item, dict)
        else item
        for key, item in value.items()
    }

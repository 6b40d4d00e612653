"""A chat completions request, checked: what the endpoint needs of it, or a refusal.

Document: OpenAI OpenAPI, `CreateChatCompletionRequest`.  Fields that the endpoint does not know are let pass, as the
compatible servers do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

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

_ROLES: Final = ("developer", "system", "user", "assistant", "tool", "function")
_TIERS: Final = {
    "auto": "default", "default": "default", "flex": "flex", "scale": "scale", "priority": "priority",
    # "service_tier: fast" is shown as `priority` in a response (rule OC-42b).
    "fast": "priority",
}  # fmt: skip
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def _is_stop(value: Any) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, list) and 1 <= len(value) <= 4 and all(isinstance(part, str) for part in value)


FIELDS: Final = (
    Field("model", "a string", a_string),
    Field("stream", "a boolean", a_boolean),
    Field("stream_options", "an object", an_object),
    Field("n", "an integer from 1 to 128", an_integer(1, 128)),
    Field("max_tokens", "an integer of at least 1", an_integer(1)),
    Field("max_completion_tokens", "an integer of at least 1", an_integer(1)),
    Field("temperature", "a number from 0 to 2", a_number(0, 2)),
    Field("top_p", "a number from 0 to 1", a_number(0, 1)),
    Field("presence_penalty", "a number from -2 to 2", a_number(-2, 2)),
    Field("frequency_penalty", "a number from -2 to 2", a_number(-2, 2)),
    Field("stop", "a string or an array of 1 to 4 strings", _is_stop),
    Field("seed", "an integer", an_integer(-(2**63), 2**63)),
    Field("logprobs", "a boolean", a_boolean),
    Field("top_logprobs", "an integer from 0 to 20", an_integer(0, 20)),
    Field("logit_bias", "an object", an_object),
    Field("parallel_tool_calls", "a boolean", a_boolean),
    Field("service_tier", f"one of {', '.join(_TIERS)}", one_of(*_TIERS)),
    Field("response_format", "an object", an_object),
    Field("user", "a string", a_string),
    Field("store", "a boolean", a_boolean),
    Field("metadata", "an object", an_object),
)
_STREAM_OPTIONS: Final = (
    Field("include_usage", "a boolean", a_boolean),
    Field("include_obfuscation", "a boolean", a_boolean),
)


@attrs.frozen
class Tool:
    """A function that may be called."""

    name: str
    parameters: Any


@attrs.frozen(kw_only=True)
class ChatRequest:
    """What the answer depends on."""

    model: str
    messages: tuple[Mapping[str, Any], ...]
    stream: bool = False
    include_usage: bool = False
    obfuscate: bool = False
    n: int = 1
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    called: tuple[Tool, ...] = ()
    """The tools that the endpoint calls, in order."""
    tools_given: tuple[Tool, ...] = ()
    forced: bool = False
    """A call of one named tool or function was asked for."""
    legacy: bool = False
    """The call is a `function_call`."""
    json_schema: Any = None
    """A schema for the text, where the text must be JSON."""
    logprobs: bool = False
    top_logprobs: int = 0
    service_tier: str | None = None


def chat_request(body: Any) -> ChatRequest:
    """Reads a request body.  Raises Refusal."""
    if not isinstance(body, dict):
        raise Refusal(400, "We could not parse the JSON body of your request: expected an object.")
    if not body.get("model"):
        raise missing("model")
    check(body, FIELDS)
    messages = _messages(body)
    options = body.get("stream_options") or {}
    check(options, _STREAM_OPTIONS, "stream_options.")
    stream = bool(body.get("stream"))
    if body.get("stream_options") is not None and not stream:
        # CreateChatCompletionRequest, stream_options: "Only set this when you set stream: true".
        raise Refusal(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        # CreateChatCompletionRequest, top_logprobs: "logprobs must be set to true if this parameter is used".
        raise Refusal(400, "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs")
    called, given, forced, legacy = _calls(body, messages)
    limits = [body[name] for name in ("max_tokens", "max_completion_tokens") if body.get(name) is not None]
    stop = body.get("stop")
    return ChatRequest(
        model=body["model"],
        messages=messages,
        stream=stream,
        include_usage=bool(options.get("include_usage")),
        obfuscate=bool(options.get("include_obfuscation")),
        n=body.get("n") or 1,
        max_tokens=min(limits) if limits else None,
        stop=tuple(part for part in ([stop] if isinstance(stop, str) else stop or ()) if part),
        called=called,
        tools_given=given,
        forced=forced,
        legacy=legacy,
        json_schema=_json_schema(body.get("response_format")),
        logprobs=bool(body.get("logprobs")),
        top_logprobs=body.get("top_logprobs") or 0,
        service_tier=_TIERS.get(body.get("service_tier") or ""),
    )


def _messages(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    messages = body.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list) or not messages:
        raise wrong("messages", "an array of at least one message", messages)
    for number, message in enumerate(messages):
        place = f"messages[{number}]"
        if not isinstance(message, dict):
            raise wrong(place, "an object", message)
        if message.get("role") not in _ROLES:
            raise wrong(f"{place}.role", f"one of {', '.join(_ROLES)}", message.get("role"))
        content = message.get("content")
        # An assistant's message may have calls, a refusal or audio in place of content.
        if content is None and message["role"] not in ("assistant", "function"):
            raise missing(f"{place}.content")
        if content is not None and not isinstance(content, (str, list)):
            raise wrong(f"{place}.content", "a string or an array of parts", content)
    return tuple(messages)


def _calls(
    body: Mapping[str, Any], messages: tuple[Mapping[str, Any], ...]
) -> tuple[tuple[Tool, ...], tuple[Tool, ...], bool, bool]:
    """Which tools to call, which were given, whether the call was forced, whether it is a legacy one."""
    if body.get("functions") is not None or body.get("function_call") is not None:
        given = _functions(body.get("functions"))
        name = _choice(body.get("function_call"), "function_call", given, ("none", "auto"))
        called = _chosen(name, given, messages, at_most=1)
        return called, given, name not in ("none", "auto"), True
    given = _tools(body.get("tools"))
    for field in ("tool_choice", "parallel_tool_calls"):
        if body.get(field) is not None and not given:
            raise Refusal(
                400, f"Invalid value for '{field}': '{field}' is only allowed when 'tools' are specified.", field
            )
    name = _choice(body.get("tool_choice"), "tool_choice", given, ("none", "auto", "required"))
    at_most = 1 if body.get("parallel_tool_calls") is False else 2
    return _chosen(name, given, messages, at_most), given, name not in ("none", "auto", "required"), False


def _chosen(
    name: str, given: tuple[Tool, ...], messages: tuple[Mapping[str, Any], ...], at_most: int
) -> tuple[Tool, ...]:
    if name == "none" or not given:
        return ()
    if name == "required":
        return given[:at_most]
    if name != "auto":
        return tuple(tool for tool in given if tool.name == name)[:1]
    # Left to itself the endpoint calls once, and answers in words once it has a result.
    return given[:at_most] if messages[-1]["role"] not in ("tool", "function") else ()


def _tools(value: Any) -> tuple[Tool, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        raise wrong("tools", "an array of at least one tool", value)
    found = []
    for number, tool in enumerate(value):
        if not isinstance(tool, dict) or tool.get("type") not in ("function", "custom"):
            raise wrong(
                f"tools[{number}].type", "function or custom", tool.get("type") if isinstance(tool, dict) else tool
            )
        function = tool.get(tool["type"])
        if tool["type"] == "function":
            found.append(_tool(function, f"tools[{number}].function"))
    return tuple(found)


def _functions(value: Any) -> tuple[Tool, ...]:
    if not isinstance(value, list) or not value:
        raise wrong("functions", "an array of at least one function", value)
    return tuple(_tool(function, f"functions[{number}]") for number, function in enumerate(value))


def _tool(function: Any, place: str) -> Tool:
    if not isinstance(function, dict):
        raise wrong(place, "an object", function)
    name = function.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise wrong(f"{place}.name", "1 to 64 letters, digits, underscores and dashes", name)
    if function.get("parameters") is not None and not isinstance(function["parameters"], dict):
        raise wrong(f"{place}.parameters", "an object", function["parameters"])
    return Tool(name, function.get("parameters") or {"type": "object"})


def _choice(value: Any, field: str, given: tuple[Tool, ...], words: tuple[str, ...]) -> str:
    if value is None:
        return "auto"
    if isinstance(value, str):
        if value not in words:
            raise wrong(field, f"one of {', '.join(words)}, or an object", value)
        return value
    named = value.get("function") if field == "tool_choice" and isinstance(value, dict) else value
    name = named.get("name") if isinstance(named, dict) else None
    if not isinstance(name, str):
        raise wrong(field, f"one of {', '.join(words)}, or the name of a function", value)
    if name not in (tool.name for tool in given):
        raise Refusal(400, f"Invalid value for '{field}': no function named {name!r} was specified.", field)
    return name


def _json_schema(value: Any) -> Any:
    if value is None:
        return None
    match value.get("type"):
        case "text":
            return None
        case "json_object":
            return {"type": "object", "properties": {"greeting": {"const": "Hello"}}}
        case "json_schema":
            described = value.get("json_schema")
            if not isinstance(described, dict) or not isinstance(described.get("name"), str):
                raise missing("response_format.json_schema.name")
            return described.get("schema") or {"type": "object"}
        case other:
            raise wrong("response_format.type", "text, json_object or json_schema", other)

"""Ollama's `/api/chat`: JSON lines, or one JSON answer; and the loading of a model, which does nothing here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter_ns
from typing import Any, Final

from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.chat_request import Tool
from streamproof_mock.behaviour.errors import Refusal
from streamproof_mock.behaviour.fields import (
    Field,
    Test,
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

_ROLES: Final = ("system", "user", "assistant", "tool")
_THOUGHT: Final = ("Someone", " says", " hello", ".")
_LOGPROB: Final = -0.25
_NANOSECONDS_PER_TOKEN: Final = 10_000_000


def _or(*tests: Test) -> Test:
    return lambda value: any(test(value) for test in tests)


def _is_stop(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


FIELDS: Final = (
    Field("model", "a string", a_string),
    Field("stream", "a boolean", a_boolean),
    Field("format", "json or a JSON Schema", _or(lambda value: value in ("", "json"), an_object)),
    Field("options", "an object", an_object),
    Field("think", "a boolean or a level", _or(a_boolean, a_string)),
    Field("keep_alive", "a duration or a number of seconds", _or(a_string, a_number(-1e9, 1e9))),
    Field("logprobs", "a boolean", a_boolean),
    Field("top_logprobs", "an integer from 0 to 20", an_integer(0, 20)),
)
OPTIONS: Final = (
    Field("num_predict", "an integer", an_integer(-(2**31), 2**31)),
    Field("temperature", "a number", a_number(-1e9, 1e9)),
    Field("top_p", "a number", a_number(-1e9, 1e9)),
    Field("top_k", "an integer", an_integer(-(2**31), 2**31)),
    Field("seed", "an integer", an_integer(-(2**63), 2**63)),
    Field("stop", "an array of strings", _is_stop),
)


def answer(call: Call) -> AnswerPlan:
    """The answer to a chat request; streaming is the default.  Raises Refusal."""
    body = call.body
    if not isinstance(body, dict):
        raise Refusal(400, "invalid request: expected a JSON object")
    if not body.get("model"):
        raise Refusal(400, "model is required")
    check(body, FIELDS)
    options = body.get("options") or {}
    check(options, OPTIONS, "options.")
    messages, tools = _messages(body.get("messages")), _tools(body.get("tools"))
    if not messages:
        reason = "unload" if body.get("keep_alive") in (0, "0", "0s") else "load"
        return json_reply(200, _Lines(body["model"]).last("", reason))
    limit = options.get("num_predict")
    utterance = speak(
        called=() if messages[-1]["role"] == "tool" else tools[:2],
        schema=_schema(body.get("format")),
        stop=options.get("stop") or (),
        # -1 and -2 mean as many as there are, and as the context holds; 0 asks for none, and Ollama reads it as unset.
        max_tokens=limit if limit and limit > 0 else None,
    )
    prompt = prompt_tokens(messages, tools)
    if body.get("stream") is False:
        return json_reply(200, _whole(body, utterance, prompt))
    return event_stream("ollama-chat", body, _stream(body, utterance, prompt))


class _Lines:
    """Chunks of one answer, each a microsecond later than the one before."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._begun = datetime.now(UTC)
        self._count = 0
        self._started_ns = perf_counter_ns()

    def line(self, content: str, **message: Any) -> dict[str, Any]:
        self._count += 1
        created = self._begun + timedelta(microseconds=self._count)
        return {
            "model": self._model,
            "created_at": created.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "message": {"role": "assistant", "content": content, **message},
            "done": False,
        }

    def last(self, content: str, reason: str, **fields: Any) -> dict[str, Any]:
        return {**self.line(content, **fields), "done": True, "done_reason": reason}


def _stream(body: Mapping[str, Any], utterance: Utterance, prompt: int) -> Iterator[dict[str, Any]]:
    lines = _Lines(body["model"])
    thought = _THOUGHT if body.get("think") else ()
    for piece in thought:
        yield lines.line("", thinking=piece)
    for token in utterance.text:
        yield {**lines.line(token), **_logprobs(body, [token])}
    if utterance.calls:
        yield lines.line("", tool_calls=_calls(utterance))
    yield {**lines.last("", utterance.cut or "stop"), **_figures(prompt, utterance.tokens + len(thought))}


def _whole(body: Mapping[str, Any], utterance: Utterance, prompt: int) -> dict[str, Any]:
    message: dict[str, Any] = {}
    thought = _THOUGHT if body.get("think") else ()
    if thought:
        message["thinking"] = "".join(thought)
    if utterance.calls:
        message["tool_calls"] = _calls(utterance)
    whole = _Lines(body["model"]).last("".join(utterance.text), utterance.cut or "stop", **message)
    return {**whole, **_figures(prompt, utterance.tokens + len(thought)), **_logprobs(body, utterance.text)}


def _figures(prompt: int, made: int) -> dict[str, int]:
    reading, writing = prompt * _NANOSECONDS_PER_TOKEN // 10, made * _NANOSECONDS_PER_TOKEN
    return {
        "total_duration": reading + writing + _NANOSECONDS_PER_TOKEN,
        "load_duration": _NANOSECONDS_PER_TOKEN // 2,
        "prompt_eval_count": prompt,
        "prompt_eval_duration": reading,
        "eval_count": made,
        "eval_duration": writing,
    }


def _calls(utterance: Utterance) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "function": {"index": place, "name": call.name, "arguments": call.value}}
        for place, call in enumerate(utterance.calls)
        if call.value is not None
    ]


def _logprobs(body: Mapping[str, Any], tokens: Any) -> dict[str, Any]:
    if not body.get("logprobs"):
        return {}
    top = body.get("top_logprobs") or 0
    entries = [{"token": token, "logprob": _LOGPROB, "bytes": list(token.encode())} for token in tokens]
    return {"logprobs": [{**entry, "top_logprobs": [entry][:top]} for entry in entries]}


def _schema(value: Any) -> Any:
    if not value:
        return None
    return value if isinstance(value, dict) else {"type": "object", "properties": {"greeting": {"const": "Hello"}}}


def _messages(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong("messages", "an array of messages", value)
    for number, message in enumerate(value):
        place = f"messages[{number}]"
        if not isinstance(message, dict):
            raise wrong(place, "an object", message)
        if message.get("role") not in _ROLES:
            raise wrong(f"{place}.role", f"one of {', '.join(_ROLES)}", message.get("role"))
        if not isinstance(message.get("content", ""), str):
            raise wrong(f"{place}.content", "a string", message["content"])
    return value


def _tools(value: Any) -> tuple[Tool, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise wrong("tools", "an array of tools", value)
    found = []
    for number, tool in enumerate(value):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict):
            raise wrong(f"tools[{number}].function", "an object", function)
        if not isinstance(function.get("name"), str) or not function["name"]:
            raise missing(f"tools[{number}].function.name")
        found.append(Tool(function["name"], function.get("parameters") or {"type": "object"}))
    return tuple(found)

"""Writes streams for the tables of these tests: values in, the bytes of a body out."""

from __future__ import annotations

import json
from typing import Any

from streamproof_formats.judge import Judgement, judge

DONE = "[DONE]"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}


def body(*events: Any) -> bytes:
    """One event for each: JSON for an object, data as it is for a text, bytes as they are."""
    return b"".join(event if isinstance(event, bytes) else _event(event) for event in events)


def _event(data: Any) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
    return b"data: " + text.encode() + b"\n\n"


def chunk(*choices: Any, **fields: Any) -> dict[str, Any]:
    """A chunk of openai-chat; a field given as ... is left out."""
    whole = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": list(choices),
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not ...}


def entry(delta: Any, finish: Any = None, index: Any = 0, **fields: Any) -> dict[str, Any]:
    """A chunk's entry for a choice; a field given as ... is left out."""
    whole = {"index": index, "delta": delta, "finish_reason": finish, **fields}
    return {key: value for key, value in whole.items() if value is not ...}


def say(delta: Any, finish: Any = None, index: Any = 0, **fields: Any) -> dict[str, Any]:
    """A chunk with one entry; `fields` are those of the chunk."""
    return chunk(entry(delta, finish, index), **fields)


def role(index: int = 0, **fields: Any) -> dict[str, Any]:
    return say({"role": "assistant", "content": ""}, index=index, **fields)


def text(content: Any, index: int = 0, **fields: Any) -> dict[str, Any]:
    return say({"content": content}, index=index, **fields)


def finish(reason: Any = "stop", index: int = 0, **fields: Any) -> dict[str, Any]:
    return say({}, reason, index, **fields)


def tool(index: Any = 0, call_id: Any = ..., name: Any = ..., arguments: Any = ..., kind: Any = ...) -> dict[str, Any]:
    """A chunk with one delta of a tool call; a first one has `type` unless `kind` says otherwise."""
    if kind is ... and call_id is not ...:
        kind = "function"
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not ...}
    piece = {"index": index, "id": call_id, "type": kind, "function": function or ...}
    return say({"tool_calls": [{key: value for key, value in piece.items() if value is not ...}]})


def call(index: int = 0, name: str = "f", arguments: str = "{}") -> dict[str, Any]:
    """A whole tool call in one chunk."""
    return tool(index, f"call_{index}", name, arguments)


def function(**fields: Any) -> dict[str, Any]:
    return say({"function_call": fields})


def usage(given: Any = 1, made: Any = 2, total: Any = 3, **fields: Any) -> dict[str, Any]:
    return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": total, **fields}


def asked(**fields: Any) -> dict[str, Any]:
    """A request that streams, with these fields."""
    return {**ASKED, **fields}


def token(name: str, likeliest: int = 0) -> dict[str, Any]:
    """One entry of log probabilities."""
    entry = {"token": name, "logprob": -0.5, "bytes": list(name.encode())}
    return {**entry, "top_logprobs": [entry] * likeliest}


def judged(dialect: str, stream: bytes, **options: Any) -> Judgement:
    return judge(stream, dialect, **options)


def rules(judgement: Judgement) -> list[str]:
    """Ids of the rules that were broken, sorted, repeats kept."""
    return sorted(finding.rule for finding in judgement.findings)

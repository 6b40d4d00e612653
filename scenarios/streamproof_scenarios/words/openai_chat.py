"""The words of openai-chat: chunks of chat completions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable, token_counts

CREATED: Final = 1_700_000_000
DONE: Final = "[DONE]"


class OpenaiChat(Speaker):
    """See Speaker."""

    def __init__(self, request: Mapping[str, Json]) -> None:
        model = request.get("model")
        options = request.get("stream_options")
        self._model = model if isinstance(model, str) else "m"
        # "All other chunks will also include a usage field, but with a null value." -- OpenAI API specification 2.3.0,
        # ChatCompletionStreamOptions.include_usage
        self._usage = isinstance(options, Mapping) and options.get("include_usage") is True

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        if word in _DELTAS:
            return (self._delta(_DELTAS[word](value), choice),)
        match word:
            case "finish":
                return (self._delta({}, choice, finish=value),)
            case "usage":
                counts = token_counts(value, ("prompt_tokens", "completion_tokens", "total_tokens"))
                return (Saying(json={**self._envelope(), "choices": [], "usage": counts}),)
            case "error":
                return (Saying(json=self.failure(value, 500)),)
            case "done":
                return (Saying(text=DONE),)
        raise Unsayable(f"openai-chat has no word '{word}'; write a chunk")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker."""
        return Saying(json={**self._delta({}, choice).json, **fields})

    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """See Speaker."""
        # All four fields are required of an error -- OpenAI API specification 2.3.0, Error
        usual = {"message": "The server had an error", "type": _error_type(status), "param": None, "code": None}
        return {"error": {**usual, **value}}

    def _envelope(self) -> dict[str, Json]:
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED, "model": self._model}

    def _delta(self, delta: dict[str, Json], choice: int, finish: str | None = None) -> Saying:
        entry = {"index": choice, "delta": delta, "finish_reason": finish}
        return Saying(json={**self._envelope(), "choices": [entry], **({"usage": None} if self._usage else {})})


def tool_delta(value: Mapping[str, Json]) -> dict[str, Json]:
    """An entry of `tool_calls`: the keys given, a type beside an id, empty arguments where a call opens."""
    entry: dict[str, Json] = {key: value[key] for key in ("index", "id", "type") if key in value}
    if value.get("id") is not None and "type" not in value:
        entry["type"] = "function"
    function = {key: value[key] for key in ("name", "arguments") if key in value}
    if "arguments" not in function and ("id" in value or "name" in value):
        function["arguments"] = ""
    return {**entry, **({"function": function} if function else {})}


def _error_type(status: int) -> str:
    if status == 429:
        return "rate_limit_error"
    return "invalid_request_error" if status < 500 else "server_error"


_DELTAS: Final[dict[str, Callable[[Any], dict[str, Json]]]] = {
    "role": lambda role: {"role": role, "content": ""},
    "text": lambda text: {"content": text},
    "reasoning": lambda text: {"reasoning_content": text},
    "refusal": lambda text: {"refusal": text},
    "tool": lambda call: {"tool_calls": [tool_delta(call)]},
    "function": lambda call: {"function_call": dict(call)},
}

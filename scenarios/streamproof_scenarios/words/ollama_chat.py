"""The words of ollama-chat: one line for each piece, and a last line that says why, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable
from streamproof_scenarios.words.whole_calls import WholeCall, WholeCalls

_COUNTS: Final = {"input": "prompt_eval_count", "output": "eval_count"}
DURATIONS: Final = {
    "total_duration": 900_000_000,
    "load_duration": 1_000_000,
    "prompt_eval_duration": 200_000_000,
    "eval_duration": 600_000_000,
}
"""Of the last line, in nanoseconds."""


class OllamaChat(Speaker):
    """See Speaker.  `finish` and `usage` are said by the last line, which `done` writes."""

    keeps_state = True

    def __init__(self, request: Mapping[str, Json]) -> None:
        model = request.get("model")
        self._model = model if isinstance(model, str) else "m"
        self._lines = 0
        self._calls = WholeCalls()
        self._last: dict[str, Json] = {}

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        _only_choice(choice)
        match word:
            case "role":
                return ()
            case "text":
                return (*self._ended_call(), self._line({"content": value}))
            case "reasoning":
                return (*self._ended_call(), self._line({"content": "", "thinking": value}))
            case "tool":
                return tuple(self._line(_call(call)) for call in self._calls.add(value))
            case "finish":
                self._last["done_reason"] = value
                return self._ended_call()
            case "usage":
                self._last |= _counts(value)
                return ()
            case "done":
                return (*self._ended_call(), self._line({"content": ""}, {"done": True, **self._last, **DURATIONS}))
            case "error":
                return (Saying(json=self.failure(value, 500)),)
        raise Unsayable(f"ollama-chat has no word '{word}'; take the dialect out, or write a chunk")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker."""
        _only_choice(choice)
        return self._line({"content": ""}, fields)

    def failure(self, value: Mapping[str, Json], status: int) -> Json:  # noqa: ARG002
        """See Speaker.  An error is a text and nothing more."""
        return {"error": value.get("message", "an error was encountered while running the model")}

    def _ended_call(self) -> tuple[Saying, ...]:
        return tuple(self._line(_call(call)) for call in self._calls.finish())

    def _line(self, message: Mapping[str, Json], fields: Mapping[str, Json] | None = None) -> Saying:
        self._lines += 1
        seconds, micros = divmod(self._lines, 1_000_000)
        minutes, seconds = divmod(seconds, 60)
        return Saying(
            json={
                "model": self._model,
                "created_at": f"2026-11-20T09:{minutes % 60:02}:{seconds:02}.{micros:06}Z",
                "message": {"role": "assistant", **message},
                "done": False,
                **(fields or {}),
            }
        )


def _only_choice(choice: int) -> None:
    if choice:
        raise Unsayable("ollama-chat has no choices; leave choice away")


def _call(call: WholeCall) -> dict[str, Any]:
    function = {"index": call.place, "name": call.name, "arguments": dict(call.arguments)}
    named = {} if call.id is None else {"id": call.id}
    return {"content": "", "tool_calls": [{**named, "function": function}]}


def _counts(value: Mapping[str, Json]) -> dict[str, Json]:
    if "total" in value:
        raise Unsayable("ollama-chat counts no total; leave total away")
    return {_COUNTS.get(key, key): count for key, count in value.items()}

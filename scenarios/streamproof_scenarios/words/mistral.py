"""The words of mistral: chunks close to those of OpenAI, with the usage beside the finish reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streamproof_scenarios.words.openai_chat import CREATED, DONE, error_type, tool_delta
from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable, token_counts

COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")
USUAL: Final = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
"""The usage of a finish reason before which the file says none: it is never without."""


class Mistral(Speaker):
    """See Speaker.  `usage` writes nothing: it is what the next `finish` writes."""

    keeps_state = True

    def __init__(self, request: Mapping[str, Json]) -> None:
        model = request.get("model")
        self._model = model if isinstance(model, str) else "m"
        self._usage: Json = USUAL
        self._finished = False

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        match word:
            case "role":
                return (self._delta({"role": value, "content": ""}, choice),)
            case "text":
                return (self._delta({"content": value}, choice),)
            case "reasoning":
                thought = {"type": "thinking", "thinking": [{"type": "text", "text": value}]}
                return (self._delta({"content": [thought]}, choice),)
            case "tool":
                call = tool_delta(value)
                # "default": "function" -- platform-docs-public (222f4ba), ToolCall, `type`
                call = call if "type" in value else {key: item for key, item in call.items() if key != "type"}
                return (self._delta({"content": "", "tool_calls": [call]}, choice),)
            case "usage":
                if self._finished:
                    raise Unsayable("mistral gives usage beside the finish reason; write usage before finish")
                self._usage = token_counts(value, COUNTS)
                return ()
            case "finish":
                self._finished = True
                return (Saying(json={**self._delta({"content": ""}, choice, value).json, "usage": self._usage}),)
            case "error":
                # No document has an error in a stream: this is the body of an answer that reports one.
                return (Saying(json=self.failure(value, 500)),)
            case "done":
                return (Saying(text=DONE),)
        raise Unsayable(f"mistral has no word '{word}'; take the dialect out, or write a chunk")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker."""
        return Saying(json={**self._delta({}, choice).json, **fields})

    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """See Speaker."""
        if status == 422:
            usual = {"type": "value_error", "loc": ["body"], "msg": value.get("message", "The request is not valid")}
            return {"detail": [{**usual, **{key: item for key, item in value.items() if key != "message"}}]}
        kind = "authentication_error" if status == 401 else error_type(status)
        usual = {"object": "error", "message": "The server had an error", "type": kind, "param": None, "code": None}
        return {**usual, **value}

    def _delta(self, delta: dict[str, Json], choice: int, finish: str | None = None) -> Saying:
        entry = {"index": choice, "delta": delta, "finish_reason": finish}
        return Saying(
            json={
                "id": "cmpl-1",
                "object": "chat.completion.chunk",
                "created": CREATED,
                "model": self._model,
                "choices": [entry],
            }
        )

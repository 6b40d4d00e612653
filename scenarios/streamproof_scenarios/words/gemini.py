"""The words of gemini: response objects with parts of candidates.  The end of the body ends the stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable, token_counts
from streamproof_scenarios.words.whole_calls import WholeCall, WholeCalls

_COUNTS: Final = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount")
_USUAL: Final = {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}
_REASONS: Final = {"length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY"}
"""Reasons by the words of other dialects; any other is written in capitals."""
_STATUSES: Final = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
"""Canonical names by HTTP status."""


class Gemini(Speaker):
    """See Speaker.  `done` writes the token counts where `usage` has not: the last chunk has some."""

    keeps_state = True

    def __init__(self, request: Mapping[str, Json]) -> None:
        model = request.get("model")
        self._model = model if isinstance(model, str) else "m"
        self._calls: dict[int, WholeCalls] = {}
        self._counts: Mapping[str, Json] = _USUAL
        self._counts_are_last = False

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        match word:
            case "role":
                return ()
            case "text":
                return (*self._ended_calls(choice), self._part({"text": value}, choice))
            case "reasoning":
                return (*self._ended_calls(choice), self._part({"text": value, "thought": True}, choice))
            case "tool":
                calls = self._calls.setdefault(choice, WholeCalls()).add(value)
                return tuple(self._part(_call(call), choice) for call in calls)
            case "finish":
                reason = _REASONS.get(value, value.upper())
                return (*self._ended_calls(choice), self._part({"text": ""}, choice, finishReason=reason))
            case "usage":
                self._counts = token_counts(value, _COUNTS)
                return (self._usage(),)
            case "error":
                return (Saying(json=self.failure(value, 503)),)
            case "done":
                ended = tuple(said for index in sorted(self._calls) for said in self._ended_calls(index))
                return ended if self._counts_are_last and not ended else (*ended, self._usage())
        raise Unsayable(f"gemini has no word '{word}'; take the dialect out, or write a chunk")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker."""
        return Saying(json={**self._part({"text": ""}, choice).json, **fields})

    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """See Speaker."""
        name = _STATUSES.get(status, "UNKNOWN")
        return {"error": {"code": status, "message": "The service failed.", "status": name, **value}}

    def _ended_calls(self, choice: int) -> tuple[Saying, ...]:
        calls = self._calls.get(choice)
        return () if calls is None else tuple(self._part(_call(call), choice) for call in calls.finish())

    def _part(self, part: Mapping[str, Json], choice: int, **fields: Json) -> Saying:
        self._counts_are_last = False
        content = {"parts": [part], "role": "model"}
        return self._chunk({"candidates": [{"content": content, **fields, "index": choice}]})

    def _usage(self) -> Saying:
        self._counts_are_last = True
        return self._chunk({"usageMetadata": self._counts})

    def _chunk(self, fields: Mapping[str, Json]) -> Saying:
        return Saying(json={**fields, "modelVersion": self._model, "responseId": "r-1"})


def _call(call: WholeCall) -> dict[str, Json]:
    named = {} if call.id is None else {"id": call.id}
    return {"functionCall": {**named, "name": call.name, "args": dict(call.arguments)}}

"""The words of openai-completions: `text_completion` objects."""

from __future__ import annotations

from collections.abc import Mapping

from streamproof_scenarios.words.openai_chat import CREATED, DONE, openai_failure
from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable, token_counts


class OpenaiCompletions(Speaker):
    """See Speaker."""

    def __init__(self, request: Mapping[str, Json]) -> None:
        model = request.get("model")
        self._model = model if isinstance(model, str) else "m"

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        match word:
            case "role":
                # A completion has no author.
                return ()
            case "text":
                return (self._entry(value, choice),)
            case "finish":
                return (self._entry("", choice, value),)
            case "usage":
                counts = token_counts(value, ("prompt_tokens", "completion_tokens", "total_tokens"))
                return (Saying(json={**self._envelope(), "choices": [], "usage": counts}),)
            case "error":
                return (Saying(json=self.failure(value, 500)),)
            case "done":
                return (Saying(text=DONE),)
        raise Unsayable(f"openai-completions has no word '{word}'; take the dialect out, or write a chunk")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker."""
        return Saying(json={**self._entry("", choice).json, **fields})

    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """See Speaker."""
        return openai_failure(value, status)

    def _envelope(self) -> dict[str, Json]:
        return {"id": "cmpl-1", "object": "text_completion", "created": CREATED, "model": self._model}

    def _entry(self, text: Json, choice: int, finish: str | None = None) -> Saying:
        entry = {"text": text, "index": choice, "logprobs": None, "finish_reason": finish}
        return Saying(json={**self._envelope(), "choices": [entry]})

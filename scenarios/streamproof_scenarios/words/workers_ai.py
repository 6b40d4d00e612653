"""The words of workers-ai: objects with a `response`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streamproof_scenarios.words.openai_chat import DONE, tool_delta
from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable, token_counts

# Internal codes by HTTP status -- cloudflare/ai @917c024, workers-ai-provider, read 2026-11-18
_CODES: Final = {400: 5004, 403: 5018, 404: 3042, 405: 5005, 408: 3007, 413: 3006, 429: 3040}


class WorkersAi(Speaker):
    """See Speaker."""

    def __init__(self, request: Mapping[str, Json]) -> None:
        """Nothing in a chunk depends on the request."""

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        if choice:
            raise Unsayable("workers-ai has no choices; leave choice away")
        match word:
            case "role":
                return ()
            case "text":
                return (Saying(json={"response": value}),)
            case "tool":
                return (Saying(json={"tool_calls": [tool_delta(value)]}),)
            case "finish":
                return () if value == "stop" else (Saying(json={"response": "", "finish_reason": value}),)
            case "usage":
                counts = token_counts(value, ("prompt_tokens", "completion_tokens", "total_tokens"))
                return (Saying(json={"response": "", "usage": counts}),)
            case "error":
                return (Saying(json={"error": {"message": "The server had an error", **value}}),)
            case "done":
                return (Saying(text=DONE),)
        raise Unsayable(f"workers-ai has no word '{word}'; take the dialect out, or write a chunk")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker.  There is no envelope: no field is in every chunk."""
        if choice:
            raise Unsayable("workers-ai has no choices; leave choice away")
        return Saying(json=dict(fields))

    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """See Speaker."""
        error = {"code": _CODES.get(status, status), "message": "The server had an error"}
        return {"result": None, "success": False, "errors": [{**error, **value}], "messages": []}

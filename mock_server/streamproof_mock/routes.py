"""Which dialect a path speaks: a table of path endings (DESIGN, section 5)."""

from __future__ import annotations

import re
from typing import Any, Final

PATHS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(?:^|/)v1/chat/completions$"), "openai-chat"),
    (re.compile(r"(?:^|/)openai/deployments/[^/]+/chat/completions$"), "openai-chat"),
    (re.compile(r"(?:^|/)v1/completions$"), "openai-completions"),
    (re.compile(r"(?:^|/)v1/responses$"), "openai-responses"),
    (re.compile(r"(?:^|/)v1/messages$"), "anthropic-messages"),
    (re.compile(r"(?:^|/)v1beta/models/[^/]+:(?:streamGenerateContent|generateContent)$"), "gemini"),
    (re.compile(r"(?:^|/)ai/run/.+$"), "workers-ai"),
    (re.compile(r"(?:^|/)v2/chat$"), "cohere-v2"),
    (re.compile(r"(?:^|/)api/chat$"), "ollama-chat"),
)
"""The path of a call is what remains after `/r/<nonce>` or `/s/<id>`; the first match decides."""

MODELS: Final = re.compile(r"(?:^|/)v1/models(?:/.+)?$")


def dialect_of(path: str, body: Any) -> str | None:
    """The dialect that a call of `path` with the JSON `body` speaks; None for a path that is no call."""
    for pattern, dialect in PATHS:
        if pattern.search(path):
            # Two documents share this path: Ollama's body names a model, the Workers AI look-alike's does not.
            if dialect == "ollama-chat" and not (isinstance(body, dict) and "model" in body):
                return "workers-ai"
            return dialect
    return None

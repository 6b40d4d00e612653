"""Official SDKs, which are optional here and never in the pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import pytest


def official(module: str) -> Any:
    """The module of an SDK; the test is skipped where it is not installed."""
    return pytest.importorskip(module, reason=f"{module} is not installed")


TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "openai-chat": ("openai.types.chat", "ChatCompletionChunk"),
    "openai-completions": ("openai.types", "Completion"),
    "openai-responses": ("openai.types.responses", "ResponseStreamEvent"),
    "anthropic-messages": ("anthropic.types", "RawMessageStreamEvent"),
    "gemini": ("google.genai.types", "GenerateContentResponse"),
    "ollama-chat": ("ollama", "ChatResponse"),
    "mistral": ("mistralai.client.models", "CompletionChunk"),
    "cohere-v2": ("cohere.v2.types", "V2ChatStreamResponse"),
}
"""By dialect the type of an event, its module first.  Nobody publishes one of workers-ai."""


def accepts(dialect: str, value: Any) -> bool:
    """Whether the SDK's own type of an event takes this JSON: nothing is converted, and nothing left unchecked."""
    validate = _validators(dialect)
    kind = value.get("type")
    chosen = validate.get(kind if isinstance(kind, str) else "") or validate.get("*")
    if chosen is None:
        return False
    try:
        chosen(json.dumps(value), strict=True)
    except (ValueError, TypeError, AttributeError):
        # A validation error is a ValueError; validators that an SDK adds fail in ways of their own.
        return False
    return True


@cache
def _validators(dialect: str) -> Mapping[str, Callable[..., Any]]:
    """What validates JSON text, by type of event; `*` where the type tells itself."""
    module, name = TYPES[dialect]
    types, adapter = official(module), official("pydantic").TypeAdapter
    if dialect != "cohere-v2":
        return {"*": adapter(getattr(types, name)).validate_json}
    # Its union checks nothing: it falls back to a class that the event is not of.
    classes = [getattr(types, one) for one in dir(types) if one.endswith(name) and one != name]
    return {one.model_fields["type"].default: adapter(one).validate_json for one in classes}

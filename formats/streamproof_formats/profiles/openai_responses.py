"""What families of servers deviate in that speak openai-responses, and who claims Open Responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from streamproof_formats.profiles.profile import Allowed, Profile, family

_INDEXES: Final = ("output_index", "content_index")
_SOURCE: Final = "ggml-org/llama.cpp (00efb3e), tools/server/server-task.cpp"


def _without(*keys: str) -> Callable[[Any], bool]:
    """True of an event that lacks one of these keys."""
    return lambda about: isinstance(about, dict) and any(key not in about for key in keys)


def _bare(about: Any) -> bool:
    """True of an event whose response says little but its id and status."""
    response = about.get("response") if isinstance(about, dict) else None
    return isinstance(response, dict) and "id" in response and "object" in response


def _family(name: str, title: str, source: str, *allowed: Allowed) -> Profile:
    return family("openai-responses", name, title, source, *allowed)


PROFILES: Final = (
    _family("open-responses", "Open Responses, claimed by the server", "Open Responses specification, 2026-04-24"),
    _family("azure", "Azure OpenAI", "Azure OpenAI docs, Responses API"),
    _family("litellm", "LiteLLM proxy", "BerriAI/litellm 1.106.2"),
    _family(
        "llama-cpp",
        "llama.cpp server",
        _SOURCE,
        ("OR-03", "events are not numbered", _without("sequence_number")),
        ("OR-10b", "items have no output_index", _without("output_index")),
        ("OR-11", "items have no output_index", _without("output_index")),
        ("OR-14", "events have neither output_index nor content_index", _without(*_INDEXES)),
        ("OR-18", "function_call_arguments.done is not sent", None),
        ("OR-35", "output_text.done has no logprobs", _without("logprobs")),
        ("OR-47", "the response is shown with its id, object and status only", _bare),
        ("OR-47b", "the response is shown with its id, object and status only", None),
    ),
)
"""Their parts of the profiles.  What Azure and LiteLLM add no rule minds."""

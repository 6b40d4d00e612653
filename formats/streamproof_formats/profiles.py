"""Profiles: the deviations that a family of servers documents or is known for, rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs


@attrs.frozen(kw_only=True)
class Allowance:
    """Why a profile lets a breach of one rule pass, and which breaches."""

    reason: str
    source: str
    """Document, or repository and version, that shows it."""
    when: Callable[[Any], bool] | None = None
    """Tells, of what the finding is about, whether it is allowed; None allows every breach of the rule.

    A finding is about its chunk, about (before, after) where a value changed, or about a word that its rule names.
    """

    def covers(self, about: Any) -> bool:
        """True if the breach is allowed."""
        return self.when is None or self.when(about)


@attrs.frozen(kw_only=True)
class Profile:
    """A named set of allowances."""

    name: str
    title: str
    dialects: frozenset[str] | None = None
    """The dialects that it speaks of; None for all."""
    allows: Mapping[str, Allowance] = attrs.field(factory=dict)
    """By rule id."""


def _keys(*names: str) -> Callable[[Any], bool]:
    """True of a chunk, or of one with a choice, that has one of these keys."""

    def has(about: Any) -> bool:
        if not isinstance(about, dict):
            return False
        entries = about.get("choices")
        parts = (
            [about, *(entry for entry in entries if isinstance(entry, dict))] if isinstance(entries, list) else [about]
        )
        return any(name in part for part in parts for name in names)

    return has


def _change(*values: Any) -> Callable[[Any], bool]:
    """True of a change from or to one of these values."""
    return lambda about: isinstance(about, tuple) and any(value in about for value in values)


def _is(word: str) -> Callable[[Any], bool]:
    return lambda about: about == word


STRICT: Final = Profile(name="strict", title="What the documents say, and nothing else")

_CHAT: Final = frozenset({"openai-chat"})
_AZURE: Final = "Azure OpenAI docs, Content streaming (2026-01-15)"
_OPENROUTER: Final = "openrouter.ai docs, Streaming and Errors"
_VLLM: Final = "vllm-project/vllm (006c49d), serving.py"
_LLAMA: Final = "ggml-org/llama.cpp (00efb3e), server-task.cpp"
_OLLAMA: Final = "ollama/ollama (fb30760), middleware/openai.go"
_TGI: Final = "huggingface/text-generation-inference (db931fc)"
_LITELLM: Final = "BerriAI/litellm 1.106.2"
_CLOUDFLARE: Final = "cloudflare/ai (917c024), tests of workers-ai-provider"

_filtered: Final = _keys(
    "prompt_filter_results", "prompt_annotations", "content_filter_results", "content_filter_offsets"
)

PROFILES: Final[Mapping[str, Profile]] = {
    profile.name: profile
    for profile in (
        STRICT,
        Profile(name="openai", title="api.openai.com", dialects=_CHAT),
    )
}
"""Every profile by name."""

"""The words of each dialect that scenarios can be written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.words.anthropic_messages import AnthropicMessages
from streamproof_scenarios.words.cohere_v2 import CohereV2
from streamproof_scenarios.words.gemini import Gemini
from streamproof_scenarios.words.mistral import Mistral
from streamproof_scenarios.words.ollama_chat import OllamaChat
from streamproof_scenarios.words.openai_chat import OpenaiChat
from streamproof_scenarios.words.openai_completions import OpenaiCompletions
from streamproof_scenarios.words.openai_responses import OpenaiResponses
from streamproof_scenarios.words.speaker import Speaker
from streamproof_scenarios.words.workers_ai import WorkersAi

WORDS: Final[dict[str, Callable[[Mapping[str, Any]], Speaker]]] = {
    "gemini": Gemini,
    "ollama-chat": OllamaChat,
    "openai-chat": OpenaiChat,
    "openai-completions": OpenaiCompletions,
    "openai-responses": OpenaiResponses,
    "anthropic-messages": AnthropicMessages,
    "workers-ai": WorkersAi,
    "mistral": Mistral,
    "cohere-v2": CohereV2,
}
"""For each dialect what makes its speaker of a request body."""


def default_request(dialect: str) -> dict[str, Any]:
    """The dialect's default request body; empty for one that is not spoken yet."""
    return dict(DIALECTS[dialect].request) if dialect in DIALECTS else {}

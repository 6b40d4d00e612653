"""What answers a call, by dialect: one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from streamproof_mock.behaviour import (
    anthropic_messages,
    cohere_v2,
    gemini,
    mistral,
    ollama_chat,
    openai_chat,
    openai_completions,
    openai_responses,
    workers_ai,
)
from streamproof_mock.behaviour.call import Call
from streamproof_scenarios.plan import AnswerPlan

ANSWERS: Final[Mapping[str, Callable[[Call], AnswerPlan]]] = {
    "gemini": gemini.answer,
    "ollama-chat": ollama_chat.answer,
    "openai-chat": openai_chat.answer,
    "openai-completions": openai_completions.answer,
    "openai-responses": openai_responses.answer,
    "anthropic-messages": anthropic_messages.answer,
    "workers-ai": workers_ai.answer,
    "mistral": mistral.answer,
    "cohere-v2": cohere_v2.answer,
}
"""May raise Refusal.  What is not here answers 501, in its own shape."""

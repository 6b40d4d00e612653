"""Every spoken dialect's table."""

from __future__ import annotations

from . import (
    anthropic_messages_table,
    cohere_v2_table,
    gemini_table,
    mistral_table,
    ollama_chat_table,
    openai_chat_table,
    openai_completions_table,
    openai_responses_table,
    workers_ai_table,
)
from .table import Table

TABLES: dict[str, Table] = {
    "gemini": gemini_table.TABLE,
    "ollama-chat": ollama_chat_table.TABLE,
    "openai-chat": openai_chat_table.TABLE,
    "openai-completions": openai_completions_table.TABLE,
    "openai-responses": openai_responses_table.TABLE,
    "anthropic-messages": anthropic_messages_table.TABLE,
    "workers-ai": workers_ai_table.TABLE,
    "mistral": mistral_table.TABLE,
    "cohere-v2": cohere_v2_table.TABLE,
}

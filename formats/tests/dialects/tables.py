"""Every spoken dialect's table."""

from __future__ import annotations

from . import (
    anthropic_messages_table,
    gemini_table,
    ollama_chat_table,
    openai_chat_table,
    workers_ai_table,
)
from .table import Table

TABLES: dict[str, Table] = {
    "gemini": gemini_table.TABLE,
    "ollama-chat": ollama_chat_table.TABLE,
    "openai-chat": openai_chat_table.TABLE,
    "anthropic-messages": anthropic_messages_table.TABLE,
    "workers-ai": workers_ai_table.TABLE,
}

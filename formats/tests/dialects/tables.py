"""Every spoken dialect's table."""

from __future__ import annotations

from . import (
    ollama_chat_table,
    openai_chat_table,
    openai_responses_table,
    workers_ai_table,
)
from .table import Table

TABLES: dict[str, Table] = {
    "ollama-chat": ollama_chat_table.TABLE,
    "openai-chat": openai_chat_table.TABLE,
    "openai-responses": openai_responses_table.TABLE,
    "workers-ai": workers_ai_table.TABLE,
}

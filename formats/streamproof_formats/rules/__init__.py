"""The book of rules: every rule by its id, and findings made from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from streamproof_formats.finding import Finding
from streamproof_formats.rule import Level, Rule
from streamproof_formats.rules import (
    anthropic_messages,
    cohere_v2,
    gemini,
    http,
    mistral,
    ndjson,
    ollama_chat,
    openai_chat,
    openai_completions,
    openai_responses,
    sse,
    workers_ai,
)


def _book(*tables: tuple[Rule, ...]) -> Mapping[str, Rule]:
    rules: dict[str, Rule] = {}
    for rule in (rule for table in tables for rule in table):
        if rule.id in rules:
            raise ValueError(f"rule {rule.id} stands in the book twice")
        rules[rule.id] = rule
    return MappingProxyType(rules)


RULES: Final = _book(
    sse.RULES,
    http.RULES,
    ndjson.RULES,
    gemini.RULES,
    ollama_chat.RULES,
    openai_chat.RULES,
    openai_completions.RULES,
    openai_responses.RULES,
    anthropic_messages.RULES,
    workers_ai.RULES,
    mistral.RULES,
    cohere_v2.RULES,
)
"""Every rule by id, in the order of the book."""


def broken(
    rule_id: str, message: str, *, event: int | None = None, start: int | None = None, end: int | None = None
) -> Finding:
    """The finding that this rule is broken at this place, its level and basis taken from the rule.

    Raises KeyError for an unknown rule and ValueError for a MAY rule: what may be done is no fault.
    """
    rule = RULES[rule_id]
    if rule.level is Level.MAY:
        raise ValueError(f"{rule_id} is a MAY rule: it cannot be broken")
    return Finding(
        rule=rule_id,
        level=rule.level.value,
        basis=rule.basis.value,
        message=message,
        event=event,
        start=start,
        end=end,
    )

"""The requests that generated answers answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from streamproof_scenarios.generating.draw import Draw
from streamproof_scenarios.generating.turns import Turn

Json = Any
SCHEMA: Final = {"type": "object", "properties": {}}
STOP: Final = "<<STOP>>"


def _function(name: str) -> dict[str, Json]:
    return {"type": "function", "function": {"name": name, "description": "A tool.", "parameters": SCHEMA}}


def _flat_function(name: str) -> dict[str, Json]:
    return {"type": "function", "name": name, "parameters": SCHEMA, "strict": False}


def _declared(name: str) -> dict[str, Json]:
    return {"functionDeclarations": [{"name": name, "parametersJsonSchema": SCHEMA}]}


def _anthropic_tool(name: str) -> dict[str, Json]:
    return {"name": name, "input_schema": SCHEMA}


def _workers_tool(name: str) -> dict[str, Json]:
    return {"name": name, "description": "A tool.", "parameters": SCHEMA}


TOOLS: Final[Mapping[str, Callable[[str], dict[str, Json]]]] = {
    "openai-chat": _function,
    "openai-responses": _flat_function,
    "anthropic-messages": _anthropic_tool,
    "workers-ai": _workers_tool,
    "gemini": _declared,
    "ollama-chat": _function,
    "mistral": _function,
    "cohere-v2": _function,
}
"""By dialect, how a request tells of a tool."""

CHOICES: Final[Mapping[str, Callable[[int], dict[str, Json]]]] = {
    "openai-chat": lambda count: {"n": count},
    "openai-completions": lambda count: {"n": count},
    "mistral": lambda count: {"n": count},
    "gemini": lambda count: {"generationConfig": {"candidateCount": count}},
}
"""By dialect, how a request asks for several choices."""


def request(draw: Draw, dialect: str, turns: tuple[Turn, ...], usage: Mapping[str, int] | None) -> dict[str, Json]:
    """A request, over the dialect's default one, that these turns keep the rules for."""
    asked: dict[str, Json] = {}
    if len(turns) > 1 or draw.chance(10):
        asked |= CHOICES[dialect](len(turns)) if dialect in CHOICES else {}
    names = _names(turns)
    if names:
        asked["tools"] = [TOOLS[dialect](name) for name in names]
    if dialect in ("openai-chat", "openai-completions") and (usage is not None or draw.chance(10)):
        asked["stream_options"] = {"include_usage": usage is not None}
    if dialect == "openai-chat":
        asked |= _chat(draw, turns, usage)
    if dialect == "anthropic-messages" and turns[0].reason == "stop_sequence":
        asked["stop_sequences"] = [STOP]
    return asked


def _chat(draw: Draw, turns: tuple[Turn, ...], usage: Mapping[str, int] | None) -> dict[str, Json]:
    asked: dict[str, Json] = {}
    functions = [segment.name for turn in turns for segment in turn.segments if segment.word == "function"]
    if functions:
        asked["functions"] = [{"name": name, "parameters": SCHEMA} for name in _once(functions)]
    names = _names(turns)
    if names and draw.chance(20):
        asked["parallel_tool_calls"] = any(len(turn.names) > 1 for turn in turns) or draw.chance(50)
    if names and all(turn.names for turn in turns) and draw.chance(20):
        named = {"type": "function", "function": {"name": names[0]}}
        asked["tool_choice"] = named if len(names) == 1 and draw.chance(50) else "required"
    if draw.chance(10) and not any(STOP in (turn.choice.text or "") for turn in turns):
        asked["stop"] = [STOP]
    if usage is not None and draw.chance(20):
        asked["max_completion_tokens"] = usage["output"] + draw.integer(1, 10)
    return asked


def _names(turns: tuple[Turn, ...]) -> list[str]:
    return _once(name for turn in turns for name in turn.names)


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))

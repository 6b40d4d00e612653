"""The requests that generated answers answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from streamproof_scenarios.generating.draw import Draw
from streamproof_scenarios.generating.turns import Segment, Turn

Json = Any
SCHEMA: Final = {"type": "object", "properties": {}}
STOP: Final = "<<STOP>>"


def _function(call: Segment) -> dict[str, Json]:
    if call.kind == "custom":
        return {"type": "custom", "custom": {"name": call.name}}
    return {"type": "function", "function": {"name": call.name, "description": "A tool.", "parameters": SCHEMA}}


def _flat_function(call: Segment) -> dict[str, Json]:
    if call.kind == "custom":
        return {"type": "custom", "name": call.name}
    return {"type": "function", "name": call.name, "parameters": SCHEMA, "strict": False}


def _declared(call: Segment) -> dict[str, Json]:
    return {"functionDeclarations": [{"name": call.name, "parametersJsonSchema": SCHEMA}]}


def _anthropic_tool(call: Segment) -> dict[str, Json]:
    return {"name": call.name, "input_schema": SCHEMA}


def _workers_tool(call: Segment) -> dict[str, Json]:
    return {"name": call.name, "description": "A tool.", "parameters": SCHEMA}


TOOLS: Final[Mapping[str, Callable[[Segment], dict[str, Json]]]] = {
    "openai-chat": _function,
    "openai-responses": _flat_function,
    "anthropic-messages": _anthropic_tool,
    "workers-ai": _workers_tool,
    "gemini": _declared,
    "ollama-chat": _function,
    "mistral": _function,
    "cohere-v2": _function,
}
"""By dialect, how a request tells of a tool that is called."""

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
    called = _called(turns)
    if called:
        asked["tools"] = [TOOLS[dialect](call) for call in called]
    if dialect in ("openai-chat", "openai-completions") and (usage is not None or draw.chance(10)):
        asked["stream_options"] = {"include_usage": usage is not None}
    if dialect == "openai-chat":
        asked |= _chat(draw, turns, usage)
    if dialect == "openai-completions" and draw.chance(20):
        asked["logprobs"] = draw.integer(0, 5)
    if dialect == "anthropic-messages" and turns[0].reason == "stop_sequence":
        asked["stop_sequences"] = [STOP]
    return asked


def _chat(draw: Draw, turns: tuple[Turn, ...], usage: Mapping[str, int] | None) -> dict[str, Json]:
    asked: dict[str, Json] = {}
    functions = [segment.name for turn in turns for segment in turn.segments if segment.word == "function"]
    if functions:
        asked["functions"] = [{"name": name, "parameters": SCHEMA} for name in _once(functions)]
    called = _called(turns)
    if called and draw.chance(20):
        asked["parallel_tool_calls"] = any(len(turn.calls) > 1 for turn in turns) or draw.chance(50)
    if called and all(turn.calls for turn in turns) and draw.chance(20):
        asked["tool_choice"] = _named(called[0]) if len(called) == 1 and draw.chance(50) else "required"
    if draw.chance(15):
        asked |= {"logprobs": True, "top_logprobs": draw.integer(0, 4)}
    if draw.chance(10) and not any(STOP in (turn.choice.text or "") for turn in turns):
        asked["stop"] = [STOP]
    if usage is not None and draw.chance(20):
        asked["max_completion_tokens"] = usage["output"] + draw.integer(1, 10)
    return asked


def _called(turns: tuple[Turn, ...]) -> list[Segment]:
    """The tools that are called, each once by its name."""
    return list({call.name: call for turn in turns for call in turn.calls}.values())


def _named(call: Segment) -> dict[str, Json]:
    return {"type": call.kind, call.kind: {"name": call.name}}


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))

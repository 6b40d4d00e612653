"""What each dialect can say, as data: the generator draws within it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs


@attrs.frozen(kw_only=True)
class Abilities:
    """What the documents of one dialect allow of a stream that succeeds."""

    slots: tuple[tuple[str, ...], ...]
    """What one choice says, in order: of each slot one word, or none."""
    is_free: bool = False
    """True where the words of all slots may come in any order, and again."""
    most_choices: int = 1
    whole: tuple[str, ...]
    """Finish reasons of an answer that says all it has to, without a call."""
    called: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    """Those of an answer that ends with this word."""
    cut: tuple[str, ...]
    """Those of an answer that was cut short."""
    calls: Literal["pieces", "whole"] = "pieces"
    """Whether the arguments of a call come in pieces, or whole."""
    call_kinds: tuple[str, ...] = ("function",)
    """Kinds of tool calls; an answer has calls of one kind."""
    keeps_cut_arguments: bool = False
    """True where an answer that is cut short may end within the arguments of its last call."""
    most_calls: int = 3
    usage: Literal["asked", "maybe", "always"] = "always"
    """When token counts come: if the request asks, at the server's choice, or with every answer."""
    has_total: bool = True
    usage_after_finish: bool = False
    """True where `usage` is an event of its own behind the finish reason; elsewhere it is said before `finish`."""
    unsaid: frozenset[str] = frozenset()
    """Finish reasons for which nothing is written."""
    begins: bool = True
    """False where a choice that says nothing is not there at all."""
    says_again: bool = False
    """True where later events have in them what earlier ones said."""
    comments: bool = True
    """Whether comments keep the rules."""


_ANSWER: Final = (("reasoning",), ("text",), ("tool",))

ABILITIES: Final[Mapping[str, Abilities]] = {
    "openai-chat": Abilities(
        slots=(("reasoning",), ("text", "refusal"), ("tool", "function")),
        most_choices=3,
        whole=("stop",),
        called={"tool": ("tool_calls",), "function": ("function_call",)},
        call_kinds=("function", "custom"),
        cut=("length", "content_filter"),
        keeps_cut_arguments=True,
        usage="asked",
        usage_after_finish=True,
    ),
    "openai-completions": Abilities(
        slots=(("text",),),
        most_choices=3,
        whole=("stop",),
        cut=("length", "content_filter"),
        usage="asked",
        usage_after_finish=True,
    ),
    "openai-responses": Abilities(
        slots=(*_ANSWER, ("refusal",)),
        is_free=True,
        whole=("completed",),
        called={"tool": ("completed",)},
        call_kinds=("function", "custom"),
        cut=("max_output_tokens", "content_filter"),
        keeps_cut_arguments=True,
        says_again=True,
    ),
    "anthropic-messages": Abilities(
        slots=_ANSWER,
        is_free=True,
        whole=("end_turn", "stop_sequence", "pause_turn"),
        called={"tool": ("tool_use",)},
        cut=("max_tokens", "model_context_window_exceeded", "refusal"),
        keeps_cut_arguments=True,
        has_total=False,
    ),
    "workers-ai": Abilities(
        slots=(("text",), ("tool",)),
        whole=("stop",),
        called={"tool": ("tool_calls", "stop")},
        call_kinds=("function", "older"),
        cut=("length",),
        usage="maybe",
        usage_after_finish=True,
        unsaid=frozenset({"stop"}),
        begins=False,
    ),
    "gemini": Abilities(
        slots=_ANSWER,
        is_free=True,
        most_choices=3,
        whole=("STOP",),
        called={"tool": ("STOP",)},
        cut=("MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"),
        calls="whole",
        usage_after_finish=True,
        comments=False,
    ),
    "ollama-chat": Abilities(
        slots=_ANSWER,
        whole=("stop",),
        called={"tool": ("stop",)},
        cut=("length",),
        calls="whole",
        has_total=False,
        comments=False,
    ),
    "mistral": Abilities(
        slots=_ANSWER,
        most_choices=2,
        whole=("stop",),
        called={"tool": ("tool_calls",)},
        cut=("length",),
        calls="whole",
    ),
    "cohere-v2": Abilities(
        slots=(("reasoning",), ("text", "tool")),
        whole=("COMPLETE", "STOP_SEQUENCE"),
        called={"tool": ("TOOL_CALL",)},
        cut=("MAX_TOKENS",),
        keeps_cut_arguments=True,
        has_total=False,
    ),
}
"""By dialect."""

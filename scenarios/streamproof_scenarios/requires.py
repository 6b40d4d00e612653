"""What a client must be able to do before a scenario can say anything of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streamproof_scenarios.model import Answer, Block, ClientOptions, Payload, Reading, Scenario, Word, flat

CAPABILITIES: Final = (
    "finish_reason", "tools", "tool_ids", "n", "usage", "reasoning", "refusal", "function_call", "error_status",
    "idle_timeout", "max_retries", "stop", "reuse", "parallel", "http2", "tls",
)  # fmt: skip

_WORDS: Final = {
    "tool": "tools",
    "usage": "usage",
    "reasoning": "reasoning",
    "refusal": "refusal",
    "function": "function_call",
}
_STATED: Final = {
    "finish_reason": "finish_reason",
    "tool_calls": "tools",
    "usage": "usage",
    "reasoning": "reasoning",
    "refusal": "refusal",
    "function_call": "function_call",
    "error_status": "error_status",
}


def requirements(scenario: Scenario, answers: tuple[Answer, ...]) -> tuple[str, ...]:
    """Capabilities, derived and stated, sorted."""
    found = set(scenario.requires)
    for answer in answers:
        found.update(_of_answer(answer))
    found.update(_of_client(scenario.client))
    for reading in scenario.readings:
        found.update(_of_reading(reading))
    return tuple(sorted(found))


def _of_answer(answer: Answer) -> Iterator[str]:
    for step in _saying(answer):
        if isinstance(step, Word) and step.word in _WORDS:
            yield _WORDS[step.word]
        if isinstance(step, Word | Payload) and step.modifiers.choice:
            yield "n"
    if answer.end.kind in {"stall", "tls-stall"}:
        yield "idle_timeout"
    if answer.end.kind in {"no-close-notify", "tls-stall"}:
        yield "tls"
    if answer.http == "h2":
        yield "http2"


def _of_client(client: ClientOptions) -> Iterator[str]:
    asked = (
        ("idle_timeout", client.idle_timeout_s is not None),
        ("max_retries", client.max_retries is not None),
        ("stop", client.stop_after is not None),
        ("reuse", client.reuse),
        ("parallel", client.parallel > 1),
    )
    yield from (name for name, wanted in asked if wanted)


def _of_reading(reading: Reading) -> Iterator[str]:
    yield from (capability for field, capability in _STATED.items() if field in reading.stated)
    yield from _of_calls(reading.tool_calls)
    for choice in reading.choices or ():
        yield from (capability for field, capability in _STATED.items() if field in choice)
        yield from _of_calls(choice.get("tool_calls"))
    if len(reading.choices or ()) > 1:
        yield "n"


def _of_calls(calls: Any) -> Iterator[str]:
    if isinstance(calls, tuple) and any(isinstance(call, Mapping) and "id" in call for call in calls):
        yield "tool_ids"


def _saying(answer: Answer) -> Iterator[Word | Payload]:
    for step in flat(answer.steps):
        inner = step.lines if isinstance(step, Block) else (step,)
        yield from (item for item in inner if isinstance(item, Word | Payload))

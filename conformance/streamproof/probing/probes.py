"""The probes of an endpoint, as data: what is sent, what it may cost, what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import attrs

Wants = Literal["stream", "refusal", "abort"]
"""What a conforming endpoint does: streams an answer, refuses before the first byte, survives being left."""

Body = Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Asking:
    """What holds for every request to one endpoint."""

    model: str
    token_field: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"  # noqa: S105 - no secret
    tokens: int = 48
    """Tokens that an ordinary answer may have."""


@attrs.frozen(kw_only=True)
class Probe:
    """One request and what is looked for in its answer."""

    name: str
    title: str
    wants: Wants
    body: Callable[[Asking], Body | bytes]
    tokens: Callable[[Asking], int] = lambda asking: asking.tokens
    """The tokens that its answer can cost at most."""
    refs: tuple[str, ...] = ()
    wrong_key: bool = False
    """True to send a key that is not valid."""
    is_dangerous: bool = False
    """True when it may leave a bad endpoint worse: it comes last, with a plain request after it."""


def _free(_asking: Asking) -> int:
    return 0


def _chat(asking: Asking, text: str = "Count from one to five.", **more: Any) -> dict[str, Any]:
    return {
        "model": asking.model,
        "messages": [{"role": "user", "content": text}],
        "stream": True,
        asking.token_field: asking.tokens,
        **more,
    }


_WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

PROBES: Final[Mapping[str, tuple[Probe, ...]]] = {
    "openai-chat": (
        Probe(
            name="plain",
            title="A plain answer",
            wants="stream",
            refs=("OC-01", "OC-04", "OC-06"),
            body=_chat,
        ),
        Probe(
            name="usage",
            title="Usage asked for",
            wants="stream",
            refs=("OC-27", "OC-29"),
            body=lambda asking: _chat(asking, stream_options={"include_usage": True}),
        ),
        Probe(
            name="no-usage",
            title="Usage refused in so many words",
            wants="stream",
            refs=("OC-28",),
            body=lambda asking: _chat(asking, stream_options={"include_usage": False}),
        ),
        Probe(
            name="two-choices",
            title="Two choices",
            wants="stream",
            refs=("OC-40", "OC-17"),
            body=lambda asking: _chat(asking, n=2),
            tokens=lambda asking: 2 * asking.tokens,
        ),
        Probe(
            name="one-token",
            title="One token at most",
            wants="stream",
            refs=("OC-39",),
            body=lambda asking: _chat(asking, stream_options={"include_usage": True}) | {asking.token_field: 1},
            tokens=lambda _: 1,
        ),
        Probe(
            name="forced-tool",
            title="A tool call that is forced",
            wants="stream",
            refs=("OC-37c", "OC-22"),
            body=lambda asking: (
                _chat(
                    asking,
                    "What is the weather in Oslo?",
                    tools=[_WEATHER],
                    tool_choice={"type": "function", "function": {"name": "get_weather"}},
                )
                | {asking.token_field: 4 * asking.tokens}
            ),
            tokens=lambda asking: 4 * asking.tokens,
        ),
        Probe(
            name="broken-json",
            title="A body that is not JSON",
            wants="refusal",
            refs=("SSE-47",),
            body=lambda _: b'{"model": "m", "messages": [',
            tokens=_free,
        ),
        Probe(
            name="no-messages",
            title="A body without messages",
            wants="refusal",
            refs=("SSE-47",),
            body=lambda asking: {key: value for key, value in _chat(asking).items() if key != "messages"},
            tokens=_free,
        ),
        Probe(
            name="wrong-key",
            title="A key that is not valid",
            wants="refusal",
            refs=("SSE-47",),
            body=_chat,
            wrong_key=True,
        ),
        Probe(
            name="early-abort",
            title="A client that leaves after the first event",
            wants="abort",
            refs=("SSE-48",),
            body=lambda asking: _chat(asking, "Count from one to a hundred.") | {asking.token_field: 8 * asking.tokens},
            tokens=lambda asking: 9 * asking.tokens,
            is_dangerous=True,
        ),
    ),
}
"""Per dialect, harmless ones first."""


def plan_of(dialect: str) -> tuple[Probe, ...]:
    """The probes in the order in which they are sent: those that may do harm come last."""
    return tuple(sorted(PROBES[dialect], key=lambda probe: probe.is_dangerous))

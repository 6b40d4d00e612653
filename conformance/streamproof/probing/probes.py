"""The probes of an endpoint, as data: what is sent, what it may cost, what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import attrs

from streamproof_formats.finding import Finding
from streamproof_formats.message import Message
from streamproof_formats.rules import broken

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
    looks_for: Callable[[Message | None, Asking], Iterable[Finding]] = lambda _message, _asking: ()
    """What is looked for in the message beside the rules that every stream is judged by."""
    must_show: Literal["tool_calls"] | None = None
    """What of a choice the probe is about: an answer that was cut short before it has that proves nothing."""
    refs: tuple[str, ...] = ()
    needs: str | None = None
    """What an endpoint may lack: it is skipped for want of that, where the request is refused."""
    refusal_breaks: str | None = None
    """The rule that is broken where the request is refused, or not answered by a stream."""
    lenience: str | None = None
    """Said, as a warning, of an endpoint that answers instead of refusing; None where it cannot understand the body."""
    accept: str = "text/event-stream"
    wrong_key: bool = False
    """True to send a key that is not valid."""
    is_dangerous: bool = False
    """True when it may leave a bad endpoint worse: it comes last, with a plain request after it."""


def _free(_asking: Asking) -> int:
    return 0


def _named_call(message: Message | None, _asking: Asking) -> Iterable[Finding]:
    """A tool that is named must be called, unless the answer was refused or cut short."""
    for choice in message.choices if message is not None else ():
        if choice.finish_reason in {"stop", "tool_calls"} and not (choice.tool_calls or choice.refusal):
            # To name a tool "forces the model to call that tool."
            # -- openai-openapi 2.3.0, ChatCompletionToolChoiceOption
            yield broken("OC-37c", f"expected a call of the tool that was named, found none in choice {choice.index}")


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

_NAMED: Final = {"type": "function", "function": {"name": "get_weather"}}


def _tool(asking: Asking, choice: Any) -> dict[str, Any]:
    body = _chat(asking, "What is the weather in Oslo?", tools=[_WEATHER], tool_choice=choice)
    return body | {asking.token_field: 4 * asking.tokens}


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
            name="sdk-accept",
            title="Accept as the official SDKs send it: application/json",
            wants="stream",
            refs=("SSE-46",),
            accept="application/json",
            refusal_breaks="SSE-46",
            body=_chat,
        ),
        Probe(
            name="usage",
            title="Usage asked for",
            wants="stream",
            refs=("OC-27", "OC-29"),
            needs="stream_options",
            body=lambda asking: _chat(asking, stream_options={"include_usage": True}),
        ),
        Probe(
            name="no-usage",
            title="Usage declined in so many words",
            wants="stream",
            refs=("OC-28",),
            needs="stream_options",
            body=lambda asking: _chat(asking, stream_options={"include_usage": False}),
        ),
        Probe(
            name="two-choices",
            title="Two choices",
            wants="stream",
            refs=("OC-40", "OC-17", "OC-18"),
            needs="n",
            body=lambda asking: _chat(asking, n=2),
            tokens=lambda asking: 2 * asking.tokens,
        ),
        Probe(
            name="one-token",
            title="One token at most",
            wants="stream",
            refs=("OC-39",),
            needs="stream_options",
            body=lambda asking: _chat(asking, stream_options={"include_usage": True}) | {asking.token_field: 1},
            tokens=lambda _: 1,
        ),
        Probe(
            name="required-tool",
            title="A tool call that is required",
            wants="stream",
            refs=("OC-37b", "OC-22"),
            needs="tools",
            must_show="tool_calls",
            body=lambda asking: _tool(asking, "required"),
            tokens=lambda asking: 4 * asking.tokens,
        ),
        Probe(
            name="named-tool",
            title="A call of the tool that is named",
            wants="stream",
            refs=("OC-37c", "OC-22"),
            needs="tools",
            must_show="tool_calls",
            body=lambda asking: _tool(asking, _NAMED),
            tokens=lambda asking: 4 * asking.tokens,
            looks_for=_named_call,
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
            lenience="a body without messages, which the schema of the request requires, was answered",
            body=lambda asking: {key: value for key, value in _chat(asking).items() if key != "messages"},
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
            body=lambda asking: _chat(asking, "Count from one to a hundred.") | {asking.token_field: 8 * asking.tokens},
            tokens=lambda asking: 9 * asking.tokens,
            is_dangerous=True,
        ),
    ),
}
"""Per dialect, in the order in which they are sent: the plain one first, those that may do harm last."""


def plan_of(dialect: str, names: Iterable[str] = ()) -> tuple[Probe, ...]:
    """The probes of a dialect, or those of these names."""
    chosen = frozenset(names)
    return tuple(probe for probe in PROBES[dialect] if not chosen or probe.name in chosen)


def most_bytes(probes: Iterable[Probe], asking: Asking) -> int:
    """More bytes than any honest answer to one of these has: 4 KiB for each token, and 1 MiB in any case."""
    return max(1 << 20, *(probe.tokens(asking) << 12 for probe in probes))

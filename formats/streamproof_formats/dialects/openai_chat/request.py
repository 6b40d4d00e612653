"""What a request asks of the stream, as far as rules depend on it."""

from __future__ import annotations

from typing import Any, Literal

import attrs

ToolChoice = Literal["auto", "none", "required", "named"]


@attrs.frozen(kw_only=True)
class Asked:
    """The readable part of a request body; a field of a wrong type counts as not given."""

    stream: bool = True
    n: int = 1
    include_usage: bool = False
    include_obfuscation: bool | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    stop: tuple[str, ...] = ()
    tool_choice: ToolChoice = "auto"
    tool: str | None = None
    """The tool that a call is forced to."""
    parallel_tool_calls: bool | None = None
    function_forced: bool = False
    most_tokens: int | None = None
    """Upper bound of the tokens of one choice."""
    service_tier: str | None = None
    moderation: bool = False


def asked_of(body: Any) -> Asked | None:
    """Reads a request body; None where there is none to read."""
    if not isinstance(body, dict):
        return None
    options = body.get("stream_options")
    options = options if isinstance(options, dict) else {}
    choice, tool = _tool_choice(body.get("tool_choice"))
    n = _integer(body.get("n"))
    most = _integer(body.get("max_completion_tokens"))
    return Asked(
        stream=body.get("stream") is not False,
        n=1 if n is None else n,
        include_usage=options.get("include_usage") is True,
        include_obfuscation=_boolean(options.get("include_obfuscation")),
        logprobs=_boolean(body.get("logprobs")),
        top_logprobs=_integer(body.get("top_logprobs")),
        stop=_stop(body.get("stop")),
        tool_choice=choice,
        tool=tool,
        parallel_tool_calls=_boolean(body.get("parallel_tool_calls")),
        function_forced=isinstance(body.get("function_call"), dict),
        most_tokens=most if most is not None else _integer(body.get("max_tokens")),
        service_tier=body["service_tier"] if isinstance(body.get("service_tier"), str) else None,
        moderation=bool(body.get("moderation")),
    )


def _integer(value: Any) -> int | None:
    return value if type(value) is int else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _stop(value: Any) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    return tuple(text for text in texts if isinstance(text, str) and text)


def _tool_choice(value: Any) -> tuple[ToolChoice, str | None]:
    match value:
        case "none" | "required":
            return value, None
        case {"type": "function", "function": {"name": str(name)}} | {"type": "custom", "custom": {"name": str(name)}}:
            return "named", name
        case {"type": "allowed_tools", "allowed_tools": {"mode": "required"}}:
            return "required", None
        case _:
            return "auto", None

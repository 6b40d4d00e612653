"""What a request asks of the stream, as far as rules depend on it."""

from __future__ import annotations

from typing import Any, Literal

import attrs

ToolChoice = Literal["auto", "none", "required", "named"]


@attrs.frozen(kw_only=True)
class Asked:
    """The readable part of a request body; a field of a wrong type counts as not given."""

    stream: bool = True
    include_obfuscation: bool | None = None
    starting_after: int | None = None
    """Of a stream that is taken up again: the number after which it begins."""
    tool_choice: ToolChoice = "auto"
    tool: str | None = None
    """The tool that a call is forced to."""


def asked_of(body: Any) -> Asked | None:
    """Reads a request body, or the query of a request that takes a stream up again; None where there is none."""
    if not isinstance(body, dict):
        return None
    options = body.get("stream_options")
    options = options if isinstance(options, dict) else {}
    obfuscation = options.get("include_obfuscation", body.get("include_obfuscation"))
    choice, tool = _tool_choice(body.get("tool_choice"))
    after = body.get("starting_after")
    return Asked(
        stream=body.get("stream") is not False,
        include_obfuscation=obfuscation if isinstance(obfuscation, bool) else None,
        starting_after=after if type(after) is int else None,
        tool_choice=choice,
        tool=tool,
    )


def _tool_choice(value: Any) -> tuple[ToolChoice, str | None]:
    match value:
        case "none" | "required":
            return value, None
        case {"type": "function" | "custom", "name": str(name)}:
            return "named", name
        case {"type": "allowed_tools", "mode": "required"}:
            return "required", None
        case _:
            return "auto", None

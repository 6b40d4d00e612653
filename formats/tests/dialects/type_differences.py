"""Where our schemas and the types of the official SDKs part, each time with the reason.

The page of it: python formats/tests/dialects/type_differences.py > docs/type-differences.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final, Literal

import attrs

Json = Any
Side = Literal["schema", "SDK"]

ANY: Final = ("array", "boolean", "integer", "null", "number", "object", "string")


@attrs.frozen(kw_only=True)
class Difference:
    """Fields which one side takes so changed and the other does not."""

    dialect: str
    events: tuple[str, ...] = ("",)
    """Types of events; "" where events have none."""
    paths: tuple[str, ...]
    """Fields, `*` for a place in an array."""
    changes: tuple[str, ...]
    """`lost`, or the types that stand there instead."""
    only: Side
    """The side that takes it."""
    reason: str

    def covers(self, dialect: str, event: str, path: str, change: str, only: Side) -> bool:
        """Whether this is such a difference."""
        told = (self.dialect, self.only) == (dialect, only)
        return told and event in self.events and path in self.paths and change in self.changes


@attrs.frozen(kw_only=True)
class Unknown:
    """Events that keep the rules as they are, and that the SDK's type nevertheless does not take."""

    dialect: str
    what: str
    matches: Callable[[Json], bool]
    reason: str


_DELTA: Final = "choices.*.delta."
_CALL: Final = "choices.*.delta.tool_calls.*."
_SNAPSHOTS: Final = tuple(
    f"response.{name}" for name in ("created", "queued", "in_progress", "completed", "failed", "incomplete")
)
_NOT_TEXT: Final = ("array", "boolean", "integer", "number", "object")
_NULLABLE: Final = "The SDK says null of what may be absent; the specification lets it be absent, and has no null there"
_UNTYPED: Final = "The SDK takes what it cannot read as of another kind, unread; the specification types the field"

DIFFERENCES: Final[tuple[Difference, ...]] = (
    Difference(
        dialect="openai-chat",
        paths=(
            *(_DELTA + name for name in ("role", "tool_calls", "function_call")),
            *(_DELTA + name for name in ("function_call.name", "function_call.arguments")),
            *(_CALL + name for name in ("id", "type", "function", "function.name", "function.arguments")),
            *(_DELTA + name for name in ("audio.id", "audio.data", "audio.expires_at")),
            "obfuscation",
        ),
        changes=("null",),
        only="SDK",
        reason=_NULLABLE,
    ),
    Difference(
        dialect="openai-chat",
        paths=("choices.*.finish_reason",),
        changes=("lost",),
        only="SDK",
        reason="Since audio may expire the SDK has a default; the specification requires the key of every other chunk",
    ),
    Difference(
        dialect="openai-chat",
        paths=("choices.*.logprobs.content", "choices.*.logprobs.refusal"),
        changes=("lost",),
        only="SDK",
        reason="Required and nullable in the specification, with a default of null in the SDK (OC-47 warns)",
    ),
    Difference(
        dialect="openai-chat",
        paths=("choices.*.logprobs",),
        changes=("object",),
        only="SDK",
        reason="The same two keys: an empty object has neither",
    ),
    Difference(
        dialect="openai-chat",
        paths=tuple(
            f"choices.*.logprobs.{kind}.*.{name}"
            for kind in ("content", "refusal")
            for name in ("bytes", "top_logprobs.*.bytes")
        ),
        changes=("lost",),
        only="SDK",
        reason="Required and nullable in the specification, with a default of null in the SDK",
    ),
    Difference(
        dialect="openai-chat",
        paths=(
            "moderation.output.code",
            "moderation.output.message",
            "moderation.input.model",
            "moderation.input.results",
        ),
        changes=("lost",),
        only="schema",
        reason="What a moderation tells is no part of the stream's format: we type what is there and require its type alone",
    ),
    Difference(
        dialect="openai-completions",
        paths=("choices.*.finish_reason",),
        changes=("lost", "null"),
        only="schema",
        reason="The type is that of a whole answer; the documents' own stream has null before the end (OL-05b)",
    ),
    Difference(
        dialect="openai-responses",
        events=_SNAPSHOTS,
        paths=("response.tool_choice",),
        changes=("object",),
        only="schema",
        reason="An empty object is of none of the kinds of tool_choice; we type it as text or object and no further",
    ),
    Difference(
        dialect="openai-responses",
        events=("response.completed",),
        paths=("response.usage.input_tokens_details.cache_write_tokens",),
        changes=("lost",),
        only="schema",
        reason="Newer than the specification: required by the newest SDK only, and judged where both agree",
    ),
    Difference(
        dialect="openai-responses",
        events=("response.function_call_arguments.done",),
        paths=("name",),
        changes=(*_NOT_TEXT, "null"),
        only="SDK",
        reason="The SDK has no such field, the specification requires it as a text: it may be there, and is typed (OR-19)",
    ),
    Difference(
        dialect="openai-responses",
        events=("response.output_text.delta",),
        paths=("obfuscation",),
        changes=_NOT_TEXT,
        only="SDK",
        reason="Documented as a text of deltas under stream_options; the SDK's events have no such field",
    ),
    Difference(
        dialect="anthropic-messages",
        events=("content_block_start",),
        paths=("content_block.content", "content_block.tool_use_id"),
        changes=(*ANY, "lost"),
        only="schema",
        reason="Of blocks only those of a client's own tools, text and thinking are typed (AM-25); the rest comes whole",
    ),
    Difference(
        dialect="anthropic-messages",
        events=("message_delta",),
        paths=("delta.stop_reason",),
        changes=("string",),
        only="schema",
        reason="New reasons are announced (AM-26); the SDK's type is closed, its client reads them all the same",
    ),
    Difference(
        dialect="anthropic-messages",
        events=("message_start",),
        paths=("message.container", "message.stop_details", "message.usage.output_tokens_details"),
        changes=("object",),
        only="schema",
        reason="An empty object lacks what the SDK requires inside it; we do not look into what no rule speaks of",
    ),
    Difference(
        dialect="anthropic-messages",
        events=("message_start",),
        paths=("message.stop_sequence",),
        changes=("string",),
        only="SDK",
        reason="The type is that of a whole message; at the start of one nothing can have stopped it (AM-03b)",
    ),
    Difference(
        dialect="gemini",
        paths=("candidates.*.content.parts.*.functionCall.partialArgs.*.numberValue",),
        changes=("boolean",),
        only="SDK",
        reason="Python's numbers include its truth values",
    ),
    Difference(
        dialect="ollama-chat",
        paths=(
            *("model", "created_at", "done", "done_reason", "total_duration", "load_duration", "prompt_eval_duration"),
            *(
                "eval_duration",
                "prompt_eval_count",
                "eval_count",
                "message.content",
                "message.thinking",
                "message.tool_calls",
            ),
        ),
        changes=("null",),
        only="SDK",
        reason="The SDK says null of what may be absent; Ollama writes a value or leaves the field out",
    ),
    Difference(
        dialect="ollama-chat",
        paths=("done",),
        changes=("lost",),
        only="SDK",
        reason="All but message is optional in the SDK; done tells where the stream ends, and is on every line (OM-03)",
    ),
    Difference(
        dialect="ollama-chat",
        paths=("message.tool_calls.*.id", "message.tool_calls.*.function.index", "remote_model"),
        changes=ANY,
        only="SDK",
        reason="Written by Ollama and typed there; the SDK has no such fields",
    ),
    Difference(
        dialect="mistral",
        paths=("choices.*.finish_reason",),
        changes=("string",),
        only="schema",
        reason="The values are an open set (the SDK reads new ones where it does not validate strictly)",
    ),
    Difference(
        dialect="mistral",
        paths=(
            *(_DELTA + "content.*." + name for name in ("type", "text", "thinking")),
            *(_DELTA + "content.*.thinking.*" + name for name in ("", ".type", ".text")),
        ),
        changes=ANY,
        only="SDK",
        reason=_UNTYPED,
    ),
    Difference(
        dialect="mistral",
        paths=tuple(_DELTA + name for name in ("content", "role", "tool_calls")),
        changes=("object",),
        only="SDK",
        reason="An empty object is the SDK's own sign for a field that is absent",
    ),
    Difference(
        dialect="cohere-v2",
        events=("citation-start", "content-start", "message-end"),
        paths=("delta.message.citations.type", "delta.message.content.type", "delta.finish_reason"),
        changes=_NOT_TEXT,
        only="SDK",
        reason="Enumerations are open in the SDK, to values of any type; the specification has texts",
    ),
    Difference(
        dialect="cohere-v2",
        events=("message-start",),
        paths=(
            "delta.message.citations",
            "delta.message.content",
            "delta.message.tool_calls",
            "delta.message.tool_plan",
        ),
        changes=("array", "boolean", "integer", "number", "object", "string"),
        only="SDK",
        reason="The SDK's event has the role alone; the documents' examples have these, of these types",
    ),
    Difference(
        dialect="cohere-v2",
        events=("tool-call-start",),
        paths=("delta.message.tool_calls.id",),
        changes=("lost",),
        only="schema",
        reason="Its absence is found by a rule of its own (CO-10), and by no second one",
    ),
)
"""All differences that the test finds, and none that it does not."""


def _kind(*names: str) -> Callable[[Json], bool]:
    return lambda value: value.get("type") in names


def _encodes(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


UNKNOWN: Final[tuple[Unknown, ...]] = (
    Unknown(
        dialect="openai-chat",
        what="`created` as 1.0",
        matches=lambda value: type(value.get("created")) is float,
        reason="JSON Schema calls a number without a fraction an integer; strict validation does not",
    ),
    Unknown(
        dialect="openai-chat",
        what="a delta of a custom tool",
        matches=lambda value: '"custom"' in str(value).replace("'", '"'),
        reason="In the specification of requests and whole answers, not yet in the SDK's chunk (OC-45)",
    ),
    Unknown(
        dialect="openai-chat",
        what="a piece of text that ends within a surrogate pair",
        matches=lambda value: not _encodes(json.dumps(value, ensure_ascii=False)),
        reason="JSON may escape the halves one by one; strict validation reads JSON with a parser that does not take them",
    ),
    Unknown(
        dialect="openai-completions",
        what="a chunk whose finish_reason is null, empty or absent",
        matches=lambda value: not all(entry.get("finish_reason") for entry in value["choices"]),
        reason="The type is that of a whole answer; the documents' own stream has null before the end (OL-05b)",
    ),
    Unknown(
        dialect="openai-responses",
        what="`keepalive`",
        matches=_kind("keepalive"),
        reason="Sent by OpenAI and in no schema (OR-37)",
    ),
    Unknown(
        dialect="openai-responses",
        what="items of hosted calls with nothing but id, type and status",
        matches=lambda value: "_call'" in str(value) or "mcp_list_tools" in str(value) or "'compaction'" in str(value),
        reason="Of items only messages, reasoning and a client's own calls are typed inside",
    ),
    Unknown(
        dialect="openai-responses",
        what="events and items of Open Responses alone",
        matches=lambda value: "response.reasoning." in value["type"] or "acme:" in str(value),
        reason="A specification of its own, with events for raw reasoning and prefixed types for extensions (OR-22, OR-33)",
    ),
    Unknown(
        dialect="anthropic-messages",
        what="`ping` and `error`",
        matches=_kind("ping", "error"),
        reason="Documented events that are no part of the SDK's union: its client takes both out before",
    ),
    Unknown(
        dialect="anthropic-messages",
        what="blocks, deltas, citations and stop reasons that are new",
        matches=_kind("content_block_start", "content_block_delta", "message_delta"),
        reason="New ones are announced (AM-26); the SDK's types are closed, its client hands them on unvalidated",
    ),
    Unknown(
        dialect="gemini",
        what="`error`",
        matches=lambda value: "error" in value,
        reason="The client tells an error by its first key, before it makes a response of it (GM-18)",
    ),
    Unknown(
        dialect="gemini",
        what="createTime as text",
        matches=lambda value: "createTime" in value,
        reason="The type holds a time, which strict validation does not make of a text",
    ),
    Unknown(
        dialect="gemini",
        what="unknown keys",
        matches=lambda value: any(key in str(value) for key in ("'x", "'mood'", "'seed'", "'serverTime'")),
        reason="Keys may be new (GM-19): the type forbids them, its client leaves them out before",
    ),
    Unknown(
        dialect="mistral",
        what="a finish_reason that is new",
        matches=lambda value: "'new'" in str(value),
        reason="The values are an open set",
    ),
)
"""All events of held and generated streams that keep the rules and that the SDK's type does not take."""


def page() -> str:
    """The page of the documentation."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Where the official types differ from our schemas"
    yield ""
    yield "Every event of the streams that we hold or generate, and every change of a single field of it, is put to our"
    yield "schema and to the type of the dialect's official Python SDK, validated strictly. They agree but for what is below."
    yield "A test compares this list with what it finds; `formats/tests/dialects/type_differences.py` writes this page."
    yield "Nobody publishes a type for a chunk of workers-ai."
    yield ""
    yield "## Fields"
    yield ""
    yield "*lost*: the field is left out; other words are the JSON type that stands there instead. *Only the SDK* takes it so,"
    yield "or *only we* do."
    for dialect, rows in groupby(DIFFERENCES, lambda row: row.dialect):
        yield from ("", f"### {dialect}", "", "| field | changed to | taken by | reason |", "|---|---|---|---|")
        for row in rows:
            events = "" if row.events == ("",) else f"{_listed(row.events)}: "
            side = "only the SDK" if row.only == "SDK" else "only us"
            yield f"| {events}{_listed(row.paths)} | {', '.join(row.changes)} | {side} | {row.reason} |"
    yield from ("", "## Events", "", "Valid events that the SDK's type does not take.", "")
    yield from ("| dialect | event | reason |", "|---|---|---|")
    for one in UNKNOWN:
        yield f"| {one.dialect} | {one.what} | {one.reason} |"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    print(page(), end="")

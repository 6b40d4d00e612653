"""The rules of mistral: Mistral's chat completions, streamed as chunks that are close to OpenAI's."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import MISTRAL_PYTHON, MISTRAL_SPECIFICATION
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"
_oas: Final = MISTRAL_SPECIFICATION.at
_sdk: Final = MISTRAL_PYTHON.at


_CALL: Final = _oas("POST /v1/chat/completions, 200")
_STREAM: Final = _oas("ChatCompletionRequest, stream")
_CHUNK: Final = _oas("CompletionChunk")
_CHOICE: Final = _oas("CompletionResponseStreamChoice")
_DELTA: Final = _oas("DeltaMessage")
_TOOL: Final = _oas("ToolCall, FunctionCall")
_PADDING: Final = Source(
    document="mistralai/mistral-common, pull request 131",
    section="Random padding",
    url="https://github.com/mistralai/mistral-common/pull/131",
    read=_READ,
)

RULES: Final[tuple[Rule, ...]] = (
    rule("MI-01", "MUST", "TYPE CLIENT", _CALL,
         "A stream comes with status 200 and the type text/event-stream, and the data of every event is [DONE] or one "
         "JSON object: mistralai raises on application/json."),
    rule("MI-01b", "SHOULD", "DOC", _STREAM, "A stream is data only: it has no event, id or retry field."),
    rule("MI-02", "MUST", "DOC", _STREAM, "A stream that succeeds ends with [DONE], which comes once."),
    rule("MI-03", "MUST", "TYPE CLIENT", _CHUNK,
         "Every event but the terminator has id, model and choices, and all that it has is of the type that the "
         "schema gives: mistralai raises otherwise."),
    rule("MI-04", "SHOULD", "INF", _CHUNK, "All chunks have the same id, created and model."),
    rule("MI-05", "SHOULD", "INF", _DELTA,
         "The first chunk of a choice gives the role assistant and an empty content."),
    rule("MI-06", "MUST", "TYPE CLIENT", _CHOICE,
         "Every entry for a choice has the key finish_reason, a text or null: mistralai raises without it."),
    rule("MI-06b", "SHOULD", "INF", _CHOICE,
         "finish_reason is null until the last chunk of a choice, which gives the reason."),
    rule("MI-07", "MAY", "INF", _CHOICE,
         "The chunk with the finish reason has the last text or the tool calls."),
    rule("MI-08", "SHOULD", "INF", _oas("CompletionChunk, usage"),
         "usage comes always, with the finish reason, and no chunk is without choices."),
    rule("MI-09", "MUST", "TYPE CLIENT", _TOOL,
         "Every delta of a tool call has the name and the arguments of its function: mistralai raises otherwise."),
    rule("MI-09b", "SHOULD", "INF", _TOOL, "A tool call comes whole, in one delta."),
    rule("MI-10", "SHOULD", "INF", _TOOL,
         "The id of a tool call is nine letters and digits; the text null stands for none."),
    rule("MI-11", "SHOULD", "INF", _oas("CompletionResponseStreamChoice, finish_reason"),
         "A choice with tool calls that was not cut short finishes with tool_calls."),
    rule("MI-12", "SHOULD", "INF", _DELTA,
         "Where content is a list, its text chunks are joined to the text, and its thinking is kept apart.",
         binds="client"),
    rule("MI-12b", "MAY", "TYPE", _DELTA, "content is a list of chunks."),
    rule("MI-13", "SHOULD", "INF", _oas("CompletionResponseStreamChoice, finish_reason"),
         "A choice that finishes with error has failed, and what it said is a part of the answer.", binds="client"),
    rule("MI-14", "MAY", "TYPE INF", _PADDING,
         "A chunk carries padding under p, which is no part of the text."),
    rule("MI-15", "MAY", "TYPE", _sdk("client/models"), "There are further keys at any level."),
)  # fmt: skip

"""The rules of workers-ai: Cloudflare's `{"response": ...}` streams and those that look like them."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import WORKERS_TYPES
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"

_SEED: Final = Source(
    document="callaback.workers.dev, POST /api/chat",
    section="Response",
    url="https://ai.callaback.workers.dev/api/chat",
    read=_READ,
)
_DRAFT: Final = Source(
    document="Cloudflare docs, draft of Streaming",
    section="Streaming",
    url="https://github.com/cloudflare/cloudflare-docs/pull/19018",
    read=_READ,
)
_TYPES: Final = WORKERS_TYPES.at("AiTextGenerationOutput, UsageTags")
_PROVIDER: Final = Source(
    document="cloudflare/ai (917c024)",
    section="packages/workers-ai-provider, streaming.ts",
    url="https://github.com/cloudflare/ai",
    read=_READ,
)

RULES: Final[tuple[Rule, ...]] = (
    rule("WA-01", "MUST", "DOC", _SEED, "A stream comes with status 200 and keeps the rules of server-sent events."),
    rule("WA-02", "SHOULD", "EX SRC", _SEED, "The data of every event is [DONE] or a JSON object."),
    rule("WA-03", "MUST", "DOC", _SEED, "[DONE] marks the end of the stream."),
    rule("WA-03b", "SHOULD NOT", "INF", _DRAFT, "Anything comes after [DONE], a second one included."),
    rule("WA-04", "SHOULD", "TYPE", _TYPES, "A piece of text, under response, is a string."),
    rule("WA-05", "SHOULD", "EX SRC", _SEED, "The answer is the pieces of response, joined in order.", binds="client"),
    rule("WA-06", "SHOULD", "INF", _PROVIDER,
         "A chunk has one of response, tool_calls, usage and finish_reason at least."),
    rule("WA-07", "SHOULD", "INF", _PROVIDER,
         "usage comes once, in the last chunk before [DONE], beside an empty response."),
    rule("WA-08", "SHOULD", "INF", _TYPES, "total_tokens is prompt_tokens and completion_tokens together."),
    rule("WA-09", "MAY", "SRC", _PROVIDER,
         "A chunk carries padding under p, which is no part of the text."),
    rule("WA-10", "SHOULD NOT", "INF", _PROVIDER,
         "A chunk has both text under response and choices: a stream is of one shape or the other."),
    rule("WA-11", "SHOULD", "SRC", _PROVIDER,
         "Tool calls in the shape of OpenAI keep its rules on tool calls; an absent index is 0, and an entry without "
         "id, type, name and arguments only closes the call before it."),
    rule("WA-12", "SHOULD", "TYPE", _TYPES, "A tool call in the older shape has a name, which is a string."),
    rule("WA-12b", "SHOULD", "INF", _TYPES, "The arguments of a call in the older shape come whole, in one chunk."),
    rule("WA-13", "SHOULD NOT", "EX", _SEED, "A stream has event or id fields."),
    rule("WA-14", "SHOULD", "EX", _SEED,
         'A piece of text is written "response":"..." without spaces, and a quote in it with a backslash: '
         "a documented client cuts it out with a regular expression."),
    rule("WA-15", "MAY", "SRC", _PROVIDER, "finish_reason is any string."),
)  # fmt: skip

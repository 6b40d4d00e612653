"""The rules of cohere-v2: the events of Cohere's `/v2/chat`."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import COHERE_PYTHON, COHERE_SPECIFICATION
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"
_oas: Final = COHERE_SPECIFICATION.at
_sdk: Final = COHERE_PYTHON.at
_REPOSITORY: Final = "https://github.com/cohere-ai/cohere-developer-experience"


def _docs(section: str) -> Source:
    return Source(document="Cohere docs (e814c8a)", section=section, url=_REPOSITORY, read=_READ)


_EVENTS: Final = _oas("StreamedChatResponseV2")
_STREAMING: Final = _docs("v2/text-generation/streaming")
_TOOLS: Final = _docs("v2/tool-use/tool-use-streaming")
_CITATIONS: Final = _docs("v2/text-generation/streaming, Citations")
_FINISH: Final = _oas("ChatFinishReason")

RULES: Final[tuple[Rule, ...]] = (
    rule("CO-01", "MUST", "TYPE", _EVENTS,
         "A stream comes with status 200 as server-sent events, the data of each is a JSON object with a type or "
         "[DONE], and all that it has is of the type that the schema gives."),
    rule("CO-02", "SHOULD", "EX", _EVENTS, "The name of an event is its type."),
    rule("CO-03", "MUST", "DOC", _STREAMING, "A stream begins with message-start, which comes once."),
    rule("CO-04", "MUST", "DOC", _STREAMING,
         "A stream ends with message-end, which comes once; only [DONE] may follow it."),
    rule("CO-05", "MUST", "DOC", _STREAMING,
         "A block of content is a content-start, then its content-delta events, then a content-end."),
    rule("CO-05b", "SHOULD", "EX", _STREAMING, "The events of a block of content have the same index."),
    rule("CO-06", "SHOULD", "DOC", _STREAMING,
         "There is one block of content; with thinking there are two, the thinking and then the text, with the indexes "
         "0 and 1."),
    rule("CO-07", "SHOULD", "INF", _EVENTS,
         "A content-delta has text in a block of text, and thinking in a block of thinking."),
    rule("CO-08", "SHOULD", "EX", _TOOLS, "All of the tool plan comes before the first tool call."),
    rule("CO-09", "MUST", "DOC", _TOOLS,
         "A tool call is a tool-call-start, then its tool-call-delta events, then a tool-call-end."),
    rule("CO-09b", "SHOULD", "EX", _TOOLS, "Tool calls do not mix, and have the indexes 0, 1 and so on."),
    rule("CO-10", "MUST", "TYPE CLIENT", _oas("ToolCallV2"),
         "A tool-call-start has the id of the call: cohere-python drops the event without it."),
    rule("CO-10b", "MUST", "DOC", _TOOLS, "A tool-call-start has the name of the function."),
    rule("CO-10c", "SHOULD", "EX", _TOOLS, "The arguments in a tool-call-start are empty."),
    rule("CO-10d", "SHOULD", "INF", _TOOLS,
         "The joined arguments of a call are JSON, unless the answer was cut short."),
    rule("CO-11", "MUST", "DOC", _CITATIONS, "Every citation-start has its citation-end, and the other way round."),
    rule("CO-11b", "SHOULD", "EX", _CITATIONS,
         "Citations have the indexes 0, 1 and so on, and come inside the block of content, after the text that they "
         "cite."),
    rule("CO-12", "SHOULD", "INF", _oas("Citation"),
         "A citation's text is what the text of the answer has from its start to its end."),
    rule("CO-13", "SHOULD", "EX", _STREAMING, "message-end has the finish reason and the usage."),
    rule("CO-14", "SHOULD", "INF", _FINISH,
         "An answer with tool calls that was not cut short finishes with TOOL_CALL."),
    rule("CO-14b", "MUST", "DOC", _FINISH, "An answer that finishes with TOOL_CALL has a tool call."),
    rule("CO-14c", "SHOULD NOT", "INF", _TOOLS, "An answer has both a block of text and tool calls."),
    rule("CO-15", "SHOULD", "DOC", _oas("ChatMessageEndEvent, error"),
         "A message-end with the finish reason ERROR has the text of the error."),
    rule("CO-16", "SHOULD NOT", "INF", _STREAMING, "A block of content or a tool call is open at message-end."),
    rule("CO-17", "MAY", "TYPE CLIENT", _EVENTS,
         "There are debug events, and events of types that are new, which clients skip."),
    rule("CO-18", "MAY", "TYPE", _oas("POST /v2/chat, x-fern-streaming"),
         "[DONE] follows message-end."),
    rule("CO-19", "MUST", "CLIENT", _sdk("v2/types/v2chat_stream_response.py"),
         "tool_calls and citations in an event of their own are objects: cohere-python drops an event with an array."),
    rule("CO-20", "MUST", "CLIENT", _sdk("core/http_sse"),
         "The content type of a stream is text/event-stream: cohere-python raises on application/json."),
    rule("CO-21", "MAY", "TYPE", _sdk("core/unchecked_base_model.py"),
         "There are further keys at any level, and values that an enumeration does not have."),
)  # fmt: skip

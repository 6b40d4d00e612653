"""The rules of anthropic-messages: Anthropic's Messages API, streamed as named events."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import ANTHROPIC_PYTHON
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"
_sdk: Final = ANTHROPIC_PYTHON.at


def _docs(section: str, page: str = "Streaming messages", slug: str = "build-with-claude/streaming") -> Source:
    return Source(
        document=f"Anthropic docs, {page}",
        section=section,
        url=f"https://platform.claude.com/docs/en/{slug}",
        read=_READ,
    )


def _versions(section: str) -> Source:
    return _docs(section, "Versions", "api/versioning")


def _reference(section: str) -> Source:
    return _docs(section, "API reference, Messages", "api/messages")


_FLOW: Final = _docs("Event types")
_DELTAS: Final = _docs("Content block delta types")
_EXAMPLES: Final = _docs("Full HTTP stream response")
_TYPES: Final = _sdk("types/raw_*")
_STREAMING: Final = _sdk("_streaming.py")
_VERSION: Final = _versions("2023-06-01")

RULES: Final[tuple[Rule, ...]] = (
    rule("AM-01", "MUST", "DOC CLIENT", _FLOW,
         "The data of every event is a JSON object with a type, and the event has that type as its name: "
         "anthropic-python drops an event without a name."),
    rule("AM-02", "MUST", "DOC CLIENT", _FLOW,
         "message_start comes once, and before everything else but ping, error and events of types unknown."),
    rule("AM-03", "MUST", "DOC", _docs("Event types, message_start"),
         "The message in message_start has content [] and stop_reason null."),
    rule("AM-03b", "SHOULD", "EX", _EXAMPLES, "The message in message_start has stop_sequence null."),
    rule("AM-04", "MUST", "DOC", _docs("Event types, content blocks"),
         "A content block is a content_block_start, then its content_block_delta events, then a content_block_stop."),
    rule("AM-05", "MUST", "DOC CLIENT", _docs("Event types, content blocks"),
         "Blocks are numbered from 0 without a gap: the index is the place in the final content, and "
         "anthropic-python uses it as one."),
    rule("AM-06", "SHOULD", "INF", _FLOW, "A block starts once the one before has stopped."),
    rule("AM-07", "MUST", "DOC", _docs("Event types, content blocks"),
         "A content_block_delta or content_block_stop has the index of a block that has started and not yet stopped."),
    rule("AM-08", "SHOULD", "DOC", _FLOW, "A text, tool_use or thinking block has one delta at least."),
    rule("AM-09", "MUST", "DOC", _DELTAS,
         "A delta of a known type fits its block: text_delta and citations_delta a text, input_json_delta a tool_use, "
         "thinking_delta and signature_delta a thinking block."),
    rule("AM-09b", "SHOULD", "EX", _docs("Streaming request with web search tool use"),
         "A server_tool_use block gets input_json_delta and no other known type of delta."),
    rule("AM-10", "SHOULD", "EX", _EXAMPLES,
         'A block starts empty: text and thinking as "", the input of a tool as {}.'),
    rule("AM-11", "MUST", "DOC", _docs("Input JSON delta"),
         "The partial_json pieces of a block make a JSON object, or nothing, unless the answer was cut short or "
         "refused, or a tool of the request has eager_input_streaming."),
    rule("AM-11b", "SHOULD", "EX", _docs("Streaming request with tool use"),
         "Pieces that join to nothing mean the input {}.", binds="client"),
    rule("AM-12", "MUST", "DOC", _docs("Thinking delta"),
         "A thinking block has one signature_delta, and it is the last of its deltas."),
    rule("AM-13", "MUST", "DOC", _FLOW, "After the blocks comes at least one message_delta."),
    rule("AM-14", "MUST", "DOC", _reference("Message, stop_reason"),
         "The last message_delta has a stop_reason that is not null."),
    rule("AM-15", "MUST", "DOC", _FLOW,
         "The usage in a message_delta is a running total: output_tokens never falls."),
    rule("AM-15b", "SHOULD", "INF", _FLOW,
         "output_tokens in a message_delta is no less than in message_start."),
    rule("AM-16", "MUST", "DOC", _sdk("types/message.py, stop_sequence"),
         "With the stop_reason stop_sequence the matched text stands in stop_sequence."),
    rule("AM-16b", "SHOULD", "INF", _sdk("types/message.py, stop_sequence"),
         "With any other stop_reason stop_sequence is null."),
    rule("AM-17", "MUST", "DOC", _reference("Message, stop_reason"),
         "An answer that stops with tool_use has a tool_use block."),
    rule("AM-18", "MUST", "DOC", _FLOW,
         "A stream that succeeds ends with one message_stop, and nothing comes after it."),
    rule("AM-18b", "SHOULD NOT", "INF", _FLOW, "A ping comes after message_stop."),
    rule("AM-19", "MAY", "DOC", _docs("Event types, ping"),
         "A ping comes anywhere before message_stop, inside a block too, any number of times."),
    rule("AM-20", "MAY", "DOC INF", _docs("Error events"),
         "An error event stands in place of the rest of the stream, message_stop included."),
    rule("AM-21", "MAY", "DOC", _docs("Other events"), "There are events of new types."),
    rule("AM-21b", "SHOULD", "DOC", _docs("Other events"), "Events of types unknown are passed over.", binds="client"),
    rule("AM-22", "MUST NOT", "DOC", _VERSION, "A stream has the event [DONE]: that was of an older version."),
    rule("AM-23", "MUST NOT", "DOC", _FLOW, "An event of a content block comes after the first message_delta."),
    rule("AM-24", "SHOULD", "INF", _sdk("types/tool_use_block.py"),
         "The tool_use blocks of a message have ids that differ, and names that are not empty."),
    rule("AM-25", "MUST", "TYPE", _TYPES,
         "Events, and the blocks, deltas and errors in them that are known, have the fields that the types require, of "
         "the types that they give: tool_use id, name and input, text its text, thinking its thinking and signature."),
    rule("AM-26", "MAY", "DOC", _versions("API versioning"),
         "There are new fields, types of blocks and deltas, and values."),
    rule("AM-27", "MUST", "TYPE CLIENT", _TYPES,
         "message_start has usage with input_tokens and output_tokens, each message_delta usage with output_tokens: "
         "anthropic-python fails without."),
    rule("AM-28", "MAY", "DOC", _docs("Event types, content blocks"),
         "A fallback block starts and stops without a delta."),
    rule("AM-29", "MUST", "CLIENT", _STREAMING,
         "An error has the event name error: anthropic-python drops one without a name, and the loss shows nowhere."),
)  # fmt: skip

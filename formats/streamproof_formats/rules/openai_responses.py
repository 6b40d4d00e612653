"""The rules of openai-responses: the events of OpenAI's Responses API, and of Open Responses.

Rules under the profile `open-responses` bind servers that claim Open Responses.  Where such a rule has a sibling with
a letter, the sibling binds all others in its place.
"""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import OPEN_RESPONSES, OPENAI_NODE, OPENAI_PYTHON, OPENAI_SPECIFICATION
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"
_oas: Final = OPENAI_SPECIFICATION.at
_spec: Final = OPEN_RESPONSES.at
_python: Final = OPENAI_PYTHON.at
_node: Final = OPENAI_NODE.at
_OPEN: Final = "open-responses"


_EVENTS: Final = _oas("ResponseStreamEvent")
_RESPONSE: Final = _oas("Response")
_SAMPLES: Final = _oas("POST /responses, streaming examples")
_STREAMING: Final = _spec("Streaming HTTP responses")
_ITEM_EVENTS: Final = _spec("Streaming, state of items")
_MACHINE: Final = _spec("State machines")
_ITEMS: Final = _spec("Items")
_ERRORS: Final = _spec("Errors")
_EXTENSIONS: Final = _spec("Extending the specification")
_ORS_EVENTS: Final = Source(
    document="openresponses/openresponses schema/events.tsp (3533b21)",
    section="ResponseStreamEvent",
    url="https://github.com/openresponses/openresponses",
    read=_READ,
)
_PY_STREAM: Final = _python("lib/streaming/responses")
_NODE_STREAM: Final = _node("lib/responses/ResponseStream.ts")

RULES: Final[tuple[Rule, ...]] = (
    rule("OR-01", "MUST", "DOC", _STREAMING,
         "Every event but [DONE] has an event field, the same as the type in its data.", profile=_OPEN),
    rule("OR-01b", "SHOULD", "EX", _SAMPLES,
         "Every event but [DONE] has an event field, the same as the type in its data."),
    rule("OR-02", "SHOULD NOT", "DOC", _STREAMING, "A stream has id fields.", profile=_OPEN),
    rule("OR-03", "MUST", "TYPE", _EVENTS, "Every event is a JSON object with an integer sequence_number."),
    rule("OR-03b", "MUST", "DOC", _STREAMING,
         "The sequence numbers rise strictly, as only then a gap can be seen.", profile=_OPEN),
    rule("OR-03c", "SHOULD", "INF", _oas("GET /responses/{response_id}, starting_after"),
         "The sequence numbers rise strictly, as only then a stream can be taken up after one of them."),
    rule("OR-04", "SHOULD", "INF", _SAMPLES,
         "The sequence numbers count every event on the wire from 0, one by one."),
    rule("OR-05", "MUST", "CLIENT", _PY_STREAM,
         "A new stream begins with response.created: the SDKs throw on any other first event."),
    rule("OR-05b", "SHOULD", "INF", _EVENTS, "response.created comes once."),
    rule("OR-06", "SHOULD", "EX", _SAMPLES,
         "After response.created, and before any output, comes response.in_progress; response.queued may stand "
         "between them."),
    rule("OR-07", "MUST", "DOC", _MACHINE,
         "A stream has a terminal event: response.completed, response.failed or response.incomplete.", profile=_OPEN),
    rule("OR-07b", "SHOULD", "INF", _EVENTS,
         "A stream has a terminal event, which is response.completed, response.failed or response.incomplete, or an "
         "error event."),
    rule("OR-07c", "MUST", "CLIENT", _PY_STREAM,
         "A stream that tells of no failure, no incompleteness and no error has response.completed: openai-python "
         "raises a RuntimeError without one."),
    rule("OR-07d", "SHOULD NOT", "INF", _EVENTS, "Anything but [DONE] comes after the terminal event."),
    rule("OR-08", "MUST", "DOC", _MACHINE,
         "The status of a response is what its event says: completed, failed or incomplete in the event of that name, "
         "in_progress or queued before.", profile=_OPEN),
    rule("OR-08b", "SHOULD", "EX", _SAMPLES,
         "The status of a response is what its event says: completed, failed or incomplete in the event of that name, "
         "in_progress or queued before."),
    rule("OR-09", "SHOULD", "CLIENT", _PY_STREAM,
         "The id of the response is the same in all events that show it: openai-python raises a RuntimeError "
         "otherwise."),
    rule("OR-09b", "SHOULD", "INF", _RESPONSE,
         "created_at and model are the same in all events that show the response."),
    rule("OR-10", "MUST", "DOC", _ITEM_EVENTS,
         "The events of an item begin with response.output_item.added and end with response.output_item.done, each "
         "once, of the same output_index and id.", profile=_OPEN),
    rule("OR-10b", "MUST", "CLIENT", _PY_STREAM,
         "The events of an item begin with response.output_item.added and end with response.output_item.done, each "
         "once, of the same output_index and, where both give one, the same id: the SDKs throw otherwise."),
    rule("OR-11", "MUST", "CLIENT", _NODE_STREAM,
         "The output_index of items counts from 0 in the order in which they are added: openai-node throws "
         "otherwise."),
    rule("OR-12", "MUST", "DOC TYPE CLIENT", _ITEM_EVENTS,
         "An item that is added is whole in form: a message has its role, a function call its name, and a field that "
         "cannot be null has a value, an empty one where nothing is known yet."),
    rule("OR-12b", "SHOULD", "EX", _SAMPLES, "An item that is added is in_progress."),
    rule("OR-12c", "MUST", "TYPE CLIENT", _oas("FunctionToolCall, call_id"),
         "A function call has a call_id, not empty, when it is added, and the same when it is done."),
    rule("OR-13", "MUST", "DOC", _ITEM_EVENTS,
         "Content that is streamed stands in brackets: response.content_part.added, the deltas of its type, their "
         "done, response.content_part.done.", profile=_OPEN),
    rule("OR-13b", "MUST", "CLIENT", _PY_STREAM,
         "response.content_part.added comes before the deltas of the part: the SDKs fail without it."),
    rule("OR-13c", "SHOULD", "EX", _SAMPLES,
         "The done of its deltas and response.content_part.done close a part."),
    rule("OR-14", "MUST", "CLIENT", _PY_STREAM,
         "content_index counts from 0 within an item, and a delta names an item and a part that are open: the SDKs "
         "look them up in lists."),
    rule("OR-15", "MUST", "DOC CLIENT", _oas("ResponseTextDeltaEvent, item_id"),
         "The item_id of an event is the id of the item at its output_index."),
    rule("OR-16", "SHOULD", "INF", _oas("ResponseTextDoneEvent, text"),
         "What a done event gives as the whole is the deltas joined, and so are the part and the item that are done."),
    rule("OR-17", "SHOULD", "EX", _SAMPLES, "A part that is added is empty."),
    rule("OR-18", "SHOULD", "EX", _SAMPLES,
         "The arguments of a function call come as deltas, then their done, then the item's; there are no content "
         "parts."),
    rule("OR-18b", "MUST", "CLIENT", _NODE_STREAM,
         "Events of function call arguments name a function call: the SDKs throw otherwise."),
    rule("OR-19", "MAY", "TYPE", _oas("ResponseFunctionCallArgumentsDoneEvent, name"),
         "response.function_call_arguments.done carries the name of the function."),
    rule("OR-20", "SHOULD", "INF", _oas("FunctionToolCall, arguments"),
         "The joined arguments of a call that is completed are JSON."),
    rule("OR-21", "SHOULD", "EX", _SAMPLES,
         "A summary of reasoning stands in brackets as content does, its parts counted by summary_index from 0."),
    rule("OR-21b", "MUST", "TYPE", _oas("ResponseReasoningSummaryTextDeltaEvent"),
         "Every event of a summary has an integer summary_index."),
    rule("OR-22", "MUST", "TYPE", _ORS_EVENTS,
         "Raw reasoning comes in response.reasoning_text events, or in response.reasoning events where Open Responses "
         "is claimed."),
    rule("OR-23", "MUST NOT", "DOC", _ITEM_EVENTS,
         "An event touches an item after its response.output_item.done.", profile=_OPEN),
    rule("OR-23b", "SHOULD NOT", "INF", _EVENTS, "An event touches an item after its response.output_item.done."),
    rule("OR-24", "SHOULD", "INF", _PY_STREAM,
         "The output of the response in the terminal event is the items as they were when done, in order."),
    rule("OR-25", "MUST", "DOC", _ITEMS,
         "An item that ends incomplete is the last one, and the response ends incomplete.", profile=_OPEN),
    rule("OR-25b", "SHOULD", "INF", _oas("OutputMessage, status"),
         "An item that ends incomplete is the last one, and the response ends incomplete."),
    rule("OR-26", "SHOULD", "INF", _oas("Response, incomplete_details"),
         "response.incomplete gives the reason in incomplete_details."),
    rule("OR-26b", "SHOULD", "TYPE", _python("types/responses/response.py, IncompleteDetails"),
         "The reason is max_output_tokens, content_filter, max_messages or steered."),
    rule("OR-27", "SHOULD", "EX", _SAMPLES, "response.failed gives an error with code and message."),
    rule("OR-28", "MUST", "DOC", _ERRORS, "response.failed follows an error event.", profile=_OPEN),
    rule("OR-28b", "SHOULD", "INF", _oas("ResponseErrorEvent"), "response.failed follows an error event."),
    rule("OR-29", "SHOULD", "EX INF", _SAMPLES,
         "response.completed gives the usage, and total_tokens is input_tokens and output_tokens together."),
    rule("OR-30", "SHOULD", "INF", _EVENTS,
         "The events of a hosted call begin with its in_progress and end with its completed or, of MCP, its failed."),
    rule("OR-31", "MUST", "CLIENT", _NODE_STREAM,
         "An annotation is added to an open part, and its annotation_index is at most the number of those before: "
         "openai-node throws otherwise."),
    rule("OR-32", "SHOULD", "INF", _EVENTS, "An item is done before the next is added."),
    rule("OR-33", "MUST", "DOC", _EXTENSIONS,
         "An event of an extension, its type prefixed with the implementor's slug, has a sequence_number, and a "
         "reader who drops it loses nothing of the meaning.", profile=_OPEN),
    rule("OR-34", "MUST", "DOC", _EXTENSIONS, "Events of types that are not known are skipped.", binds="client"),
    rule("OR-34b", "SHOULD NOT", "CLIENT", _NODE_STREAM,
         "An event is outside the documented union, by its type or by fields that its type does not have so: "
         "openai-node throws on types that it does not know. keepalive is allowed."),
    rule("OR-35", "SHOULD", "TYPE", _oas("ResponseTextDeltaEvent, logprobs"),
         "The delta and the done of output text have logprobs, an array that is empty where none were asked for."),
    rule("OR-36", "MUST", "DOC", _STREAMING, "The data of the last event is [DONE].", profile=_OPEN),
    rule("OR-36b", "MAY", "INF", _EVENTS, "The data of the last event is [DONE]."),
    rule("OR-37", "MAY", "CLIENT", _NODE_STREAM,
         "keepalive events with nothing but a sequence_number stand anywhere after response.created."),
    rule("OR-38", "MUST", "TYPE", _oas("ResponseErrorEvent"),
         "An error event has code, message and param, or an error object with type, code, message and param."),
    rule("OR-38b", "SHOULD", "CLIENT", _python("_streaming.py"),
         "An error event has the event field error and holds its error in an object: openai-python and older "
         "openai-node raise on no other."),
    rule("OR-39", "MAY", "TYPE", _python("types/responses/response_compaction_compacting_event.py"),
         "There are response.compaction.compacting events."),
    rule("OR-40", "MUST NOT", "DOC", _oas("Response, completed_at"),
         "A response has a completed_at with a status other than completed."),
    rule("OR-41", "MUST", "DOC", _oas("GET /responses/{response_id}, starting_after"),
         "A stream that is taken up again begins after the sequence_number that the request named."),
    rule("OR-42", "MUST NOT", "CLIENT", _NODE_STREAM,
         "After the first item response.created, response.queued or response.in_progress shows an output without the "
         "items so far: openai-node throws at the next delta."),
    rule("OR-43", "MUST", "DOC", _ITEMS, "Every item has id, type and status.", profile=_OPEN),
    rule("OR-43b", "MUST", "DOC", _EXTENSIONS,
         "The type of an item that the specification does not have is prefixed with the implementor's slug.",
         profile=_OPEN),
    rule("OR-43c", "MUST", "DOC", _STREAMING, "A stream has the content type text/event-stream.", profile=_OPEN),
    rule("OR-44", "SHOULD NOT", "DOC", _oas("ResponseStreamOptions, include_obfuscation"),
         "An event carries obfuscation with include_obfuscation false."),
    rule("OR-45", "MUST", "CLIENT", _NODE_STREAM,
         "Events of a refusal name a part that is one: openai-node throws otherwise."),
    rule("OR-45b", "SHOULD", "EX", _SAMPLES, "A part that is a refusal is added empty."),
    rule("OR-46", "MUST", "DOC", _spec("Tool choice"),
         "With tool_choice none there is no tool call, with required there is one, with a named tool only that tool "
         "is called.", profile=_OPEN),
    rule("OR-47", "MUST", "TYPE", _RESPONSE,
         "A response that an event shows has id, object, created_at, model, output, parallel_tool_calls, tool_choice "
         "and tools."),
    rule("OR-47b", "SHOULD", "TYPE", _RESPONSE,
         "A response that an event shows has error, incomplete_details, instructions, metadata, temperature and "
         "top_p too."),
)  # fmt: skip

"""Faults in what one dialect has and others have not."""

from __future__ import annotations

import json
from typing import Any, Final

from streamproof.subjects.broken.fault import Fault, Json, around
from streamproof.subjects.reference.anthropic_messages import Block, MessagesReader
from streamproof.subjects.reference.cohere import CohereReader
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.events import Event
from streamproof.subjects.reference.fields import MalformedError
from streamproof.subjects.reference.gemini import GeminiReader
from streamproof.subjects.reference.mistral import MistralReader
from streamproof.subjects.reference.ollama_chat import OllamaReader
from streamproof.subjects.reference.responses import ResponsesReader
from streamproof.subjects.reference.stream import ChatStream
from streamproof.subjects.reference.workers_ai import WorkersReader

Chunk = dict[str, Json]


def _knowing(*types: str) -> Any:
    def read(original: Any, reader: Any, chunk: Chunk) -> Any:
        if chunk.get("type") not in types:
            raise ClientError("validation", f"unknown event {chunk.get('type')}")
        yield from original(reader, chunk)

    return read


def _skipping(*types: str) -> Any:
    def read(original: Any, reader: Any, chunk: Chunk) -> Any:
        if chunk.get("type") not in types:
            yield from original(reader, chunk)

    return read


def _changed(change: Any) -> Any:
    def read(original: Any, reader: Any, chunk: Chunk) -> Any:
        yield from original(reader, change(dict(chunk)))

    return read


def _last_block(original: Any, reader: MessagesReader, chunk: Chunk) -> Block:
    original(reader, chunk)
    return list(reader._blocks.values())[-1]


def _any_block(original: Any, reader: MessagesReader, chunk: Chunk) -> Block:
    try:
        found: Block = original(reader, chunk)
    except MalformedError:
        if not reader._blocks:
            return Block("text", None, None)
        found = list(reader._blocks.values())[-1]
    return found


def _start_text(chunk: Chunk) -> Chunk:
    block = chunk.get("content_block")
    return {**chunk, "content_block": {**block, "text": ""}} if isinstance(block, dict) and "text" in block else chunk


def _by_the_name(original: Any, stream: ChatStream, event: Event) -> Any:
    try:
        kind = json.loads(event.data).get("type")
    except (ValueError, AttributeError):
        kind = event.type
    if kind == event.type or not isinstance(stream._reader, MessagesReader):
        yield from original(stream, event)


def _start_usage(chunk: Chunk) -> Chunk:
    return {key: one for key, one in chunk.items() if key != "usage"} if chunk.get("type") == "message_delta" else chunk


def _stop_is_enough(original: Any, reader: MessagesReader, chunk: Chunk) -> Any:
    yield from original(reader, chunk)
    if chunk.get("type") == "message_delta":
        reader.done = True


def _whole_text_again(original: Any, reader: ResponsesReader, chunk: Chunk) -> Any:
    if str(chunk.get("type")).endswith(".done"):
        reader._started.clear()
    yield from original(reader, chunk)


def _deltas_only(chunk: Chunk) -> Chunk:
    return {} if str(chunk.get("type")).endswith(".done") else chunk


def _always_completed(chunk: Chunk) -> Chunk:
    return {**chunk, "type": "response.completed"} if chunk.get("type") == "response.incomplete" else chunk


def _failed_is_completed(chunk: Chunk) -> Chunk:
    return {**chunk, "type": "response.completed"} if chunk.get("type") == "response.failed" else chunk


def _done_is_the_end(original: Any, reader: ResponsesReader) -> None:
    reader.done = True
    reader.answer.choice(0).finish_reason = reader.answer.choice(0).finish_reason or "stop"


def _first_part(chunk: Chunk) -> Chunk:
    for part in chunk.get("candidates") or ():
        content = part.get("content") if isinstance(part, dict) else None
        if isinstance(content, dict) and isinstance(content.get("parts"), list):
            content["parts"] = content["parts"][:1]
    return chunk


def _any_end(original: Any, reader: GeminiReader) -> bool:
    for choice in reader.answer.choices.values():
        choice.finish_reason = choice.finish_reason or "STOP"
    return True


def _own_index(chunk: Chunk) -> Chunk:
    candidates = chunk.get("candidates")
    return {**chunk, "candidates": [{"index": 7, **one} for one in candidates]} if candidates else chunk


def _no_content(chunk: Chunk) -> Chunk:
    for part in chunk.get("candidates") or ():
        if isinstance(part, dict) and "content" not in part:
            raise ClientError("key_error", "'content'")
    return chunk


def _needs_parts(chunk: Chunk) -> Chunk:
    for part in chunk.get("candidates") or ():
        content = part.get("content") if isinstance(part, dict) else None
        if isinstance(content, dict) and "parts" not in content:
            raise ClientError("key_error", "'parts'")
    return chunk


def _calls_before_done(chunk: Chunk) -> Chunk:
    if chunk.get("done") is not True and isinstance(chunk.get("message"), dict):
        chunk["message"] = {key: one for key, one in chunk["message"].items() if key != "tool_calls"}
    return chunk


def _needs_done_reason(chunk: Chunk) -> Chunk:
    if chunk.get("done") is True and "done_reason" not in chunk:
        raise ClientError("key_error", "'done_reason'")
    return chunk


def _list_is_fatal(chunk: Chunk) -> Chunk:
    for part in chunk.get("choices") or ():
        if isinstance((part.get("delta") or {}).get("content"), list):
            raise ClientError("validation", "content is no string")
    return chunk


def _object_is_fatal(chunk: Chunk) -> Chunk:
    for part in chunk.get("choices") or ():
        for call in (part.get("delta") or {}).get("tool_calls") or ():
            if isinstance((call.get("function") or {}).get("arguments"), dict):
                raise ClientError("validation", "arguments are no string")
    return chunk


def _response_only(chunk: Chunk) -> Chunk:
    return {key: chunk[key] for key in chunk if key in {"response", "usage"}}


def _plan_dropped(chunk: Chunk) -> Chunk:
    return {**chunk, "type": "other"} if chunk.get("type") == "tool-plan-delta" else chunk


def _failure_is_a_reason(original: Any, reader: CohereReader, delta: Chunk) -> None:
    try:
        original(reader, delta)
    except ClientError:
        reader.done = True


_ANTHROPIC: Final = (
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop",
)  # fmt: skip
_RESPONSES: Final = (
    "response.created", "response.in_progress", "response.output_item.added", "response.output_item.done",
    "response.content_part.added", "response.content_part.done", "response.output_text.delta", "response.output_text.done",
    "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.completed",
    "response.incomplete", "response.failed", "response.refusal.delta", "response.refusal.done",
    "response.reasoning_text.delta", "response.reasoning_text.done", "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done", "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done",
)  # fmt: skip
_COHERE: Final = (
    "message-start", "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start",
    "tool-call-delta", "tool-call-end", "citation-start", "citation-end", "message-end",
)  # fmt: skip

DIALECTS: Final = (
    Fault(
        "ping-is-fatal",
        "refuses a ping, or any other event of Anthropic that it does not know",
        around(MessagesReader, "read", _knowing(*_ANTHROPIC)),
        dialect="anthropic-messages",
    ),
    Fault(
        "block-index-ignored",
        "adds each delta to the block that was opened last",
        around(MessagesReader, "_found", _last_block),
        dialect="anthropic-messages",
    ),
    Fault(
        "deltas-without-a-block",
        "takes deltas of blocks that were never opened for the last one",
        around(MessagesReader, "_found", _any_block),
        dialect="anthropic-messages",
    ),
    Fault(
        "start-text-lost",
        "loses the text that a block begins with",
        around(MessagesReader, "read", _changed(_start_text)),
        dialect="anthropic-messages",
    ),
    Fault(
        "name-counts",
        "goes by the name of an event of Anthropic, and passes over those whose name is not their type",
        around(ChatStream, "_take", _by_the_name),
        dialect="anthropic-messages",
    ),
    Fault(
        "usage-of-the-start",
        "reads usage at the start of a message only",
        around(MessagesReader, "read", _changed(_start_usage)),
        dialect="anthropic-messages",
    ),
    Fault(
        "message-delta-is-the-end",
        "does not wait for message_stop",
        around(MessagesReader, "read", _stop_is_enough),
        dialect="anthropic-messages",
    ),
    Fault(
        "whole-text-again",
        "adds the whole text of a done event to its deltas",
        around(ResponsesReader, "read", _whole_text_again),
        dialect="openai-responses",
    ),
    Fault(
        "deltas-only",
        "does not read the whole text where no delta came",
        around(ResponsesReader, "read", _changed(_deltas_only)),
        dialect="openai-responses",
    ),
    Fault(
        "incomplete-is-completed",
        "takes an incomplete response for a completed one",
        around(ResponsesReader, "read", _changed(_always_completed)),
        dialect="openai-responses",
    ),
    Fault(
        "failed-is-completed",
        "takes a failed response for a completed one",
        around(ResponsesReader, "read", _changed(_failed_is_completed)),
        dialect="openai-responses",
    ),
    Fault(
        "unknown-response-events",
        "refuses events of a response that it does not know",
        around(ResponsesReader, "read", _knowing(*_RESPONSES)),
        dialect="openai-responses",
    ),
    Fault(
        "done-ends-a-response",
        "takes [DONE] for the end of a response that is completed",
        around(ResponsesReader, "finish", _done_is_the_end),
        dialect="openai-responses",
    ),
    Fault(
        "first-part-only",
        "reads the first part of a candidate only",
        around(GeminiReader, "read", _changed(_first_part)),
        dialect="gemini",
    ),
    Fault(
        "candidates-end-anywhere",
        "takes any end of the body for the end of a Gemini answer",
        around(GeminiReader, "is_whole", _any_end),
        dialect="gemini",
    ),
    Fault(
        "candidate-needs-content",
        "refuses a candidate without content",
        around(GeminiReader, "read", _changed(_no_content)),
        dialect="gemini",
    ),
    Fault(
        "content-needs-parts",
        "refuses content without parts",
        around(GeminiReader, "read", _changed(_needs_parts)),
        dialect="gemini",
    ),
    Fault(
        "candidate-needs-an-index",
        "takes a candidate without an index for one of its own",
        around(GeminiReader, "read", _changed(_own_index)),
        dialect="gemini",
    ),
    Fault(
        "calls-in-the-last-object",
        "reads Ollama's calls in the last object only",
        around(OllamaReader, "read", _changed(_calls_before_done)),
        dialect="ollama-chat",
    ),
    Fault(
        "needs-a-done-reason",
        "refuses a last object without its reason",
        around(OllamaReader, "read", _changed(_needs_done_reason)),
        dialect="ollama-chat",
    ),
    Fault(
        "content-is-a-string",
        "refuses Mistral's content in parts",
        around(MistralReader, "read", _changed(_list_is_fatal)),
        dialect="mistral",
    ),
    Fault(
        "arguments-are-a-string",
        "refuses Mistral's arguments as an object",
        around(MistralReader, "read", _changed(_object_is_fatal)),
        dialect="mistral",
    ),
    Fault(
        "response-only",
        "reads the response of a Workers AI event only",
        around(WorkersReader, "read", _changed(_response_only)),
        dialect="workers-ai",
    ),
    Fault(
        "plan-dropped",
        "drops Cohere's tool plan",
        around(CohereReader, "read", _changed(_plan_dropped)),
        dialect="cohere-v2",
    ),
    Fault(
        "failure-is-a-reason",
        "takes Cohere's ERROR for a finish reason like any other",
        around(CohereReader, "_end", _failure_is_a_reason),
        dialect="cohere-v2",
    ),
    Fault(
        "unknown-cohere-events",
        "refuses events of Cohere that it does not know",
        around(CohereReader, "read", _knowing(*_COHERE)),
        dialect="cohere-v2",
    ),
)

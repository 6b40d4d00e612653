"""The rules of openai-chat: chat completions, streamed as `chat.completion.chunk` objects."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import (
    OPENAI_NODE,
    OPENAI_OLD_SPECIFICATION,
    OPENAI_PYTHON,
    OPENAI_SPECIFICATION,
)
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"
_oas: Final = OPENAI_SPECIFICATION.at
_old_oas: Final = OPENAI_OLD_SPECIFICATION.at
_python: Final = OPENAI_PYTHON.at
_node: Final = OPENAI_NODE.at


_CHUNK: Final = _oas("CreateChatCompletionStreamResponse")
_DELTA: Final = _oas("ChatCompletionStreamResponseDelta")
_CALL: Final = _oas("ChatCompletionMessageToolCallChunk")
_OPTIONS: Final = _oas("ChatCompletionStreamOptions")
_REQUEST: Final = _oas("CreateChatCompletionRequest")
_TERMINATED: Final = _old_oas("CreateChatCompletionRequest, stream")
_NODE_STREAM: Final = _node("lib/ChatCompletionStream.ts")
_PY_STREAM: Final = _python("lib/streaming/chat")
_SAMPLES: Final = Source(
    document="OpenAI API reference",
    section="Chat completions, streaming",
    url="https://platform.openai.com/docs/api-reference/chat-streaming",
    read=_READ,
)
_COMPATIBILITY: Final = Source(
    document="OpenAI API reference",
    section="Backward compatibility",
    url="https://platform.openai.com/docs/api-reference/backward-compatibility",
    read=_READ,
)

RULES: Final[tuple[Rule, ...]] = (
    rule("OC-01", "MUST", "TYPE", _oas("POST /chat/completions, 200"),
         "A stream comes with status 200 and the type text/event-stream, and keeps the rules of server-sent events."),
    rule("OC-02", "MUST", "TYPE", _CHUNK, "The data of every event is the terminator or one JSON object."),
    rule("OC-02b", "MUST", "CLIENT", _node("core/streaming.ts"),
         "The terminator is the six characters [DONE] and nothing else: one SDK tests the whole data, "
         "the other its beginning."),
    rule("OC-03", "SHOULD NOT", "DOC", _TERMINATED, "A stream has event, id or retry fields: it is data only."),
    rule("OC-04", "MUST", "DOC", _TERMINATED, "A stream that succeeds ends with [DONE]."),
    rule("OC-05", "MUST NOT", "DOC", _TERMINATED, "An event comes after [DONE], where no SDK reads it."),
    rule("OC-06", "MUST", "TYPE", _CHUNK,
         "Every event but the terminator and errors has id, object, created, model and choices, and all that it has "
         "is of the type that the schema gives."),
    rule("OC-07", "MUST", "DOC", _oas("CreateChatCompletionStreamResponse, id"), "All chunks have the same id."),
    rule("OC-08", "MUST", "DOC", _oas("CreateChatCompletionStreamResponse, created"),
         "All chunks have the same created."),
    rule("OC-09", "SHOULD", "INF", _CHUNK,
         "model and system_fingerprint do not change within a stream, nor does service_tier once it is there."),
    rule("OC-10", "SHOULD", "EX", _SAMPLES,
         "The first chunk of a choice gives the role assistant; a spoken answer gives it later."),
    rule("OC-10b", "MUST", "CLIENT", _NODE_STREAM,
         "In a stream that succeeds every choice gets a role: openai-node throws without one."),
    rule("OC-11", "SHOULD", "CLIENT", _PY_STREAM,
         "A choice gets its role once: openai-python makes assistantassistant of two."),
    rule("OC-12", "MUST", "CLIENT", _PY_STREAM,
         "The text of a choice is its pieces of content, joined in order.", binds="client"),
    rule("OC-12b", "MUST", "TYPE", _DELTA, "content and refusal are strings or null."),
    rule("OC-13", "SHOULD NOT", "INF", _DELTA, "A choice has both content and a refusal."),
    rule("OC-14", "MUST", "CLIENT", _NODE_STREAM,
         "Every choice that was begun gets a finish reason before [DONE], unless it ends with the expiry of its audio: "
         "openai-node throws without one."),
    rule("OC-14b", "SHOULD", "INF", _CHUNK, "A choice gets one finish reason."),
    rule("OC-15", "SHOULD NOT", "INF", _CHUNK,
         "A choice gets content, a refusal or calls after its finish reason; audio may still come."),
    rule("OC-16", "SHOULD", "EX", _SAMPLES, "The chunk with the finish reason has an empty delta."),
    rule("OC-17", "MUST", "CLIENT", _NODE_STREAM,
         "The index of a choice is from 0 to n-1: openai-node throws on others."),
    rule("OC-17b", "MAY", "DOC INF", _CHUNK,
         "A chunk holds several choices, and the chunks of several choices mix."),
    rule("OC-17c", "SHOULD", "INF", _CHUNK, "An index stands once in a chunk."),
    rule("OC-18", "SHOULD", "CLIENT", _PY_STREAM,
         "A choice begins after those with lower indexes: openai-python fails with an IndexError otherwise."),
    rule("OC-19", "MUST", "TYPE CLIENT", _CALL,
         "Every delta of a tool call has an integer index: without it the SDKs fail or drop the call."),
    rule("OC-20", "SHOULD", "EX", _SAMPLES, "The first delta of a tool call gives its id, type and name."),
    rule("OC-20b", "MUST", "CLIENT", _NODE_STREAM,
         "A tool call has got its type when the next one starts or the choice finishes: openai-node throws otherwise."),
    rule("OC-21", "SHOULD NOT", "CLIENT", _PY_STREAM,
         "A later delta of a tool call gives its id or name again: openai-python joins them to those before."),
    rule("OC-22", "MUST", "CLIENT", _PY_STREAM,
         "The indexes of tool calls count from 0, one after the other, as the calls first appear: the SDKs use them "
         "as places in a list."),
    rule("OC-23", "SHOULD", "CLIENT", _PY_STREAM,
         "The deltas of a tool call end before those of the next start: the SDKs call it done at that point."),
    rule("OC-24", "SHOULD", "INF", _CALL,
         "The joined arguments of a call are a JSON object where the choice finishes with tool_calls."),
    rule("OC-25", "MUST", "DOC", _oas("CreateChatCompletionStreamResponse, finish_reason"),
         "An answer with tool calls that the model was free to make, and that was not cut short, finishes with "
         "tool_calls."),
    rule("OC-26", "MUST", "DOC", _oas("CreateChatCompletionStreamResponse, finish_reason"),
         "An answer with a function call that was not forced, and that was not cut short, finishes with "
         "function_call."),
    rule("OC-26b", "MUST", "CLIENT", _NODE_STREAM,
         "A function call gets a name and arguments: openai-node throws without them."),
    rule("OC-26c", "SHOULD", "EX", _SAMPLES,
         "The name of a function call comes in its first delta, the arguments after it."),
    rule("OC-26d", "SHOULD NOT", "INF", _DELTA, "A choice has both a function call and tool calls."),
    rule("OC-27", "MUST", "DOC", _OPTIONS,
         "With include_usage the last chunk before [DONE] has the usage and no choices, and every other chunk has "
         "usage null."),
    rule("OC-28", "MUST NOT", "DOC", _oas("CreateChatCompletionStreamResponse, usage"),
         "A chunk gives usage that the request did not ask for."),
    rule("OC-28b", "SHOULD NOT", "DOC", _oas("CreateChatCompletionStreamResponse, usage"),
         "A chunk has the key usage, be it null, that the request did not ask for."),
    rule("OC-29", "MUST", "DOC", _oas("CompletionUsage, total_tokens"),
         "total_tokens is prompt_tokens and completion_tokens together."),
    rule("OC-29b", "SHOULD", "INF", _oas("CompletionUsage"), "No count of tokens is negative."),
    rule("OC-30", "MUST", "DOC", _oas("CreateChatCompletionRequest, logprobs"),
         "With logprobs true every choice with text has log probabilities of it."),
    rule("OC-30b", "SHOULD", "INF", _oas("ChatCompletionTokenLogprob"),
         "The log probabilities in a chunk are those of its piece of text or refusal, and there are none where the "
         "request did not ask for them."),
    rule("OC-30c", "MUST NOT", "DOC", _oas("CreateChatCompletionRequest, logprobs"),
         "There are log probabilities with logprobs false."),
    rule("OC-31", "SHOULD", "DOC", _OPTIONS,
         "Chunks with a delta carry obfuscation unless the request turns it off, and it is no part of the text.",
         profile="openai"),
    rule("OC-31b", "MUST NOT", "DOC", _oas("CreateChatCompletionStreamResponse, obfuscation"),
         "A chunk carries obfuscation with include_obfuscation false."),
    rule("OC-32", "MAY", "DOC", _COMPATIBILITY, "There are further keys at any level."),
    rule("OC-32b", "MUST", "DOC", _COMPATIBILITY, "Keys that are not known are ignored.", binds="client"),
    rule("OC-33", "MAY", "DOC", _OPTIONS, "A stream that was interrupted lacks the usage chunk."),
    rule("OC-33b", "SHOULD", "INF", _OPTIONS,
         "Where the usage chunk is lacking, a missing finish reason or an error shows that the stream broke off."),
    rule("OC-34", "MUST", "CLIENT", _python("_streaming.py"),
         "An error in the stream is an object under the key error, in place of a chunk: by that key the SDKs know it."),
    rule("OC-34b", "SHOULD NOT", "INF", _python("_streaming.py"),
         "Anything but [DONE] comes after an error: the SDKs stop reading."),
    rule("OC-35", "SHOULD", "INF", _DELTA, "All reasoning of a choice comes before its content."),
    rule("OC-36", "MAY", "DOC", _oas("CreateChatCompletionStreamResponse, moderation"),
         "A chunk carries the results of a moderation that the request asked for."),
    rule("OC-36b", "SHOULD NOT", "INF", _oas("CreateChatCompletionStreamResponse, moderation"),
         "A chunk carries a moderation that the request did not ask for."),
    rule("OC-37", "MUST NOT", "DOC", _oas("ChatCompletionToolChoiceOption"),
         "There is a tool call with tool_choice none."),
    rule("OC-37b", "MUST", "DOC", _oas("ChatCompletionToolChoiceOption"),
         "With tool_choice required an answer that was neither refused nor cut short has a tool call."),
    rule("OC-37c", "MUST", "DOC", _oas("ChatCompletionToolChoiceOption"),
         "With a named tool all calls are of that tool."),
    rule("OC-38", "MUST", "DOC", _oas("CreateChatCompletionStreamResponse, finish_reason"),
         "A choice that finishes with tool_calls has a tool call, one that finishes with function_call a function "
         "call."),
    rule("OC-39", "MUST", "DOC INF", _oas("CreateChatCompletionRequest, max_completion_tokens"),
         "completion_tokens is at most max_completion_tokens, or the older max_tokens, for each of the n choices."),
    rule("OC-40", "MUST", "DOC", _oas("CreateChatCompletionRequest, n"),
         "A stream that succeeds has all the choices from 0 to n-1."),
    rule("OC-41", "MUST NOT", "DOC", _oas("StopConfiguration"), "The text contains a stop sequence of the request."),
    rule("OC-42", "MUST", "DOC", _oas("ServiceTier"), "The answer to a request with a service_tier has one too."),
    rule("OC-42b", "MUST NOT", "DOC", _oas("ServiceTier"),
         "An answer shows the service tier fast: it is shown as priority."),
    rule("OC-43", "MUST", "DOC", _oas("CreateChatCompletionRequest, top_logprobs"),
         "A token has at most as many top_logprobs as the request asked for."),
    rule("OC-44", "MAY", "DOC", _python("types/chat/chat_completion_chunk.py, ChoiceDeltaAudio"),
         "Audio comes in deltas, after the finish reason too; the last holds only when it expires."),
    rule("OC-45", "MAY", "TYPE", _node("resources/chat/completions"),
         "A tool call is of the type custom where the request has a custom tool."),
    rule("OC-46", "SHOULD", "INF", _oas("CreateChatCompletionRequest, parallel_tool_calls"),
         "With parallel_tool_calls false there is one tool call at most."),
    rule("OC-47", "SHOULD", "TYPE", _oas("CreateChatCompletionStreamResponse, logprobs"),
         "logprobs that are not null have both the keys content and refusal."),
)  # fmt: skip

"""The rules of openai-completions: the legacy text completions, streamed as `text_completion` objects."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule
from streamproof_formats.rules.documents import OPENAI_PYTHON, OPENAI_SPECIFICATION
from streamproof_formats.rules.table import rule

_oas: Final = OPENAI_SPECIFICATION.at
_python: Final = OPENAI_PYTHON.at


_ANSWER: Final = _oas("CreateCompletionResponse")
_STREAM: Final = _oas("CreateCompletionRequest, stream")
_OPTIONS: Final = _oas("ChatCompletionStreamOptions")
_LOGPROBS: Final = _oas("CreateCompletionResponse, logprobs")

RULES: Final[tuple[Rule, ...]] = (
    rule("OL-01", "MUST", "DOC INF", _STREAM,
         "A stream comes with status 200 as server-sent events that have data and no other field; the content type "
         "text/event-stream follows from that."),
    rule("OL-02", "MUST", "DOC", _STREAM, "A stream that succeeds ends with [DONE], which comes once."),
    rule("OL-03", "MUST", "TYPE", _ANSWER,
         "Every event but the terminator and errors is a JSON object with id, object, created, choices and model, "
         "object is text_completion, and all that it has is of the type that the schema gives."),
    rule("OL-04", "SHOULD", "INF", _ANSWER, "All chunks have the same id and created, as those of chat do."),
    rule("OL-05", "MUST", "TYPE", _oas("CreateCompletionResponse, finish_reason"),
         "Every choice that was begun gets a finish reason, which is stop, length or content_filter."),
    rule("OL-05b", "SHOULD", "EX", _oas("POST /completions, example of a stream"),
         "Before the last chunk of a choice its finish reason is null, absent or empty."),
    rule("OL-06", "SHOULD", "INF", _ANSWER,
         "A choice has one chunk with a finish reason, and no text after it."),
    rule("OL-07", "MUST", "DOC", _oas("CreateCompletionRequest, echo"),
         "With echo the text of a choice starts with its prompt."),
    rule("OL-07b", "SHOULD", "INF", _python("types/completion.py"),
         "The completion is the pieces of text of its choice, joined in order.", binds="client"),
    rule("OL-08", "SHOULD", "INF", _oas("CreateCompletionRequest, n"),
         "The choices are those from 0 to n times the number of prompts less one; their chunks may mix."),
    rule("OL-09", "MUST", "DOC", _OPTIONS,
         "With include_usage the last chunk before [DONE] has the usage and no choices, and no other chunk has any."),
    rule("OL-09b", "SHOULD NOT", "INF", _OPTIONS, "A chunk gives usage that the request did not ask for."),
    rule("OL-10", "SHOULD", "INF", _LOGPROBS,
         "The arrays of logprobs are of one length, and the text offsets of a choice do not decrease."),
    rule("OL-10b", "MUST", "DOC", _oas("CreateCompletionRequest, logprobs"),
         "A map of top_logprobs has at most one token more than the request asked for."),
    rule("OL-11", "MUST", "CLIENT", _python("_streaming.py"),
         "An error in the stream is an object under the key error, in place of a chunk: openai-python raises on it."),
    rule("OL-12", "MUST NOT", "DOC", _oas("CreateCompletionRequest, best_of"),
         "The answer to a request with best_of above 1 is a stream."),
    rule("OL-13", "MAY", "DOC", _OPTIONS, "The chunk with the usage has no choices."),
)  # fmt: skip

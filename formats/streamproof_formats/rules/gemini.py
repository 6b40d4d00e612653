"""The rules of gemini: streamGenerateContent, streamed as server-sent events."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import GOOGLE_GENAI
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"
_sdk: Final = GOOGLE_GENAI.at

_DOCS: Final = Source(
    document="Gemini API reference",
    section="models.streamGenerateContent",
    url="https://ai.google.dev/api/generate-content",
    read=_READ,
)


_CANDIDATE: Final = _sdk("types.py, Candidate")
_RESPONSE: Final = _sdk("types.py, GenerateContentResponse")
_FEEDBACK: Final = _sdk("types.py, GenerateContentResponsePromptFeedback")
_USAGE: Final = _sdk("types.py, GenerateContentResponseUsageMetadata")
_CALL: Final = _sdk("types.py, FunctionCall")
_READER: Final = _sdk("_api_client.py, reader of streams")

RULES: Final[tuple[Rule, ...]] = (
    rule("GM-01", "MUST", "DOC", _DOCS,
         "A stream has status 200 and the content type text/event-stream, and the data of each event is one response "
         "object."),
    rule("GM-02", "MUST NOT", "CLIENT", _READER, "The data of an event is [DONE], or anything else that is no JSON."),
    rule("GM-03", "MUST", "CLIENT", _READER, "A data line begins with `data: `, the blank included."),
    rule("GM-04", "MUST NOT", "CLIENT", _READER, "A stream has comments, or event, id or retry fields."),
    rule("GM-05", "MUST", "CLIENT", _READER, "A blank line follows every event; lines end in LF, CRLF or CR."),
    rule("GM-06", "SHOULD", "INF", _RESPONSE, "Each chunk has candidates, promptFeedback or usageMetadata."),
    rule("GM-07", "MUST", "DOC", _FEEDBACK,
         "A blockReason comes in the first chunk, and a stream that has one has no candidates."),
    rule("GM-08", "MUST", "DOC", _CANDIDATE,
         "Without an error or a block, each candidate has a finishReason by the end of the stream."),
    rule("GM-08b", "SHOULD", "INF", _CANDIDATE, "It comes once, in the last chunk of its candidate."),
    rule("GM-09", "SHOULD NOT", "INF", _CANDIDATE, "Parts of a candidate come after its finishReason."),
    rule("GM-10", "SHOULD", "SRC", _RESPONSE,
         "The text is the text of all parts that are no thoughts, joined in order: each part is a piece, no snapshot.",
         binds="client"),
    rule("GM-11", "MUST", "TYPE CLIENT", _CALL, "The args of a function call are an object, never a string."),
    rule("GM-11b", "SHOULD", "INF", _CALL,
         "A function call is one part with a name, unless willContinue says that more of it follows."),
    rule("GM-11c", "SHOULD", "EX", _CANDIDATE,
         "The finishReason after a function call is STOP: tools have none of their own."),
    rule("GM-12", "SHOULD", "INF", _RESPONSE, "responseId and modelVersion are the same in every chunk."),
    rule("GM-13", "SHOULD", "INF", _USAGE,
         "The last chunk has usageMetadata; where earlier ones have it too, its counts never go down."),
    rule("GM-13b", "SHOULD", "DOC", _USAGE,
         "totalTokenCount is the sum of the counts of prompt, candidates, tool use and thoughts."),
    rule("GM-14", "MAY", "INF", _RESPONSE,
         "A thoughtSignature stands in a part with empty text, even after the last text."),
    rule("GM-15", "MUST", "DOC", _CANDIDATE, "Several candidates are told apart by their index."),
    rule("GM-15b", "SHOULD", "INF", _CANDIDATE, "An absent index is 0.", binds="client"),
    rule("GM-16", "SHOULD", "INF", _CANDIDATE,
         "A body that ends before any finishReason, and without a block, is taken for cut off.", binds="client"),
    rule("GM-17", "MUST", "CLIENT", _READER,
         "U+2028, U+2029 and U+0085 are escaped: the official client splits a line there."),
    rule("GM-18", "MUST", "CLIENT", _READER,
         "In a chunk that reports an error in the middle of a stream, error is the first key."),
    rule("GM-19", "MAY", "TYPE", _RESPONSE, "Fields and values of enumerations are new."),
)  # fmt: skip

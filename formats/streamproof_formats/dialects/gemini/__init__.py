"""gemini: streamGenerateContent with `alt=sse`; the end of the body is the end of the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from streamproof_formats.dialect import Auth, Dialect
from streamproof_formats.dialects.base import error_of, text_of
from streamproof_formats.dialects.gemini.machine import GeminiMachine
from streamproof_formats.dialects.orders import GEMINI
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.message import StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json

DIALECT: Final = Dialect(
    name="gemini",
    title="Gemini streamGenerateContent",
    about=(
        "Google's Gemini API. A stream is data-only events, each a GenerateContentResponse whose candidates "
        "bring further parts. Nothing marks its end: each candidate gives a finishReason, and then the body "
        "ends."
    ),
    states=GEMINI,
    rule_prefix="GM-",
    base_path="",
    path="/v1beta/models/{model}:streamGenerateContent",
    query="alt=sse",
    array_type="application/json",
    auth=Auth(header="x-goog-api-key", scheme="", query="key"),
    terminator=None,
    request={"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]},
    model="gemini-2.5-flash",
    token_limit=("generationConfig", "maxOutputTokens"),
    finish_synonyms={
        "end_turn": "stop",
        "length": "max_tokens",
        "max_output_tokens": "max_tokens",
        "finish_reason_stop": "stop",
        "finish_reason_max_tokens": "max_tokens",
    },
    cites={"silent-truncation": "GM-16", "wrong-text": "GM-10", "swallowed-error": "GM-18", "wrong-tools": "GM-11"},
)


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer tells of; without `alt=sse` it is the one item of an array."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict):
        return StreamError(message=None)
    error = body.get("error")
    status = text_of(error.get("status")) if isinstance(error, dict) else ""
    return attrs.evolve(error_of(error), type=status or None)


SPEECH: Final = Speech(dialect=DIALECT, machine=GeminiMachine, read_error=read_error)

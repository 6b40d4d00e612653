"""The dialects that are spoken: one module each, with its schemas in `schemas/<dialect>/`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import attrs

from streamproof_formats.dialects import (
    anthropic_messages,
    cohere_v2,
    gemini,
    json_text,
    mistral,
    ollama_chat,
    openai_chat,
    openai_completions,
    openai_responses,
    workers_ai,
)
from streamproof_formats.dialects.request_finding import RequestFinding as RequestFinding
from streamproof_formats.dialects.request_finding import judge_request as judge_request
from streamproof_formats.dialects.schema_book import validate_request as validate_request
from streamproof_formats.message import StreamError
from streamproof_formats.profiles import PROFILES

if TYPE_CHECKING:
    from streamproof_formats.dialect import Dialect, Json, Machine
    from streamproof_formats.dialects.speech import Speech

_SPEECHES: Final[Mapping[str, Speech]] = {
    speech.dialect.name: speech
    for speech in (
        gemini.SPEECH,
        ollama_chat.SPEECH,
        openai_chat.SPEECH,
        openai_completions.SPEECH,
        openai_responses.SPEECH,
        anthropic_messages.SPEECH,
        workers_ai.SPEECH,
        mistral.SPEECH,
        cohere_v2.SPEECH,
    )
}

DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({name: speech.dialect for name, speech in _SPEECHES.items()})
"""Every spoken dialect by name."""

LONGEST_EXCERPT: Final = 200
"""Characters of a body that is no JSON which stand in for an error's message."""


def machine(name: str, *, request: Json | None, profile: str = "strict") -> Machine:
    """The machine for one stream of a dialect, judged under a profile.

    `request` is the body that was sent; None where it is not known, and then nothing that depends on it is judged.
    Raises KeyError for a dialect that is not spoken or a profile that is not known.
    """
    return _SPEECHES[name].machine(request=request, profile=PROFILES[profile].narrowed(name))


def asks_for_stream(name: str, request: Json | None) -> bool:
    """Whether a request asks for a stream, as far as its body tells; one that is not known is taken to.

    Raises KeyError for a dialect that is not spoken.
    """
    return request is None or _SPEECHES[name].asks_for_stream(request)


def read_error(name: str, status: int, body: bytes) -> StreamError:
    """The error that an answer of status 400 and above tells of; its message is the body's start if it is no JSON.

    Raises KeyError for a dialect that is not spoken.
    """
    speech = _SPEECHES[name]
    text = body.decode("utf-8", "replace")
    try:
        error = speech.read_error(json_text.read(text))
    except json_text.NotJson:
        error = StreamError(message=None)
    if error == StreamError(message=None):
        error = StreamError(message=text.strip()[:LONGEST_EXCERPT] or None)
    return attrs.evolve(error, status=status)


def finish_reason(name: str, said: str | None) -> str | None:
    """A finish reason as a client spells it, in the dialect's own spelling; absent, null and "" are all None."""
    if not said:
        return None
    plain = said.lower().replace("-", "_")
    return DIALECTS[name].finish_synonyms.get(plain, plain)

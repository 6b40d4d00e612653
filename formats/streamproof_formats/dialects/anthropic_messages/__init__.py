"""anthropic-messages: Anthropic's Messages API, streamed as named events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamproof_formats.dialect import Auth, Dialect
from streamproof_formats.dialects.anthropic_messages.machine import NAME, AnthropicMessagesMachine
from streamproof_formats.dialects.anthropic_messages.order import STATES
from streamproof_formats.dialects.base import error_of
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.message import StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json

DIALECT: Final = Dialect(
    name=NAME,
    title="Anthropic Messages",
    about=(
        "Anthropic's Messages API. A stream is named events: message_start, then content blocks one after the "
        "other, each with its start, deltas and stop, then message_delta with the stop reason, then "
        "message_stop, which ends it."
    ),
    states=(STATES,),
    rule_prefix="AM-",
    base_path="",
    path="/v1/messages",
    auth=Auth(header="x-api-key", scheme=""),
    headers={"anthropic-version": "2023-06-01"},
    terminator=None,
    request={
        "model": "claude-opus-5-5",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": "Say hello."}],
        "stream": True,
    },
    finish_synonyms={
        "stop": "end_turn",
        "eos": "end_turn",
        "completed": "end_turn",
        "length": "max_tokens",
        "max_output_tokens": "max_tokens",
        "tool_calls": "tool_use",
        "tool_call": "tool_use",
        "toolcalls": "tool_use",
        "function_call": "tool_use",
        "content_filter": "refusal",
        "endturn": "end_turn",
        "maxtokens": "max_tokens",
        "tooluse": "tool_use",
        "stopsequence": "stop_sequence",
    },
    cites={
        "silent-truncation": "AM-18",
        "swallowed-error": "AM-20",
        "unfinished-call": "AM-18",
        "invented-finish": "AM-14",
        "wrong-text": "AM-04",
        "wrong-tools": "AM-11",
        "spurious-error": "AM-21b",
        "wrong-usage": "AM-15",
    },
)


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer of status 400 and above tells of."""
    return error_of(body.get("error")) if isinstance(body, dict) else StreamError(message=None)


SPEECH: Final = Speech(dialect=DIALECT, machine=AnthropicMessagesMachine, read_error=read_error)

"""cohere-v2: the events of Cohere's `/v2/chat`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects.base import text_of
from streamproof_formats.dialects.cohere_v2.machine import CohereMachine
from streamproof_formats.dialects.cohere_v2.order import STATES
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.message import StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer of status 400 and above tells of."""
    return StreamError(message=text_of(body.get("message")) or None if isinstance(body, dict) else None)


DIALECT: Final = Dialect(
    name="cohere-v2",
    title="Cohere chat, version 2",
    about=(
        "Version 2 of Cohere's chat API. A stream is named events: message-start, blocks of content, a tool "
        "plan, tool calls and citations, each started and ended, then message-end with the finish reason, "
        "after which [DONE] may come."
    ),
    states=STATES,
    rule_prefix="CO-",
    base_path="",
    path="/v2/chat",
    # message-end says more than that the stream ends; [DONE] may follow it.
    terminator=None,
    request={
        "model": "command-a-03-2025",
        "messages": [{"role": "user", "content": "Say hello."}],
        "stream": True,
    },
    finish_synonyms={
        "stop": "complete",
        "end_turn": "complete",
        "completed": "complete",
        "length": "max_tokens",
        "max_output_tokens": "max_tokens",
        "tool_calls": "tool_call",
        "tool_use": "tool_call",
        "toolcall": "tool_call",
        "stop_sequences": "stop_sequence",
    },
    cites={"silent-truncation": "CO-04", "swallowed-error": "CO-15"},
)

SPEECH: Final = Speech(dialect=DIALECT, machine=CohereMachine, read_error=read_error)

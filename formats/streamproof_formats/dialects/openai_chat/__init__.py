"""openai-chat: chat completions, streamed as `chat.completion.chunk` objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects.base import error_of
from streamproof_formats.dialects.chunk_stream import DONE
from streamproof_formats.dialects.openai_chat.machine import FRAME, OpenAIChatMachine
from streamproof_formats.dialects.openai_chat.order import STATES
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.message import StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json

DIALECT: Final = Dialect(
    name="openai-chat",
    title="OpenAI chat completions",
    about=(
        "OpenAI's chat completions, the format that most gateways and open servers speak. A stream is data- "
        "only events, each a chat.completion.chunk with deltas of one choice or several; [DONE] ends it."
    ),
    states=(FRAME.states, STATES),
    rule_prefix="OC-",
    base_path="/v1",
    path="/v1/chat/completions",
    terminator=DONE,
    request={
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Say hello."}],
        "stream": True,
    },
    token_limit=("max_completion_tokens",),
    finish_synonyms={
        "end_turn": "stop",
        "stop_sequence": "stop",
        "eos": "stop",
        "eos_token": "stop",
        "completed": "stop",
        "max_tokens": "length",
        "max_output_tokens": "length",
        "model_length": "length",
        "tool_use": "tool_calls",
        "tool_call": "tool_calls",
        "toolcalls": "tool_calls",
        "contentfilter": "content_filter",
        "content_filtered": "content_filter",
        "functioncall": "function_call",
    },
    cites={"silent-truncation": "OC-04", "swallowed-error": "OC-34", "wrong-text": "OC-12"},
)


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer of status 400 and above tells of."""
    return error_of(body.get("error")) if isinstance(body, dict) else StreamError(message=None)


SPEECH: Final = Speech(dialect=DIALECT, machine=OpenAIChatMachine, read_error=read_error)

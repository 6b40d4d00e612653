"""openai-responses: the events of OpenAI's Responses API, and of Open Responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects.base import error_of
from streamproof_formats.dialects.openai_responses.machine import DONE, NAME, OpenAIResponsesMachine
from streamproof_formats.dialects.openai_responses.order import STATES
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.message import StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json

DIALECT: Final = Dialect(
    name=NAME,
    title="OpenAI Responses and Open Responses",
    about=(
        "OpenAI's Responses API, and Open Responses, the specification that others made of it. A stream is "
        "named, numbered events that open, fill and close the items of a response and their parts; a terminal "
        "event shows the response as a whole, and [DONE] may follow."
    ),
    states=STATES,
    rule_prefix="OR-",
    base_path="/v1",
    path="/v1/responses",
    terminator=DONE,
    request={"model": "gpt-5-mini", "input": "Say hello.", "stream": True},
    token_limit=("max_output_tokens",),
    # A response has no finish reason of its own: it is completed, or incomplete for a reason.
    finish_synonyms={
        "stop": "completed",
        "end_turn": "completed",
        "tool_calls": "completed",
        "tool_call": "completed",
        "tool_use": "completed",
        "function_call": "completed",
        "length": "max_output_tokens",
        "max_tokens": "max_output_tokens",
        "contentfilter": "content_filter",
        "content_filtered": "content_filter",
    },
)


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer of status 400 and above tells of."""
    return error_of(body.get("error")) if isinstance(body, dict) else StreamError(message=None)


SPEECH: Final = Speech(dialect=DIALECT, machine=OpenAIResponsesMachine, read_error=read_error)

"""ollama-chat: `/api/chat` of Ollama, one JSON object to a line.

The stream has no separate terminator: the last chunk says `"done": true`, and an error is a line of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import (
    Joined,
    StreamState,
    error_of,
    integer,
    is_no_stream,
    media_type,
    refuse_more,
    text_of,
)
from streamproof_formats.dialects.breaches import NOWHERE
from streamproof_formats.dialects.orders import OLLAMA_CHAT
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.speech import Speech, streams_unless_false
from streamproof_formats.dialects.wording import number as number_shown
from streamproof_formats.dialects.wording import quoted, shown
from streamproof_formats.http_findings import JSON, JSON_LINES
from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.dialects.event_schema import Fault
    from streamproof_formats.finding import Finding
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

MOST_CALLS: Final = 1024
"""Tool calls that are kept."""

FAULT_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("message",): "OM-14",
    ("message", "role"): "OM-14",
    ("message", "tool_calls", "function", "name"): "OM-10b",
    ("message", "tool_calls", "function", "arguments"): "OM-10",
    ("done",): "OM-03",
}
"""The rule of a schema fault by its path without places in arrays; OM-02 for all others."""

DURATIONS: Final = ("load_duration", "prompt_eval_duration", "eval_duration")
FIGURES: Final = ("total_duration", *DURATIONS, "prompt_eval_count", "eval_count")
"""What the last line has.  Ollama leaves out what is 0, so that none of them alone is missed."""

EMPTY_REASONS: Final = frozenset({"load", "unload"})
"""Why an answer to a request without messages is done: nothing was generated."""

ONCE: Final = frozenset({"OM-04", "OM-05", "OM-09b", "OM-13", "OM-14b"})
"""Rules that a server breaks by its make, in every line: the first place tells all."""

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)


class OllamaChatMachine:
    """One stream of `ollama-chat`.  What the request tells is whether it asks for a stream, and has messages."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        self._loads = isinstance(request, Mapping) and not request.get("messages")
        self._streams = request is None or asks_for_stream(request)
        self._is_known = request is not None
        self._state = StreamState(profile, once=ONCE)
        self._breaches = self._state.breaches
        self._schema = event_schema("ollama-chat", "chunk")
        self._lines = 0
        self._model: str | None = None
        self._time: tuple[datetime, str] | None = None
        self._begun = False
        self._text = Joined()
        self._thinking = Joined()
        self._calls: list[ToolCall] = []
        self._finish_reason: str | None = None
        self._usage: Usage | None = None

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        choice = Choice(
            index=0,
            text=self._text.text,
            reasoning=self._thinking.text,
            finish_reason=self._finish_reason,
            tool_calls=tuple(self._calls),
        )
        return Message(
            choices=(choice,) if self._begun else (),
            usage=self._usage,
            error=self._state.error,
            ended=self._state.ended,
        )

    def receive(self, event: Event, number: int, notes: Sequence[Note] = ()) -> Iterable[Finding]:  # noqa: ARG002
        """Takes line `number` and tells what it breaks."""
        breaches = self._breaches
        breaches.at(event, number)
        self._lines += 1
        if self._state.error is not None:
            breaches.add("OM-15b", f"expected the end of the stream after an error, found {quoted(event.data)}")
        elif self._state.done:
            breaches.add("OM-03", f"expected nothing after the line with done, found {quoted(event.data)}")
        else:
            self._receive_json(event.data)
        return breaches.take()

    def receive_item(self, item: Json) -> None:
        """Takes a decoded chunk as an SDK hands it out: it adds to the message and is not judged."""
        if isinstance(item, dict) and self._state.error is None and not self._state.done:
            self._take(item)
            self._breaches.take()

    def receive_answer(self, body: str, end: BodyEnd) -> Iterable[Finding]:
        """Takes the body of an answer that is no stream and was asked for so: a single object."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        try:
            answer = json_text.read(body)
        except json_text.NotJson as fault:
            answer = None
            if self._loads and end == "clean":
                breaches.add("OM-18", fault.told("expected a single object that is done"))
        else:
            if self._loads and not (isinstance(answer, dict) and answer.get("done") is True):
                breaches.add("OM-18", f"expected a single object that is done, found {shown(answer)}")
            has_error = isinstance(answer, dict) and bool(answer.get("error"))
            if has_error:
                breaches.add("OM-16", "expected an error as an HTTP error status, found it under one of success")
            elif not self._is_known and not (isinstance(answer, dict) and answer.get("done") is True):
                breaches.add("OM-03", f"expected an object that is done, or an error, found {shown(answer)}")
        found = breaches.take()
        if isinstance(answer, dict) and answer.get("error"):
            self._state.error = error_of(answer["error"])
        elif isinstance(answer, dict):
            self._take(answer)
            breaches.take()
        return found

    def receive_refusal(self, body: str) -> Iterable[Finding]:
        """Takes the body of an answer of status 400 and above."""
        self._breaches.place = NOWHERE
        try:
            answer = json_text.read(body)
        except json_text.NotJson:
            answer = None
        if not (isinstance(answer, dict) and isinstance(answer.get("error"), str)):
            self._breaches.add("OM-16", f"expected a JSON object with a string under error, found {shown(answer)}")
        return self._breaches.take()

    def close(
        self,
        end: BodyEnd,
        head: ResponseHead | None,
        notes: Sequence[Note] = (),  # noqa: ARG002
    ) -> Iterable[Finding]:
        """Takes the end of the body and tells what the whole breaks."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        if head is not None:
            kind = media_type(head)
            if self._streams and 200 <= head.status < 400 and (head.status != 200 or kind != JSON_LINES):
                found = f"status {head.status} and {quoted(kind) if kind else 'no content type'}"
                breaches.add("OM-01", f"expected status 200 and {JSON_LINES}, found {found}")
            if is_no_stream(head, JSON_LINES):
                return breaches.take()
        if self._loads and self._lines > 1:
            breaches.add("OM-18", f"expected a single object for a request without messages, found {self._lines} lines")
        if not self._state.done and self._state.error is None:
            breaches.add("OM-03", "expected a last line with done true, found the end of the stream")
        return breaches.take()

    def _receive_json(self, data: str) -> None:
        breaches = self._breaches
        try:
            chunk = json_text.read(data)
        except json_text.NotJson as fault:
            breaches.add("ND-01", fault.told("expected a JSON object on each line"))
            breaches.add("OM-02", fault.told("expected a chunk or an error"))
            return
        if not isinstance(chunk, dict):
            breaches.add("ND-01", f"expected a JSON object on each line, found {shown(chunk)}")
            breaches.add("OM-02", f"expected a chunk or an error, found {shown(chunk)}")
        elif chunk.get("error"):
            self._judge_error(chunk["error"])
            self._take(chunk)
        else:
            for departure in self._schema.faults(chunk):
                breaches.add(_rule_of(departure), departure.__str__, about=chunk)
            self._judge_chunk(chunk)
            self._take(chunk)

    def _judge_error(self, error: Any) -> None:
        if self._lines == 1:
            message = "expected an error before the first line as an HTTP error status, found it under status 200"
            self._breaches.add("OM-16", message)
        elif not isinstance(error, str):
            self._breaches.add("OM-15", f"expected a string under error, found {shown(error)}")

    def _judge_chunk(self, chunk: dict[str, Any]) -> None:
        breaches = self._breaches
        self._judge_envelope(chunk)
        message = chunk.get("message")
        message = message if isinstance(message, dict) else {}
        role = message.get("role")
        if isinstance(role, str) and role != "assistant":
            breaches.add("OM-14b", f"expected the role assistant, found {quoted(role)}", about=chunk)
        if text_of(message.get("thinking")) and self._text.text:
            breaches.add("OM-13", "expected all thinking before the content, found some after it", about=chunk)
        if isinstance(message.get("tool_calls"), list):
            self._judge_calls(message["tool_calls"])
        if chunk.get("done") is True:
            self._judge_last(chunk, text_of(message.get("content")))
        elif found := [name for name in FIGURES if name in chunk]:
            breaches.add("OM-09b", f"expected {found[0]} in the last line only, found it before", about=chunk)

    def _judge_envelope(self, chunk: dict[str, Any]) -> None:
        breaches, model, created = self._breaches, chunk.get("model"), chunk.get("created_at")
        if isinstance(model, str):
            if self._model is not None and model != self._model:
                message = f"expected the same model in every line, found {quoted(self._model)} and {quoted(model)}"
                breaches.add("OM-04", message, about=(self._model, model))
            self._model = model
        if isinstance(created, str):
            moment = moment_of(created)
            if moment is None:
                breaches.add("OM-05", f"expected a time as RFC 3339 has it, found {quoted(created)}", about=chunk)
            elif self._time is not None and moment < self._time:
                breaches.add("OM-05", f"expected created_at not to go back, found {quoted(created)}", about=chunk)
            self._time = moment or self._time

    def _judge_calls(self, pieces: list[Any]) -> None:
        ids = {call.id for call in self._calls if call.id}
        place = len(self._calls)
        for piece in pieces:
            function = piece.get("function") if isinstance(piece, dict) else None
            if not isinstance(function, dict):
                continue
            if text_of(piece.get("id")) in ids:
                message = f"expected each call whole in one line, found more of call {quoted(piece['id'])}"
                self._breaches.add("OM-10b", message)
            index = integer(function.get("index"))
            if index is not None and index != place:
                self._breaches.add("OM-11", f"expected the index {place}, found {number_shown(index)}")
            place += 1

    def _judge_last(self, chunk: dict[str, Any], content: str) -> None:
        breaches, reason = self._breaches, chunk.get("done_reason")
        if content:
            breaches.add("OM-07", f"expected no content in the last line, found {quoted(content)}", about=chunk)
        if not reason:
            breaches.add("OM-08", "expected a done_reason in the last line, found none", about=chunk)
        if (isinstance(reason, str) and reason in EMPTY_REASONS) or self._loads:
            return
        if not any(name in chunk for name in FIGURES):
            breaches.add("OM-09", "expected durations and counts in the last line, found none", about=chunk)
        parts = [integer(chunk.get(name)) or 0 for name in DURATIONS]
        total = integer(chunk.get("total_duration"))
        if total is not None and total < sum(parts):
            found = f"{number_shown(total)} for parts of {number_shown(sum(parts))}"
            breaches.add("OM-09b", f"expected the total duration to hold its parts, found {found}", about=chunk)
        message = chunk.get("message")
        called = self._calls or (isinstance(message, dict) and message.get("tool_calls"))
        if called and isinstance(reason, str) and reason not in ("stop", "length", ""):
            breaches.add("OM-12", f"expected the done_reason stop or length, found {quoted(reason)}", about=chunk)

    def _take(self, chunk: dict[str, Any]) -> None:
        """Adds a line to the message."""
        if chunk.get("error"):
            self._state.error = error_of(chunk["error"])
            return
        message = chunk.get("message")
        if isinstance(message, dict):
            self._begun = True
            if isinstance(message.get("thinking"), str):
                self._thinking.add(message["thinking"])
            if isinstance(message.get("content"), str):
                self._text.add(message["content"])
            if isinstance(message.get("tool_calls"), list):
                self._take_calls(message["tool_calls"])
        if chunk.get("done") is True:
            self._state.done = True
            reason = chunk.get("done_reason")
            self._finish_reason = reason if isinstance(reason, str) and reason else None
            given, made = integer(chunk.get("prompt_eval_count")), integer(chunk.get("eval_count"))
            if given is not None or made is not None:
                self._usage = Usage(input=given, output=made)

    def _take_calls(self, pieces: list[Any]) -> None:
        for piece in pieces:
            function = piece.get("function") if isinstance(piece, dict) else None
            if isinstance(function, dict):
                if len(self._calls) >= MOST_CALLS:
                    refuse_more(MOST_CALLS, "tool calls")
                name = function.get("name")
                self._calls.append(
                    ToolCall(
                        id=text_of(piece.get("id")) or None,
                        name=name if isinstance(name, str) else None,
                        arguments=_argument_text(function.get("arguments")),
                    )
                )


def moment_of(text: str) -> tuple[datetime, str] | None:
    """A time of RFC 3339 as what orders it, whole seconds in UTC and the digits of the fraction; None if it is none."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    date, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    try:
        # "... the grammar element time-second may have the value 60 at the end of months in which a leap second occurs"
        # -- RFC 3339, section 5.7
        leap = int(second == "60")
        ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        whole = datetime.fromisoformat(f"{date}T{hour}:{minute}:{int(second) - leap:02}")
        moment = whole.replace(tzinfo=timezone(ahead)).astimezone(UTC) + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        return None
    return moment, (fraction or "").rstrip("0")


def _rule_of(fault: Fault) -> str:
    return FAULT_RULES.get(tuple(step for step in fault.path if isinstance(step, str)), "OM-02")


def _argument_text(arguments: Any) -> str:
    if isinstance(arguments, str) or arguments is None:
        return arguments or ""
    try:
        return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):
        return ""


def asks_for_stream(request: Json) -> bool:
    """True unless the request says `stream: false`, or has no messages: then it loads or unloads a model."""
    return streams_unless_false(request) and (not isinstance(request, Mapping) or bool(request.get("messages")))


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer of status 400 and above tells of."""
    return error_of(body.get("error")) if isinstance(body, dict) else StreamError(message=None)


SPEECH: Final = Speech(
    dialect=Dialect(
        name="ollama-chat",
        title="Ollama chat",
        about=(
            "The native chat API of Ollama. A stream is lines of JSON, each with a piece of the message; the "
            "last line says done, why, and how long it took. An error after the first line is a line of its "
            "own."
        ),
        states=(OLLAMA_CHAT,),
        rule_prefix="OM-",
        base_path="",
        path="/api/chat",
        framing="ndjson",
        answer_type=JSON,
        content_type=JSON_LINES,
        terminator=None,
        request={
            "model": "llama3.2",
            "messages": [{"role": "user", "content": "Say hello."}],
            "stream": True,
        },
        token_limit=("options", "num_predict"),
        finish_synonyms={"end_turn": "stop", "eos": "stop", "max_tokens": "length"},
        cites={"silent-truncation": "OM-17", "swallowed-error": "OM-15", "wrong-text": "OM-06", "wrong-tools": "OM-19"},
    ),
    machine=OllamaChatMachine,
    read_error=read_error,
    asks_for_stream=asks_for_stream,
)

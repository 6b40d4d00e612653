"""workers-ai: Cloudflare's `{"response": ...}` streams and those that look like them.

No schema of a chunk is published: the types are those of the whole answer and what Cloudflare's own parser reads, so
all but the terminator only warns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import Joined, StreamState, error_of, is_no_stream, refuse_more, text_of
from streamproof_formats.dialects.breaches import NOWHERE, Renamed
from streamproof_formats.dialects.chunk_stream import DONE
from streamproof_formats.dialects.openai_chat.assembler import MOST_CALLS, CallDraft, CallDrafts, named
from streamproof_formats.dialects.openai_chat.tools import judge_arguments, judge_type, take_call
from streamproof_formats.dialects.openai_chat.usage import usage_of
from streamproof_formats.dialects.orders import WORKERS_AI
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.dialects.wording import number, quoted, shown
from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.dialects.event_schema import Fault
    from streamproof_formats.finding import Finding
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

FIELDS: Final[Mapping[str, tuple[str, str]]] = {"event-field": ("event", "WA-13"), "id-field": ("id", "WA-13")}
CONTENT: Final = ("response", "tool_calls", "usage", "finish_reason")
"""Keys of which a chunk has one at least."""

FAULT_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("response",): "WA-04",
    ("tool_calls", "name"): "WA-12",
    ("tool_calls",): "WA-11",
    ("usage",): "WA-08",
}
"""The rule of a schema fault by its path without places, or by the path's beginning; other faults break no rule."""

ONCE: Final = frozenset({"WA-07", "WA-14"})
"""Rules that a server breaks by a setting, in every chunk: the first place tells all."""

_REGEX_FRIENDLY: Final = re.compile(r'"response":"')
_NEEDLESS_ESCAPE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0022")


class WorkersAIMachine:
    """One stream of `workers-ai`.  No rule depends on the request."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        self._unasked = isinstance(request, dict) and request.get("stream") is False
        self._state = StreamState(profile, once=ONCE)
        self._breaches = self._state.breaches
        self._schema = event_schema("workers-ai", "chunk")
        self._begun = False
        self._text = Joined()
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        self._calls = CallDrafts()
        self._closed: set[int] = set()
        """Places of calls after which nothing can come."""
        self._older: CallDraft | None = None
        """The last call in the older shape."""

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        over = self._finish_reason is not None or (self._state.done and self._state.error is None)
        calls = tuple(
            ToolCall(
                id=call.id,
                name=call.name,
                arguments=call.arguments.text or "",
                complete=over or place in self._closed,
            )
            for place, call in enumerate(self._calls.calls)
        )
        choice = Choice(index=0, text=self._text.text, finish_reason=self._finish_reason, tool_calls=calls)
        return Message(
            choices=(choice,) if self._begun else (),
            usage=self._usage,
            error=self._state.error,
            ended=self._state.ended,
        )

    def receive(self, event: Event, number: int, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the dispatched event `number` and tells what it breaks."""
        breaches = self._breaches
        breaches.at(event, number)
        if self._state.done:
            breaches.add("WA-03b", f"expected nothing after [DONE], found an event with {quoted(event.data)}")
            return breaches.take()
        if notes:
            self._state.judge_fields(notes, FIELDS)
        if event.data == DONE:
            self._state.done = True
            self._judge_calls()
        else:
            self._receive_json(event.data)
        return breaches.take()

    def receive_item(self, item: Json) -> None:
        """Takes a decoded chunk as an SDK hands it out: it adds to the message and is not judged."""
        if isinstance(item, dict) and self._state.error is None:
            self._take(item)
            self._breaches.take()

    def receive_answer(self, body: str, end: BodyEnd) -> Iterable[Finding]:
        """Takes the body of an answer that is no stream: a single object, bare or in its envelope."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        try:
            answer = json_text.read(body)
        except json_text.NotJson as fault:
            if end == "clean" and not self._unasked:
                breaches.add("WA-02", fault.told("expected a JSON object"))
            return breaches.take()
        result = answer.get("result", answer) if isinstance(answer, dict) else None
        if not isinstance(result, dict) or not any(key in result for key in CONTENT):
            if not self._unasked:
                breaches.add("WA-06", f"expected an object with one of {', '.join(CONTENT)}, found {shown(answer)}")
            return breaches.take()
        self._take(result)
        self._state.done = True
        breaches.take()
        return []

    def close(self, end: BodyEnd, head: ResponseHead | None, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the end of the body and tells what the whole breaks."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        if head is not None:
            no_stream = is_no_stream(head)
            if 200 < head.status < 400 and not (self._unasked and no_stream):
                breaches.add("WA-01", f"expected status 200, found {head.status}")
            if no_stream:
                return breaches.take()
        if not self._state.done:
            self._state.judge_fields(notes, FIELDS)
            breaches.add("WA-03", "expected [DONE] at the end of the stream, found none")
        return breaches.take()

    def _receive_json(self, data: str) -> None:
        breaches = self._breaches
        try:
            chunk = json_text.read(data)
        except json_text.NotJson as fault:
            breaches.add("WA-02", fault.told("expected [DONE] or a JSON object"))
            return
        if not isinstance(chunk, dict):
            breaches.add("WA-02", f"expected [DONE] or a JSON object, found {shown(chunk)}")
            return
        self._judge_chunk(chunk, data)
        if self._state.error is None:
            self._take(chunk)

    def _judge_chunk(self, chunk: dict[str, Any], data: str) -> None:
        breaches = self._breaches
        for fault in self._schema.faults(chunk):
            rule = _rule_of(fault)
            if rule is not None:
                breaches.add(rule, fault.__str__, about=chunk)
        if not any(key in chunk for key in CONTENT):
            breaches.add("WA-06", f"expected one of {', '.join(CONTENT)}, found a chunk without", about=chunk)
        response = chunk.get("response")
        if isinstance(response, str) and response:
            if "choices" in chunk:
                breaches.add("WA-10", "expected response or choices, found both", about=chunk)
            if not _REGEX_FRIENDLY.search(data) or _NEEDLESS_ESCAPE.search(data):
                breaches.add("WA-14", 'expected "response":"..." without spaces and quotes as \\", found it otherwise')
        self._judge_usage(chunk)

    def _judge_usage(self, chunk: dict[str, Any]) -> None:
        usage, breaches = chunk.get("usage"), self._breaches
        if not isinstance(usage, dict):
            if self._usage is not None:
                breaches.add("WA-07", "expected usage in the last chunk, found a chunk after it", about=chunk)
            return
        if self._usage is not None:
            breaches.add("WA-07", "expected usage once, found it again", about=chunk)
        elif chunk.get("response"):
            breaches.add("WA-07", "expected usage beside an empty response, found it beside text", about=chunk)
        match usage_of(usage):
            case Usage(input=int(given), output=int(made), total=int(total)) if total != given + made:
                found = f"{number(given)} + {number(made)} and a total of {number(total)}"
                breaches.add("WA-08", f"expected total_tokens to be prompt and completion together, found {found}")

    def _take(self, chunk: dict[str, Any]) -> None:
        """Adds a chunk to the message, and judges its tool calls."""
        # No error in a stream is documented; a client that goes on after one of these two would hide it.
        if chunk.get("error") or chunk.get("errors"):
            self._state.error = read_error(chunk)
            return
        self._begun = True
        if isinstance(chunk.get("response"), str):
            self._text.add(chunk["response"])
        if isinstance(chunk.get("usage"), dict):
            self._usage = usage_of(chunk["usage"])
        if isinstance(chunk.get("tool_calls"), list):
            for piece in chunk["tool_calls"]:
                if isinstance(piece, dict):
                    self._take_call(piece)
        reason = chunk.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish_reason = reason

    def _take_call(self, piece: dict[str, Any]) -> None:
        if "function" not in piece and ("name" in piece or "arguments" in piece):
            self._take_older_call(piece)
        elif is_sentinel(piece):
            self._closed.add(len(self._calls.calls) - 1)
        else:
            # "an absent index counts as 0": cloudflare/ai, workers-ai-provider, streaming.ts
            piece = piece if "index" in piece else {**piece, "index": 0}
            take_call(self._calls, piece, None, Renamed(self._breaches, "WA-11"))

    def _take_older_call(self, piece: dict[str, Any]) -> None:
        name, arguments = piece.get("name"), piece.get("arguments")
        call = self._older
        if "name" in piece or call is None:
            if len(self._calls.calls) >= MOST_CALLS:
                refuse_more(MOST_CALLS, "tool calls")
            if "name" not in piece:
                self._breaches.add("WA-12", "expected a name in a tool call, found none")
            call = self._older = CallDraft(None)
            self._calls.calls.append(call)
            call.name = name if isinstance(name, str) else None
        else:
            self._breaches.add("WA-12b", "expected the arguments of a call in one chunk, found another piece")
        call.arguments.add(_argument_text(arguments))
        if not _is_whole(arguments):
            self._breaches.add("WA-12b", f"expected whole arguments, found {shown(arguments)}")
        elif arguments is not None:
            self._closed.add(len(self._calls.calls) - 1)

    def _judge_calls(self) -> None:
        sink = Renamed(self._breaches, "WA-11")
        for call in self._calls.calls:
            if call.index is not None:
                judge_type(call, sink)
                if self._finish_reason == "tool_calls":
                    judge_arguments(call, sink)


def _rule_of(fault: Fault) -> str | None:
    path = tuple(step for step in fault.path if isinstance(step, str))
    return FAULT_RULES.get(path) or FAULT_RULES.get(path[:1])


def _argument_text(arguments: Any) -> str:
    if isinstance(arguments, str) or arguments is None:
        return arguments or ""
    try:
        return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):
        return ""


def _is_whole(arguments: Any) -> bool:
    if not isinstance(arguments, str):
        return True
    try:
        json_text.read(arguments)
    except json_text.NotJson:
        return False
    return True


def is_sentinel(piece: dict[str, Any]) -> bool:
    """True for an entry that only closes the call before it: no id, type, name or arguments."""
    name, arguments = named(piece)
    return not (piece.get("id") or piece.get("type") or name or arguments)


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer tells of, in Cloudflare's envelope or under the key `error`."""
    match body:
        case {"errors": [{"message": message, **rest}, *_]}:
            code = rest.get("code")
            return StreamError(
                message=text_of(message) or None, code=str(code) if isinstance(code, int | str) else None
            )
        case {"errors": [str(message), *_]}:
            return StreamError(message=message)
        case {"error": error}:
            return error_of(error)
        case _:
            return StreamError(message=None)


SPEECH: Final = Speech(
    dialect=Dialect(
        name="workers-ai",
        title="Cloudflare Workers AI text generation",
        about=(
            "The native stream of Cloudflare's Workers AI, and of small services that look like it. A stream "
            "is data-only events with pieces of text under the key response; [DONE] ends it. No schema of it "
            "is published, so most of its rules only warn."
        ),
        states=(WORKERS_AI,),
        rule_prefix="WA-",
        base_path="",
        path="/api/chat",
        terminator=DONE,
        request={"messages": [{"role": "user", "content": "Say hello."}], "stream": True},
        finish_synonyms={
            "end_turn": "stop",
            "max_tokens": "length",
            "tool_use": "tool_calls",
            "tool_call": "tool_calls",
            "toolcalls": "tool_calls",
        },
        finish_is_due=False,
        cites={"silent-truncation": "WA-03", "wrong-text": "WA-05"},
    ),
    machine=WorkersAIMachine,
    read_error=read_error,
)

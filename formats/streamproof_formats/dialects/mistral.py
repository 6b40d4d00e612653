"""mistral: Mistral's chat completions, streamed as chunks that are close to OpenAI's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects.base import error_of, integer, refuse_more, text_of
from streamproof_formats.dialects.chunk_stream import DONE, ChunkStream, Frame, no_fields
from streamproof_formats.dialects.openai_chat.assembler import (
    MOST_CHOICES,
    CallDraft,
    CallDrafts,
    ChoiceDraft,
    named,
)
from streamproof_formats.dialects.openai_chat.usage import usage_of
from streamproof_formats.dialects.orders import MISTRAL_CHOICE
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.dialects.wording import number, quoted, shown
from streamproof_formats.message import Message, StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.dialects.event_schema import Fault
    from streamproof_formats.message import Usage
    from streamproof_formats.profiles import Profile
    from streamproof_formats.sse import Event

FRAME: Final = Frame(
    head="MI-01",
    data="MI-01",
    # "tokens will be sent as data-only server-side events as they become available, with the stream terminated by a
    # data: [DONE] message" -- platform-docs-public (222f4ba), ChatCompletionRequest, `stream`
    fields=no_fields("MI-01b"),
    nearly_done="MI-02",
    no_done="MI-02",
    after_done="MI-02",
)

CONSTANT: Final = (("id", str), ("created", int), ("model", str))
"""Fields of a chunk that stay as they are, by type."""

FAULT_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("choices", "finish_reason"): "MI-06",
    ("choices", "delta", "tool_calls", "function"): "MI-09",
    ("choices", "delta", "tool_calls", "function", "name"): "MI-09",
    ("choices", "delta", "tool_calls", "function", "arguments"): "MI-09",
}
"""The rule of a schema fault by its path without places in arrays; MI-03 for all others."""

_ID: Final = re.compile(r"[A-Za-z0-9]{9}")
_NO_ID: Final = "null"
"""What the types give as the id of a call that has none."""


class _Calls(CallDrafts):
    """The tool calls of one choice.  Nothing names a call that has neither id nor index: each is one of its own."""

    def _found(self, index: int | None, piece: dict[str, Any]) -> CallDraft | None:
        if index is None and not piece.get("id") and named(piece)[0]:
            return None
        return super()._found(index, piece)


class _Draft(ChoiceDraft):
    """One choice in the making."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.tools: CallDrafts = _Calls()

    def add_content(self, content: Any) -> None:
        """Appends a piece of text, or a list of pieces: text to the text, thinking to the reasoning."""
        if isinstance(content, str):
            self.text.add(content)
        for part in content if isinstance(content, list) else ():
            match part:
                case {"type": "text", "text": str(text)}:
                    self.text.add(text)
                case {"type": "thinking", "thinking": list(thoughts)}:
                    for thought in thoughts:
                        if isinstance(thought, dict) and isinstance(thought.get("text"), str):
                            self.reasoning.add(thought["text"])


class MistralMachine(ChunkStream):
    """One stream of `mistral`.  No rule depends on the request."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        super().__init__(frame=FRAME, profile=profile, request=request)
        self._schema = event_schema("mistral", "chunk")
        self._drafts: dict[int, _Draft] = {}
        self._constants: dict[str, Any] = {}
        self._usage: Usage | None = None

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        choices = tuple(self._drafts[index].choice for index in sorted(self._drafts))
        return Message(choices=choices, usage=self._usage, error=self._state.error, ended=self._state.ended)

    def _add_item(self, item: dict[str, Any]) -> None:
        if is_error(item):
            self._state.error = read_error(item)
        else:
            self._take(item)

    def _receive_chunk(self, chunk: dict[str, Any], event: Event) -> None:
        # An error in the stream has no documented shape: mistralai raises on it, as on any event that is no chunk.
        for fault in self._schema.faults(chunk):
            self._breaches.add(_rule_of(fault), fault.__str__, about=chunk)
        if is_error(chunk, event.type):
            self._state.error = read_error(chunk)
            return
        self._judge_constants(chunk)
        self._take(chunk)

    def _judge_constants(self, chunk: dict[str, Any]) -> None:
        constants = self._constants
        for name, kind in CONSTANT:
            value = chunk.get(name)
            if type(value) is kind:
                before = constants.setdefault(name, value)
                if before != value:
                    constants[name] = value
                    message = f"expected the same {name} in every chunk, found {shown(before)} and then {shown(value)}"
                    self._breaches.add("MI-04", message, about=(before, value))

    def _take(self, chunk: dict[str, Any]) -> None:
        """Adds a chunk to the message, and judges what depends on what came before."""
        entries = chunk.get("choices")
        finishes = False
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                index = integer(entry.get("index"))
                finishes |= self._take_entry(self._draft(place if index is None else index), entry)
        usage = chunk.get("usage")
        if entries == []:
            self._breaches.add("MI-08", "expected a choice in every chunk, found a chunk without", about=chunk)
        elif usage is not None and not finishes:
            self._breaches.add("MI-08", "expected usage beside a finish reason, found it without", about=chunk)
        if isinstance(usage, dict):
            self._usage = usage_of(usage)

    def _draft(self, index: int) -> _Draft:
        draft = self._drafts.get(index)
        if draft is None:
            if len(self._drafts) >= MOST_CHOICES:
                refuse_more(MOST_CHOICES, "choices")
            draft = self._drafts[index] = _Draft(index)
        return draft

    def _take_entry(self, draft: _Draft, entry: dict[str, Any]) -> bool:
        """Adds an entry for a choice; True if it gives the finish reason."""
        breaches = self._breaches
        delta, reason = entry.get("delta"), entry.get("finish_reason")
        if draft.finish_reason is not None:
            found = f"{quoted(draft.finish_reason)} and then another chunk"
            breaches.add("MI-06b", f"expected a finish reason in the last chunk of a choice, found {found}")
        elif reason == "":
            breaches.add(
                "MI-06b", "expected the finish reason null until the last chunk of a choice, found an empty one"
            )
        if isinstance(delta, dict):
            self._take_delta(draft, delta)
        if not isinstance(reason, str) or not reason:
            return False
        draft.finish_reason = reason
        if reason == "stop" and draft.tools.calls:
            breaches.add("MI-11", "expected the finish reason tool_calls after a tool call, found stop")
        return True

    def _take_delta(self, draft: _Draft, delta: dict[str, Any]) -> None:
        breaches = self._breaches
        role, content, pieces = delta.get("role"), delta.get("content"), delta.get("tool_calls")
        if not draft.told:
            draft.told.add("MI-05")
            if role != "assistant" or content != "":
                found = f"the role {shown(role)} and the content {shown(content)}"
                breaches.add("MI-05", f"expected the role assistant and an empty content at first, found {found}")
        draft.add_content(content)
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._take_call(draft, piece)

    def _take_call(self, draft: _Draft, piece: dict[str, Any]) -> None:
        call_id = piece.get("id")
        added = draft.tools.add(as_piece(piece))
        if not added.opened:
            self._breaches.add("MI-09b", "expected a tool call in one delta, found another of the same call")
        elif isinstance(call_id, str) and call_id != _NO_ID and not _ID.fullmatch(call_id):
            self._breaches.add("MI-10", f"expected nine letters and digits as id of a call, found {quoted(call_id)}")

    def _succeed(self) -> None:
        breaches = self._breaches
        for index in sorted(self._drafts):
            if self._drafts[index].finish_reason is None:
                breaches.add("MI-06b", f"expected a finish reason of choice {number(index)}, found none")
        if self._drafts and self._usage is None:
            breaches.add("MI-08", "expected usage beside the finish reason, found none")

    def _break_off(self) -> None:
        """No other rule binds a stream that was cut."""


def as_piece(call: dict[str, Any]) -> dict[str, Any]:
    """A delta of a tool call as OpenAI has it: the id null is none, arguments are text."""
    function = call.get("function")
    piece = {**call, "id": None if call.get("id") == _NO_ID else call.get("id")}
    if isinstance(function, dict) and isinstance(function.get("arguments"), dict):
        piece["function"] = {**function, "arguments": _written(function["arguments"])}
    return piece


def _written(arguments: dict[str, Any]) -> str:
    try:
        return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):
        return ""


def _rule_of(fault: Fault) -> str:
    return FAULT_RULES.get(tuple(step for step in fault.path if isinstance(step, str)), "MI-03")


def is_error(item: dict[str, Any], event_type: str = "message") -> bool:
    """True for an object that tells of an error in place of a chunk; beside choices the key error is any other."""
    return "choices" not in item and (bool(item.get("error")) or item.get("object") == "error" or event_type == "error")


def read_error(body: Json) -> StreamError:
    """The error that the JSON of an answer tells of: flat, under the key error, or as faults of the request."""
    match body:
        case {"detail": [{"msg": str(message), **rest}, *_]}:
            place = rest.get("loc")
            param = ".".join(str(step) for step in place) if isinstance(place, list) else None
            return StreamError(message=message, type=text_of(rest.get("type")) or None, param=param)
        case {"detail": str(message)}:
            return StreamError(message=message)
        case {"error": error} if error:
            return error_of(error)
        case dict():
            return error_of(body)
        case _:
            return StreamError(message=None)


DIALECT: Final = Dialect(
    name="mistral",
    title="Mistral chat completions",
    about=(
        "Mistral's chat completions, close to OpenAI's and not the same: usage comes with the finish reason, "
        "tool calls come whole, content may be a list of parts. [DONE] ends a stream."
    ),
    states=(FRAME.states, MISTRAL_CHOICE),
    rule_prefix="MI-",
    base_path="",
    path="/v1/chat/completions",
    terminator=DONE,
    request={
        "model": "mistral-small-latest",
        "messages": [{"role": "user", "content": "Say hello."}],
        "stream": True,
    },
    finish_synonyms={
        "end_turn": "stop",
        "stop_sequence": "stop",
        "eos": "stop",
        "max_tokens": "length",
        "max_output_tokens": "length",
        "model_length": "length",
        "tool_use": "tool_calls",
        "tool_call": "tool_calls",
        "toolcalls": "tool_calls",
    },
    cites={"silent-truncation": "MI-02", "wrong-text": "MI-12"},
)

SPEECH: Final = Speech(dialect=DIALECT, machine=MistralMachine, read_error=read_error)

"""Judges and assembles one stream of Cohere's chat events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import EVENT_STREAM, StreamState, integer, is_no_stream, media_type, text_of
from streamproof_formats.dialects.breaches import NOWHERE
from streamproof_formats.dialects.chunk_stream import DONE
from streamproof_formats.dialects.cohere_v2.assembler import FAILED, Draft, one_of, part
from streamproof_formats.dialects.cohere_v2.citations import Citations
from streamproof_formats.dialects.cohere_v2.order import EVENTS, RULES, Move, Thing
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.wording import number, quoted, shown
from streamproof_formats.message import Message

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.finding import Finding
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

FAULT_RULES: Final[Mapping[tuple[str | int, ...], str]] = {
    ("delta", "message", "tool_calls"): "CO-19",
    ("delta", "message", "citations"): "CO-19",
    ("delta", "message", "tool_calls", "id"): "CO-10",
}
"""The rule of a schema fault by its path; CO-01 for all others."""

ONCE: Final = frozenset({"CO-02"})
"""Rules that a server breaks by a setting, in every event: the first place tells all."""

OTHER: Final = {"text": "thinking", "thinking": "text"}
"""By the type of a block, what its pieces do not have."""

CUT: Final = frozenset({"MAX_TOKENS", *FAILED})
"""Finish reasons of an answer that was cut short."""

_LONGEST_ARRAY: Final = 64
"""Blocks and calls that are open at a time; those beyond are not followed."""


class CohereMachine:
    """One stream of `cohere-v2`.  No rule depends on the request, but whether it asked for a stream."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        self._wants_stream = not isinstance(request, dict) or request.get("stream") is not False
        self._state = StreamState(profile, once=ONCE)
        self._breaches = self._state.breaches
        self._schemas = {name: event_schema("cohere-v2", name) for name in EVENTS}
        self._draft = Draft()
        self._marked = False
        """True once [DONE] has come."""
        self._seen = 0
        """Events that are a part of the answer."""
        self._open: dict[Thing, dict[int | None, str | None]] = {thing: {} for thing in RULES}
        """What is open, by index; of a block of content its type."""
        self._begun: dict[Thing, int] = dict.fromkeys(RULES, 0)
        self._kinds: list[str | None] = []
        """The types of the first blocks of content."""
        self._citations = Citations(self._breaches)

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        draft = self._draft
        return Message(choices=draft.choices, usage=draft.usage, error=self._state.error, ended=self._state.ended)

    def receive(self, event: Event, number: int, notes: Sequence[Note] = ()) -> Iterable[Finding]:  # noqa: ARG002
        """Takes the dispatched event `number` and tells what it breaks."""
        breaches = self._breaches
        breaches.at(event, number)
        if event.data == DONE and not self._marked:
            self._marked = True
        elif self._state.done or self._marked:
            # "the final event" -- Cohere docs, v2/text-generation/streaming; after it [DONE] at most
            after = "[DONE]" if self._marked else "message-end"
            breaches.add("CO-04", f"expected nothing after {after}, found an event with {quoted(event.data)}")
        else:
            self._receive_json(event)
        return breaches.take()

    def receive_item(self, item: Json) -> None:
        """Takes a decoded event as an SDK hands it out: it adds to the message and is not judged."""
        if isinstance(item, dict) and not self._state.done:
            self._add(item)

    def close(self, end: BodyEnd, head: ResponseHead | None, notes: Sequence[Note] = ()) -> Iterable[Finding]:  # noqa: ARG002
        """Takes the end of the body and tells what the whole breaks."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        if head is not None:
            kind = media_type(head)
            if 200 <= head.status < 400 and (self._wants_stream or kind == EVENT_STREAM):
                if head.status != 200:
                    breaches.add("CO-01", f"expected status 200, found {head.status}")
                if kind != EVENT_STREAM:
                    found = quoted(kind) if kind else "none"
                    breaches.add("CO-20", f"expected the content type text/event-stream, found {found}")
            if is_no_stream(head):
                return breaches.take()
        if not self._state.done:
            breaches.add("CO-04", "expected message-end at the end of the stream, found none")
        return breaches.take()

    def _receive_json(self, event: Event) -> None:
        breaches = self._breaches
        try:
            value = json_text.read(event.data)
        except json_text.NotJson as problem:
            breaches.add("CO-01", problem.told("expected [DONE] or a JSON object"))
            return
        name = value.get("type") if isinstance(value, dict) else None
        if not isinstance(name, str):
            found = f"one whose type is {shown(name)}" if isinstance(value, dict) else shown(value)
            breaches.add("CO-01", f"expected a JSON object with a type, found {found}")
            return
        if event.type != name:
            breaches.add("CO-02", f"expected the event name {quoted(name)}, found {quoted(event.type)}", about=value)
        if name not in self._schemas:
            # Types that are new are skipped: cohere-python drops them.
            return
        for fault in self._schemas[name].faults(value):
            breaches.add(FAULT_RULES.get(fault.path, "CO-01"), fault.__str__, about=value)
        self._judge(name, value)
        self._add(value)

    def _add(self, value: dict[str, Any]) -> None:
        self._draft.add(value)
        if value.get("type") == "message-end":
            self._state.done = True
            self._state.error = self._draft.error

    def _judge(self, name: str, value: dict[str, Any]) -> None:
        step = EVENTS[name]
        if step.thing is Thing.NOTHING:
            return
        first, self._seen = self._seen == 0, self._seen + 1
        if first != (name == "message-start"):
            found = f"{name} first" if first else "it again"
            self._breaches.add("CO-03", f"expected message-start at the beginning and once, found {found}")
        index = integer(value.get("index"))
        match step.thing, step.move:
            case Thing.MESSAGE, Move.END:
                self._judge_end(part(value, "delta"))
            case Thing.PLAN, _:
                if self._begun[Thing.CALL]:
                    self._breaches.add("CO-08", "expected the tool plan before the first tool call, found more of it")
            case Thing.CONTENT | Thing.CALL | Thing.CITATION, Move.START:
                self._start(step.thing, index, value)
            case Thing.CONTENT | Thing.CALL | Thing.CITATION, _:
                self._continue(step.thing, step.move, index, value)

    def _start(self, thing: Thing, index: int | None, value: dict[str, Any]) -> None:
        rules, open_, breaches = RULES[thing], self._open[thing], self._breaches
        if index in open_:
            breaches.add(rules.order, f"expected {thing.value} to end first, found another start of {_label(index)}")
        elif open_:
            breaches.add(rules.mixed, f"expected {thing.value} to end first, found the start of {_label(index)}")
        due = self._begun[thing]
        self._begun[thing] += 1
        if index is not None and index != due:
            breaches.add(rules.index, f"expected the index {number(due)} of {thing.value}, found {number(index)}")
        kind = None
        message = part(value, "delta", "message")
        match thing:
            case Thing.CONTENT:
                kind = self._judge_block(one_of(message.get("content")))
            case Thing.CALL:
                self._judge_call(one_of(message.get("tool_calls")))
            case Thing.CITATION:
                self._citations.take(
                    one_of(message.get("citations")), self._draft, inside=bool(self._open[Thing.CONTENT])
                )
        if thing is Thing.CONTENT:
            # The blocks follow each other: one that was left open is over.
            open_.clear()
        if len(open_) < _LONGEST_ARRAY:
            open_[index] = kind

    def _continue(self, thing: Thing, move: Move, index: int | None, value: dict[str, Any]) -> None:
        open_, breaches = self._open[thing], self._breaches
        meant = index
        if index not in open_ and open_ and (index is None or thing is Thing.CONTENT):
            meant = next(reversed(open_))
            if index is not None and meant is not None:
                found = f"{number(meant)} and then {number(index)}"
                breaches.add("CO-05b", f"expected one index in a block of content, found {found}")
        if meant not in open_:
            breaches.add(
                RULES[thing].order, f"expected {thing.value} to be open, found its {move.value} without a start"
            )
            return
        if thing is Thing.CONTENT and move is Move.DELTA:
            self._judge_piece(open_[meant], one_of(part(value, "delta", "message").get("content")))
        if move is Move.END:
            del open_[meant]

    def _judge_block(self, content: dict[str, Any]) -> str | None:
        kind = content.get("type")
        kind = kind if isinstance(kind, str) else None
        before = self._kinds
        if before and not (before == ["thinking"] and kind == "text"):
            said = ", ".join(quoted(one) if one else "one without a type" for one in (*before, kind))
            message = f"expected one block of content, or one of thinking and then one of text, found {said}"
            self._breaches.add("CO-06", message)
        if len(before) < _LONGEST_ARRAY:
            before.append(kind)
        return kind

    def _judge_piece(self, kind: str | None, content: dict[str, Any]) -> None:
        if kind not in OTHER:
            return
        if not isinstance(content.get(kind), str) or content.get(OTHER[kind]):
            found = ", ".join(sorted(quoted(key) for key in content)) or "nothing"
            self._breaches.add("CO-07", f"expected {kind} in a delta of a block of {kind}, found {found}")

    def _judge_call(self, call: dict[str, Any]) -> None:
        breaches, function = self._breaches, part(call, "function")
        if "id" not in call:
            breaches.add("CO-10", "expected the id of the call at its start, found none")
        if not function.get("name"):
            breaches.add("CO-10b", "expected the name of the function at the start of a call, found none")
        if function.get("arguments") != "":
            breaches.add(
                "CO-10c", f"expected empty arguments at the start of a call, found {shown(function.get('arguments'))}"
            )

    def _judge_end(self, delta: dict[str, Any]) -> None:
        breaches = self._breaches
        for thing, open_ in self._open.items():
            for index in open_:
                message = f"expected all to be closed at message-end, found {thing.value} open: {_label(index)}"
                breaches.add(RULES[thing].unclosed, message)
        reason = text_of(delta.get("finish_reason"))
        missing = [key for key in ("finish_reason", "usage") if not delta.get(key)]
        if missing:
            breaches.add(
                "CO-13", f"expected finish reason and usage in message-end, found no {' and no '.join(missing)}"
            )
        if reason == "ERROR" and not isinstance(delta.get("error"), str):
            breaches.add("CO-15", "expected the text of the error beside ERROR, found none")
        self._judge_calls(reason)
        self._citations.judge(self._draft)

    def _judge_calls(self, reason: str) -> None:
        breaches, calls = self._breaches, self._draft.calls
        if reason == "TOOL_CALL" and not calls:
            # "The model generated a Tool Call" -- cohere-openapi.yaml, ChatFinishReason
            breaches.add("CO-14b", "expected a tool call before the finish reason TOOL_CALL, found none")
        if calls and reason and reason not in CUT and reason != "TOOL_CALL":
            breaches.add("CO-14", f"expected the finish reason TOOL_CALL after a tool call, found {quoted(reason)}")
        if calls and "text" in self._kinds:
            breaches.add("CO-14c", "expected a block of text or tool calls, found both")
        for call in calls if reason not in CUT else ():
            try:
                json_text.read(call.arguments.text or "")
            except json_text.NotJson as fault:
                breaches.add("CO-10d", f"expected the arguments of a call to be JSON, found no JSON: {fault}")


def _label(index: int | None) -> str:
    return "one without an index" if index is None else f"index {number(index)}"

"""Judges and assembles one stream of the events of a response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import EVENT_STREAM, StreamState, error_of, integer, is_no_stream, media_type
from streamproof_formats.dialects.breaches import NOWHERE
from streamproof_formats.dialects.openai_responses import parts
from streamproof_formats.dialects.openai_responses.binding import OPEN_RESPONSES, Binding
from streamproof_formats.dialects.openai_responses.drafts import ItemDraft, OutputDraft
from streamproof_formats.dialects.openai_responses.events import ERROR, EVENTS, Act, EventKind
from streamproof_formats.dialects.openai_responses.faults import rule_of
from streamproof_formats.dialects.openai_responses.items import Items
from streamproof_formats.dialects.openai_responses.order import EXPECTED, STREAM, Mark, Phase, Signal
from streamproof_formats.dialects.openai_responses.request import asked_of
from streamproof_formats.dialects.openai_responses.snapshots import Snapshots
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.wording import quoted, shown
from streamproof_formats.message import Message, StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.finding import Finding
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

DONE: Final = "[DONE]"
NAME: Final = "openai-responses"

FIELDS: Final[Mapping[str, tuple[str, str]]] = {"id-field": ("id", "OR-02")}
"""Fields that a stream has no use for, where Open Responses is claimed."""

ONCE: Final = frozenset({"OR-01", "OR-01b", "OR-03", "OR-35", "OR-44", "OR-47b"})
"""Rules that a server breaks by a setting, in every event: the first place tells all."""

SIGNALS: Final[Mapping[str, Signal]] = {
    "created": Signal.CREATED,
    "queued": Signal.QUEUED,
    "in_progress": Signal.IN_PROGRESS,
    "completed": Signal.END,
    "incomplete": Signal.END,
    "failed": Signal.FAILED,
}


class OpenAIResponsesMachine:
    """One stream of `openai-responses`.  Rules on what was asked for are judged only if the request is known."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        asked = self._asked = asked_of(request)
        self._state = StreamState(profile, once=ONCE)
        self._sink = self._state.breaches
        self._breaches = Binding(self._sink, claims_open=profile.name == OPEN_RESPONSES)
        self._after = None if asked is None else asked.starting_after
        self._phase = Phase.NEW if self._after is None else Phase.TAKEN_UP
        self._output = OutputDraft()
        self._items = Items(self._output, asked, self._breaches, taken_up=self._after is not None)
        self._snapshots = Snapshots(self._breaches, self._output)
        self._begun = False
        self._created = False
        self._number: int | None = None
        self._lost = False
        """True where the event before had no number."""
        self._done = False
        """True while the last event was [DONE]."""

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        choices = (self._output.choice(over=self._state.done),) if self._begun else ()
        return Message(choices=choices, usage=self._snapshots.usage, error=self._state.error, ended=self._state.ended)

    def receive(self, event: Event, number: int, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the dispatched event `number` and tells what it breaks."""
        self._sink.at(event, number)
        if notes and self._breaches.claims_open:
            self._state.judge_fields(notes, FIELDS)
        if event.data == DONE and not self._done:
            self._done = True
        elif self._done or self._phase is Phase.ENDED:
            self._done = False
            found = f"an event with {quoted(event.data)}"
            self._breaches.add("OR-07d", f"expected nothing but [DONE] after the end, found {found}")
        else:
            self._receive_json(event)
        return self._sink.take()

    def receive_item(self, item: Json) -> None:
        """Takes a decoded event as an SDK hands it out: it adds to the message and is not judged."""
        kind = EVENTS.get(item["type"]) if isinstance(item, dict) and isinstance(item.get("type"), str) else None
        if kind is not None:
            self._take(item, kind)
            self._sink.take()

    def close(self, end: BodyEnd, head: ResponseHead | None, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the end of the body and tells what the whole breaks."""
        self._sink.place = NOWHERE
        self._state.end = end
        if head is not None:
            kind = media_type(head)
            if 200 <= head.status < 300 and kind != EVENT_STREAM and (self._asked is None or self._asked.stream):
                found = quoted(kind) if kind else "none"
                self._breaches.add("OR-43c", f"expected the content type text/event-stream, found {found}")
            if is_no_stream(head):
                return self._sink.take()
        if self._breaches.claims_open:
            self._state.judge_fields(notes, FIELDS)
        self._judge_end()
        return self._sink.take()

    def _judge_end(self) -> None:
        breaches, has_error = self._breaches, self._state.error is not None
        if self._phase is Phase.ERRED:
            breaches.add("OR-28", "expected response.failed after an error event, found none")
        if self._phase is not Phase.ENDED:
            if breaches.claims_open or not has_error:
                wanted = "response.completed, response.failed or response.incomplete"
                breaches.add("OR-07", f"expected {wanted} at the end of the stream, found none")
            if not has_error:
                # openai-python: RuntimeError "Didn't receive a `response.completed` event."
                breaches.add("OR-07c", "expected response.completed in a stream without a failure, found none")
        if not self._done:
            breaches.add("OR-36", "expected [DONE] as the last event, found none")

    def _receive_json(self, event: Event) -> None:
        breaches = self._breaches
        try:
            said = json_text.read(event.data)
        except json_text.NotJson as fault:
            breaches.add("OR-03", fault.told("expected a JSON object with a sequence_number"))
            said = None
        if not isinstance(said, dict):
            if said is not None:
                breaches.add("OR-03", f"expected a JSON object with a sequence_number, found {shown(said)}")
            self._signal(Signal.NOTHING)
            return
        kind = self._kind(event, said)
        self._judge_number(said, is_extension=_is_extension(said.get("type")))
        if kind is None:
            self._signal(Signal.NOTHING)
            return
        if self._phase is not Phase.ERRED:
            self._judge_event(event, said, kind)
        self._take(said, kind)

    def _kind(self, event: Event, said: dict[str, Any]) -> EventKind | None:
        """The kind of an event, by its data or, where that is silent, by its event field."""
        breaches, name = self._breaches, said.get("type")
        if not isinstance(name, str):
            if said.get("error"):
                breaches.add("OR-38", "expected an error event of the type error, found none", about=said)
                return EVENTS[ERROR]
            breaches.add("OR-34b", f"expected the type of an event, found {shown(name)}", about=said)
            return EVENTS.get(event.type)
        if event.type != name:
            found = "none" if event.type == "message" else quoted(event.type)
            breaches.add("OR-01", f"expected the event field {quoted(name)} as the type, found {found}", about=said)
        kind = EVENTS.get(name)
        if kind is None:
            if not (breaches.claims_open and _is_extension(name)):
                # openai-node: "Unhandled response stream event", extensions of Open Responses among them
                breaches.add("OR-34b", f"expected a type of the documented union, found {quoted(name)}", about=said)
        elif kind.in_open != breaches.claims_open and kind.name == "reasoning_text":
            wanted = "response.reasoning" if breaches.claims_open else "response.reasoning_text"
            breaches.add("OR-22", f"expected raw reasoning in {wanted} events, found {quoted(name)}", about=said)
        return kind

    def _judge_number(self, said: dict[str, Any], *, is_extension: bool) -> None:
        breaches, before = self._breaches, self._number
        found = integer(said.get("sequence_number"))
        if found is None:
            rule = "OR-33" if is_extension and breaches.claims_open else "OR-03"
            value = shown(said["sequence_number"]) if "sequence_number" in said else "none"
            breaches.add(rule, f"expected an integer sequence_number, found {value}", about=said)
            self._lost = True
            return
        self._number, lost, self._lost = found, self._lost, False
        if before is None and self._after is not None:
            if found <= self._after:
                message = f"expected a sequence_number after {shown(self._after)}, found {shown(found)}"
                breaches.add("OR-41", message, about=said)
        elif before is not None and found <= before:
            message = f"expected a sequence_number above {shown(before)}, found {shown(found)}"
            breaches.add("OR-03b", message, about=said)
        elif not lost and found != (0 if before is None else before + 1):
            wanted = "0" if before is None else shown(before + 1)
            breaches.add("OR-04", f"expected the sequence_number {wanted}, found {shown(found)}", about=said)

    def _judge_event(self, event: Event, said: dict[str, Any], kind: EventKind) -> None:
        breaches, asked = self._breaches, self._asked
        if kind.act is Act.ERROR:
            if "type" in said:
                self._judge_error(event, said)
            return
        for fault in event_schema(NAME, kind.type).faults(said):
            rule = rule_of(kind, fault, claims_open=breaches.claims_open)
            if rule is not None:
                breaches.add(rule, fault.__str__, about=said)
        if "obfuscation" in said and asked is not None and asked.include_obfuscation is False:
            breaches.add("OR-44", "expected no obfuscation with include_obfuscation false, found some", about=said)

    def _judge_error(self, event: Event, said: dict[str, Any]) -> None:
        breaches, is_nested = self._breaches, said.get("error") is not None
        for fault in event_schema(NAME, "error-nested" if is_nested else ERROR).faults(said):
            if fault.path != ("sequence_number",):
                breaches.add("OR-38", f"in an error, {fault}", about=said)
        if not is_nested or event.type != ERROR:
            # openai-python looks for the key `error`, openai-node for the event field as well.
            found = "an error object without" if is_nested else "a flat one"
            breaches.add("OR-38b", f"expected an error object under the event field error, found {found}", about=said)

    def _signal(self, signal: Signal) -> None:
        move = STREAM[self._phase][signal]
        for rule in move.rules:
            self._breaches.add(rule, f"expected {EXPECTED[rule]}, found {signal.value}")
        self._phase = move.phase

    def _take(self, said: dict[str, Any], kind: EventKind) -> None:
        """Adds an event to the message, and judges what depends on what came before."""
        if self._phase is Phase.ENDED or (self._phase is Phase.ERRED and kind.name != "failed"):
            return
        match kind.act:
            case Act.ERROR:
                self._signal(Signal.ERROR)
                self._state.error = _error_of_event(said)
            case Act.KEEPALIVE:
                self._signal(Signal.NOTHING)
            case Act.LIFE | Act.TERMINAL:
                self._take_life(said, kind)
            case _:
                self._begun = True
                self._signal(Signal.OUTPUT)
                self._take_output(said, kind)

    def _take_life(self, said: dict[str, Any], kind: EventKind) -> None:
        self._signal(SIGNALS[kind.name])
        if kind.name == "created":
            if self._created:
                self._breaches.add("OR-05b", "expected response.created once, found it again")
            self._created = True
        response = said.get("response")
        if isinstance(response, dict):
            self._snapshots.take(kind.name, response)
        if kind.act is Act.TERMINAL:
            self._finish(kind.name, response if isinstance(response, dict) else None)
        elif isinstance(response, dict) and self._after is None:
            self._snapshots.judge_life(response)

    def _finish(self, name: str, response: dict[str, Any] | None) -> None:
        self._items.judge_end(name)
        given = response or {}
        if response is not None:
            self._snapshots.judge_end(name, given)
            if self._after is None:
                self._snapshots.judge_output(name, given)
        if name == "failed":
            if self._state.error is None:
                self._state.error = error_of(given.get("error"))
            return
        self._begun = self._state.done = True
        details = given.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        self._output.finish_reason = reason if name == "incomplete" and isinstance(reason, str) and reason else name
        if not self._output.items and isinstance(given.get("output"), list):
            for place, item in enumerate(given["output"]):
                draft = self._output.open(ItemDraft(place, added=False))
                draft.finish(item)

    def _take_output(self, said: dict[str, Any], kind: EventKind) -> None:
        items = self._items
        match kind.act:
            case Act.ITEM_ADDED:
                items.add(said)
            case Act.ITEM_DONE:
                items.finish(said)
            case Act.CALL_PIECE:
                items.take_call(said, kind, Mark.PIECE)
            case Act.CALL_WHOLE:
                items.take_call(said, kind, Mark.WHOLE)
            case Act.HOSTED:
                items.take_stage(said, kind)
            case Act.OTHER if not kind.name:
                pass  # audio names no item
            case _:
                self._take_part(items.find(said), said, kind)

    def _take_part(self, draft: ItemDraft, said: dict[str, Any], kind: EventKind) -> None:
        breaches = self._breaches
        match kind.act:
            case Act.PART_ADDED:
                parts.add(draft, said, breaches)
            case Act.PART_DONE:
                parts.close(draft, said, breaches)
            case Act.PIECE | Act.WHOLE:
                parts.take(draft, said, kind, breaches)
            case Act.ANNOTATION:
                parts.annotate(draft, said, breaches)
            case Act.SUMMARY_ADDED:
                parts.add_summary(draft, said, breaches)
            case Act.SUMMARY_PIECE | Act.SUMMARY_WHOLE | Act.SUMMARY_DONE:
                parts.take_summary(draft, said, kind, breaches)


def _is_extension(name: Any) -> bool:
    """True of the type of an extension of Open Responses: a slug, a colon, a name."""
    return isinstance(name, str) and all(name.partition(":")) and not name.startswith("response.")


def _error_of_event(said: dict[str, Any]) -> StreamError:
    """The error that an event tells of, in either form."""
    if said.get("error") is not None:
        return error_of(said["error"])
    return error_of({key: said.get(key) for key in ("message", "code", "param")})

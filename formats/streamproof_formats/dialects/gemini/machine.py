"""Judges and assembles one stream of `GenerateContentResponse` objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import (
    EVENT_STREAM,
    StreamState,
    error_of,
    integer,
    is_no_stream,
    media_type,
    refuse_more,
    text_of,
)
from streamproof_formats.dialects.breaches import NOWHERE
from streamproof_formats.dialects.gemini.assembler import (
    MOST_CANDIDATES,
    CandidateDraft,
    camel,
    objects,
    parts_of,
    reason_of,
    usage_of,
)
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.wording import number as number_shown
from streamproof_formats.dialects.wording import quoted, shown
from streamproof_formats.message import Message, StreamError, Usage
from streamproof_formats.payload import is_payload

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.dialects.event_schema import Fault
    from streamproof_formats.finding import Finding
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

CONTENT: Final = ("candidates", "promptFeedback", "usageMetadata")
"""Keys of which a chunk has one at least."""

CONSTANT: Final = ("responseId", "modelVersion")

FAULT_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("candidates", "content", "parts", "functionCall", "args"): "GM-11",
}
"""The rule of a schema fault by its path without places in arrays; GM-01 for all others."""

NOTES: Final[Mapping[str, tuple[str, str]]] = {
    "no-space": ("GM-03", "expected a data line to begin with `data: `, found no blank there"),
    "comment": ("GM-04", "expected data lines only, found a comment"),
    "event-field": ("GM-04", "expected data lines only, found the field event"),
    "id-field": ("GM-04", "expected data lines only, found the field id"),
    "retry-field": ("GM-04", "expected data lines only, found the field retry"),
    "raw-separator": ("GM-17", "expected line separators escaped in JSON, found one as it is"),
}
"""What a note on the framing breaks here."""

COUNTS: Final = (
    "promptTokenCount", "candidatesTokenCount", "toolUsePromptTokenCount", "thoughtsTokenCount", "totalTokenCount",
)  # fmt: skip

REASONS: Final = frozenset(
    {
        "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
        "MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_OTHER", "NO_IMAGE",
        "IMAGE_RECITATION", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE",
        "MALFORMED_RESPONSE", "ESCALATION", "PUP_LIMITED_DISABLED", "CONTINUATION", "MODEL_ARMOR",
    }
)  # fmt: skip
"""Reasons that are documented: any of them may cut a candidate off after a call, but no other stands for the call."""

ONCE: Final = frozenset({"GM-03", "GM-04", "GM-12", "GM-13", "GM-13b"})
"""Rules that a server breaks by its make, in every chunk: the first place tells all."""


class GeminiMachine:
    """One stream of `gemini`.  No rule depends on the request."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:  # noqa: ARG002
        self._state = StreamState(profile, once=ONCE)
        self._breaches = self._state.breaches
        self._schema = event_schema("gemini", "chunk")
        self._drafts: dict[int, CandidateDraft] = {}
        self._chunks = 0
        self._blocked = False
        self._constants: dict[str, str] = {}
        self._usage: dict[str, Any] | None = None
        self._usage_is_last = False

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        usage: Usage | None = None if self._usage is None else usage_of(self._usage)
        choices = tuple(self._drafts[index].choice for index in sorted(self._drafts))
        return Message(choices=choices, usage=usage, error=self._state.error, ended=self._state.ended)

    def receive(self, event: Event, number: int, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the dispatched event `number` and tells what it breaks."""
        breaches = self._breaches
        breaches.at(event, number)
        if notes:
            self._judge_notes(notes, event)
        if self._state.error is None:
            self._receive_json(event.data)
        return breaches.take()

    def receive_item(self, item: Json) -> None:
        """Takes a decoded chunk as an SDK hands it out: it adds to the message and is not judged."""
        if isinstance(item, dict) and self._state.error is None:
            chunk = camel(item)
            if chunk.get("error"):
                self._state.error = _error(chunk["error"])
            else:
                self._take(chunk)
            self._breaches.take()

    def close(self, end: BodyEnd, head: ResponseHead | None, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the end of the body and tells what the whole breaks."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        if head is not None:
            kind = media_type(head)
            if 200 <= head.status < 400 and (head.status != 200 or kind != EVENT_STREAM):
                found = f"status {head.status} and {quoted(kind) if kind else 'no content type'}"
                breaches.add("GM-01", f"expected status 200 and text/event-stream, found {found}")
            if is_no_stream(head):
                return breaches.take()
        self._judge_notes(notes, None)
        if end not in ("timeout", "bad-framing"):
            for note in notes:
                if note.kind == "unclosed-array":
                    message = "expected the end of the JSON array, found the end of the body"
                    breaches.add("GM-02", message, place=(note.event, note.start, note.end))
                if note.kind == "unclosed":
                    message = "expected a blank line behind the last event, found the end of the body"
                    breaches.add("GM-05", message, place=(note.event, note.start, note.end))
        if self._state.error is None:
            self._judge_end(end)
        return breaches.take()

    def _judge_notes(self, notes: Sequence[Note], event: Event | None) -> None:
        for note in notes:
            place = (note.event, note.start, note.end)
            if note.kind in NOTES:
                rule, message = NOTES[note.kind]
                self._breaches.add(rule, message, about=note.kind, place=place)
            elif note.kind == "data-lines" and event is not None and _are_payloads(event.data):
                message = f"expected a blank line behind each event, found {note.count} of them joined to one"
                self._breaches.add("GM-05", message, about=note.kind, place=place)

    def _receive_json(self, data: str) -> None:
        breaches = self._breaches
        try:
            chunk = json_text.read(data)
        except json_text.NotJson as fault:
            breaches.add("GM-02", fault.told("expected JSON"))
            return
        if not isinstance(chunk, dict):
            breaches.add("GM-01", f"expected a response object, found {shown(chunk)}")
        elif chunk.get("error"):
            self._state.error = _error(chunk["error"])
            # google-genai tells an error by the beginning of the text, and takes any other for a response.
            if next(iter(chunk)) != "error":
                breaches.add("GM-18", f"expected error as the first key, found {quoted(str(next(iter(chunk))))}")
        else:
            for departure in self._schema.faults(chunk):
                breaches.add(_rule_of(departure), departure.__str__, about=chunk)
            self._judge_chunk(chunk)
            self._take(chunk)

    def _judge_chunk(self, chunk: dict[str, Any]) -> None:
        breaches = self._breaches
        if not any(chunk.get(key) is not None for key in CONTENT):
            breaches.add("GM-06", f"expected one of {', '.join(CONTENT)}, found a chunk without", about=chunk)
        for name in CONSTANT:
            value = chunk.get(name)
            if isinstance(value, str):
                before = self._constants.setdefault(name, value)
                if before != value:
                    message = f"expected the same {name} in every chunk, found {quoted(before)} and {quoted(value)}"
                    breaches.add("GM-12", message, about=(before, value))
        feedback = chunk.get("promptFeedback")
        if isinstance(feedback, dict) and feedback.get("blockReason"):
            if self._chunks:
                breaches.add("GM-07", "expected a blockReason in the first chunk, found one later", about=chunk)
            self._blocked = True
        if self._blocked and chunk.get("candidates"):
            breaches.add("GM-07", "expected no candidates for a blocked prompt, found some", about=chunk)
        self._judge_candidates(chunk)
        if isinstance(chunk.get("usageMetadata"), dict):
            self._judge_usage(chunk["usageMetadata"])

    def _judge_candidates(self, chunk: dict[str, Any]) -> None:
        breaches, indexes = self._breaches, set()
        for candidate in objects(chunk.get("candidates")):
            index = integer(candidate.get("index")) or 0
            if index in indexes:
                breaches.add(
                    "GM-15", f"expected each index once in a chunk, found {number_shown(index)} again", about=chunk
                )
            indexes.add(index)
            draft = self._drafts.get(index)
            parts, reason = parts_of(candidate), reason_of(candidate)
            finished = draft.finish_reason if draft else None
            if finished is not None and parts:
                breaches.add("GM-09", "expected no parts after the finishReason, found some", about=chunk)
            if finished is not None and reason is not None:
                breaches.add(
                    "GM-08b", f"expected one finishReason, found {quoted(finished)} and {quoted(reason)}", about=chunk
                )
            called = (draft is not None and draft.calls) or any("functionCall" in part for part in parts)
            if called and reason is not None and reason not in REASONS:
                breaches.add("GM-11c", f"expected STOP after a function call, found {quoted(reason)}", about=chunk)
            self._judge_calls(draft, parts)

    def _judge_calls(self, draft: CandidateDraft | None, parts: list[dict[str, Any]]) -> None:
        is_open = bool(draft and draft.calls and draft.calls[-1].open)
        for part in parts:
            call = part.get("functionCall")
            if not isinstance(call, dict):
                continue
            if not call.get("name") and not is_open:
                self._breaches.add("GM-11b", "expected a function call with a name, found one without")
            is_open = call.get("willContinue") is True

    def _judge_usage(self, usage: dict[str, Any]) -> None:
        breaches, before = self._breaches, self._usage or {}
        counts = {name: integer(usage.get(name)) for name in COUNTS}
        for name, count in counts.items():
            earlier = integer(before.get(name))
            if count is not None and earlier is not None and count < earlier:
                found = f"{number_shown(earlier)} and then {number_shown(count)}"
                breaches.add("GM-13", f"expected {name} not to go down, found {found}", about=usage)
        total, given = counts["totalTokenCount"], counts["promptTokenCount"]
        added = sum(count or 0 for name, count in counts.items() if name != "totalTokenCount")
        if total is not None and given is not None and total != added:
            found = f"parts of {number_shown(added)} and a total of {number_shown(total)}"
            breaches.add("GM-13b", f"expected totalTokenCount to be the sum of its parts, found {found}", about=usage)

    def _judge_end(self, end: BodyEnd) -> None:
        breaches = self._breaches
        unfinished = [index for index in sorted(self._drafts) if self._drafts[index].finish_reason is None]
        for index in unfinished:
            breaches.add("GM-08", f"expected a finishReason for candidate {number_shown(index)}, found none")
        for index in sorted(self._drafts):
            if self._drafts[index].calls and self._drafts[index].calls[-1].open:
                breaches.add("GM-11b", "expected the rest of a function call that willContinue, found the end")
        if not self._drafts and not self._blocked:
            breaches.add("GM-08", "expected a candidate with a finishReason, found none")
        elif not unfinished and end == "clean":
            # There is no terminator: the end of the body ends a stream in which nothing is missing.
            self._state.done = True
            if not self._usage_is_last:
                breaches.add("GM-13", "expected usageMetadata in the last chunk, found none")

    def _take(self, chunk: dict[str, Any]) -> None:
        """Adds a chunk to the message."""
        self._chunks += 1
        usage = chunk.get("usageMetadata")
        self._usage_is_last = isinstance(usage, dict)
        if isinstance(usage, dict):
            self._usage = usage
        feedback = chunk.get("promptFeedback")
        self._blocked = self._blocked or (isinstance(feedback, dict) and bool(feedback.get("blockReason")))
        for candidate in objects(chunk.get("candidates")):
            draft = self._draft(integer(candidate.get("index")) or 0)
            for part in parts_of(candidate):
                draft.add(part)
            draft.finish_reason = reason_of(candidate) or draft.finish_reason

    def _draft(self, index: int) -> CandidateDraft:
        draft = self._drafts.get(index)
        if draft is None:
            if len(self._drafts) >= MOST_CANDIDATES:
                refuse_more(MOST_CANDIDATES, "candidates")
            draft = self._drafts[index] = CandidateDraft(index)
        return draft


def _error(value: Any) -> StreamError:
    status = text_of(value.get("status")) if isinstance(value, dict) else ""
    return attrs.evolve(error_of(value), type=status or None)


def _rule_of(fault: Fault) -> str:
    return FAULT_RULES.get(tuple(step for step in fault.path if isinstance(step, str)), "GM-01")


def _are_payloads(data: str) -> bool:
    return not is_payload(data) and all(is_payload(line) for line in data.split("\n"))

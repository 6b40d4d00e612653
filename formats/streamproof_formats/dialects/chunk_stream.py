"""What the dialects of OpenAI's kind share: a stream of JSON chunks that `[DONE]` ends, and the table of its rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import EVENT_STREAM, StreamState, is_no_stream, media_type
from streamproof_formats.dialects.breaches import NOWHERE
from streamproof_formats.dialects.wording import quoted, shown
from streamproof_formats.states import StateTable, arrows, joined

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.finding import Finding
    from streamproof_formats.message import Message
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

DONE: Final = "[DONE]"


@attrs.frozen(kw_only=True)
class Frame:
    """The rules of one dialect on the frame of its streams, by what breaks them."""

    head: str
    """Another status or content type."""
    data: str
    """Data that is neither the terminator nor a JSON object."""
    nearly_done: str
    """Data that means the terminator and is not."""
    no_done: str
    """An end without the terminator."""
    after_done: str
    """An event after the terminator."""
    after_error: str | None = None
    """An event after an error; None where no rule speaks of it."""
    fields: Mapping[str, tuple[str, str]]
    """By the note that tells of it, an SSE field that the dialect has no use for, and the rule against it."""
    once: frozenset[str] = frozenset()
    """Rules that a server breaks by a setting, in every chunk: the first place tells all."""

    @property
    def states(self) -> StateTable:
        """The stream, for readers: what follows what."""
        return StateTable(
            of="the stream",
            start="streaming",
            transitions=joined(
                arrows("streaming", "streaming", CHUNK),
                arrows("streaming", "done", DONE),
                arrows("streaming", "failed", ERROR),
                arrows("streaming", "cut", END, rules=self.no_done),
                arrows("done", "done", CHUNK, DONE, ERROR, rules=self.after_done),
                arrows("failed", "failed", CHUNK, ERROR, rules=self.after_error or ""),
                arrows("failed", "done", DONE),
            ),
            meanings={"failed": "an error has come; nothing that follows it is read"},
        )


CHUNK: Final = "a chunk"
ERROR: Final = "an error"
END: Final = "the end of the body"


def no_fields(rule: str) -> dict[str, tuple[str, str]]:
    """For a dialect that is data only: the three other fields, all against one rule."""
    return {f"{field}-field": (field, rule) for field in ("event", "id", "retry")}


class ChunkStream(ABC):
    """One such stream.  A dialect says by its hooks what its chunks mean, and what breaks its other rules."""

    def __init__(self, *, frame: Frame, profile: Profile, request: Json | None) -> None:
        self._frame = frame
        self._wants_stream = not isinstance(request, dict) or request.get("stream") is not False
        self._state = StreamState(profile, once=frame.once)
        self._breaches = self._state.breaches
        self._nearly_done = False

    @property
    @abstractmethod
    def message(self) -> Message:
        """What the stream has said so far."""

    @abstractmethod
    def _receive_chunk(self, chunk: dict[str, Any], event: Event) -> None:
        """Judges a JSON object that came before the terminator and before any error, and adds it to the message."""

    @abstractmethod
    def _add_item(self, item: dict[str, Any]) -> None:
        """Adds a decoded chunk to the message."""

    @abstractmethod
    def _succeed(self) -> None:
        """Judges what holds of a stream that reached its terminator without an error."""

    @abstractmethod
    def _break_off(self) -> None:
        """Judges what holds of a stream that ended with neither a terminator nor an error."""

    def receive(self, event: Event, number: int, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the dispatched event `number` and tells what it breaks."""
        breaches, state, frame = self._breaches, self._state, self._frame
        breaches.at(event, number)
        if state.done:
            breaches.add(
                frame.after_done, lambda: f"expected nothing after [DONE], found an event with {quoted(event.data)}"
            )
            return breaches.take()
        if notes:
            state.judge_fields(notes, frame.fields)
        if event.data == DONE:
            state.done = True
            if state.error is None:
                self._succeed()
        elif state.error is None:
            self._receive_json(event)
        elif frame.after_error is not None:
            breaches.add(
                frame.after_error, lambda: f"expected the end of the stream after an error, found {quoted(event.data)}"
            )
        return breaches.take()

    def receive_item(self, item: Json) -> None:
        """Takes a decoded chunk as an SDK hands it out: it adds to the message and is not judged."""
        if isinstance(item, dict) and self._state.error is None:
            self._add_item(item)
            self._breaches.take()

    def close(self, end: BodyEnd, head: ResponseHead | None, notes: Sequence[Note] = ()) -> Iterable[Finding]:
        """Takes the end of the body and tells what the whole breaks."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        if head is not None:
            if self._wants_stream or media_type(head) == EVENT_STREAM:
                self._judge_head(head)
            if is_no_stream(head):
                return breaches.take()
        if not self._state.done:
            self._state.judge_fields(notes, self._frame.fields)
            if self._state.error is None:
                if not self._nearly_done:
                    breaches.add(self._frame.no_done, "expected [DONE] at the end of the stream, found none")
                self._break_off()
        return breaches.take()

    def _judge_head(self, head: ResponseHead) -> None:
        kind = media_type(head)
        if 200 <= head.status < 400 and (head.status != 200 or kind != EVENT_STREAM):
            found = f"status {head.status} and {quoted(kind) if kind else 'no content type'}"
            self._breaches.add(self._frame.head, f"expected status 200 and text/event-stream, found {found}")

    def _receive_json(self, event: Event) -> None:
        data, breaches = event.data, self._breaches
        if not data.startswith("{") and is_nearly_done(data):
            # openai-node throws on `[DONE]x`, openai-python takes any data that starts with [DONE] for the end.
            self._nearly_done = True
            breaches.add(self._frame.nearly_done, f"expected the data [DONE] and nothing else, found {quoted(data)}")
            return
        try:
            chunk = json_text.read(data)
        except json_text.NotJson as fault:
            breaches.add(self._frame.data, fault.told("expected [DONE] or a JSON object"))
            return
        if isinstance(chunk, dict):
            self._receive_chunk(chunk, event)
        else:
            breaches.add(self._frame.data, f"expected [DONE] or a JSON object, found {shown(chunk)}")


def is_nearly_done(data: str) -> bool:
    """True for data that means the terminator and is not: `[DONE]x`, `[done]`, `"[DONE]"`."""
    return data.lstrip().startswith(DONE) or data.strip().strip('"').upper() in (DONE, "DONE")

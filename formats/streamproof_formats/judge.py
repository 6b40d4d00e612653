"""The judge: bytes of one answer in; events, the message they add up to, and what they break, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from streamproof_formats import framing_findings, http_findings, json_array, ndjson, sse
from streamproof_formats.dialect import Machine, ReadsAnswer, ReadsRefusal
from streamproof_formats.dialects import DIALECTS, asks_for_stream, machine, read_error
from streamproof_formats.dialects.breaches import Breaches
from streamproof_formats.message import Message
from streamproof_formats.payload import is_payload
from streamproof_formats.profiles import PROFILES
from streamproof_formats.sse import DEFAULT_LIMIT, Event, LimitError
from streamproof_formats.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streamproof_formats.dialect import Json, StreamFraming
    from streamproof_formats.finding import Finding
    from streamproof_formats.framing_findings import Breach
    from streamproof_formats.note import Note
    from streamproof_formats.response import BodyEnd, BodyFraming, ResponseHead

BASE_LAYER: Final = "sse"
"""The dialect that stops at events: no message, no findings beyond framing and HTTP."""

DEFAULT_EVENTS: Final = 1_000_000
"""Events that are kept unless told otherwise; those beyond are judged all the same."""

_DECODERS: Final[dict[StreamFraming, type[sse.Decoder | ndjson.Decoder]]] = {
    "sse": sse.Decoder,
    "ndjson": ndjson.Decoder,
}
_PIECE: Final = 1 << 16  # bytes decoded between two collections of notes, so that these stay few
_MOST_NOTES: Final = 64  # notes between two events that a machine is told of
_JSON_SPACE: Final = b" \t\r\n"
# Notes on the end of the body, of which there is one at most.
_LAST: Final = frozenset({"unclosed", "unclosed-array", "no-line-end"})
_MOST_ANSWER: Final = 1 << 24  # bytes of a body that is no stream which are kept to be read


@attrs.frozen(kw_only=True)
class Judgement:
    """What one answer is worth."""

    dialect: str
    events: tuple[Event, ...]
    """The dispatched events, the first of them; empty where they were not to be kept."""
    event_count: int
    """How many were dispatched, kept or not."""
    message: Message | None
    """None for the dialect `sse`."""
    findings: tuple[Finding, ...]
    """By place in the body, those without a place last; then by rule.  Of one rule at most 20."""
    problem: str | None = None
    """What kept the judge from reading on: a line or an event past the limit, more choices or calls than are kept.

    What follows it is not judged.
    """


class Judge:
    """Judges one answer as its bytes come in; what it finds does not depend on how they are cut.

    `dialect` is one that is spoken, or `sse`.  Without a `request` the stream is taken to be asked for, and nothing is
    judged that depends on the request.  Without a `head` the bytes are a body alone, which tells nothing of HTTP.  What
    the `profile` allows makes no finding.

    With `may_be_array` an answer that is one JSON array is judged by its elements, where the dialect has such answers:
    for who does not know what was asked for.  At most `max_events` events are kept for the judgement, none with
    `keep_events=False`: then memory holds the text that the stream adds up to, and little more.  `max_line` and
    `max_event` are in bytes.

    Raises KeyError for a dialect or profile that is not known.
    """

    def __init__(
        self,
        dialect: str,
        *,
        request: Json | None = None,
        profile: str = "strict",
        head: ResponseHead | None = None,
        may_be_array: bool = False,
        keep_events: bool = True,
        max_events: int = DEFAULT_EVENTS,
        max_line: int = DEFAULT_LIMIT,
        max_event: int = DEFAULT_LIMIT,
    ) -> None:
        self._dialect = dialect
        self._profile = profile
        self._head = head
        self._machine: Machine | None = None
        content_type = http_findings.EVENT_STREAM
        self._asks_for_stream = True
        self._framing: StreamFraming = "sse"
        if dialect != BASE_LAYER:
            content_type, self._framing = DIALECTS[dialect].content_type, DIALECTS[dialect].framing
            self._asks_for_stream = asks_for_stream(dialect, request)
            self._machine = machine(dialect, request=request, profile=profile)
        self._is_stream = head is None or http_findings.is_stream(head, content_type)
        self._max_line, self._max_event = max_line, max_event
        self._decoder: sse.Decoder | ndjson.Decoder | json_array.Decoder
        self._decoder = _DECODERS[self._framing](max_line=max_line, max_event=max_event)
        self._base = Breaches(PROFILES[profile].narrowed(dialect).allows)
        self._tally = Tally()
        self._max_events = max_events if keep_events else 0
        self._events: list[Event] = []
        self._count = 0
        self._notes: list[Note] = []  # for the machine, since the last event
        self._answer = bytearray()  # the body, where it is no stream
        self._size = 0
        self._announced = None if head is None else http_findings.announced_size(head)
        self._problem: str | None = None
        self._judgement: Judgement | None = None
        self._content_type = content_type
        # Where the request is not known, an answer that calls itself JSON is taken for a whole one if it is one.
        self._may_be_whole = (
            request is None
            and head is not None
            and dialect != BASE_LAYER
            and http_findings.media_type(head) == (DIALECTS[dialect].answer_type or "")
        )
        if head is not None and head.status == 200 and not self._is_stream:
            # Where a profile lets another content type pass, what comes under it is an answer in its own right.
            excused = self._base.excuses("SSE-40", http_findings.media_type(head))
            self._asks_for_stream = self._asks_for_stream and not excused
        # Decided by the first byte that is no space.
        self._may_be_array = may_be_array and _has_arrays(dialect, head)
        self._is_array = False
        self._held = b""  # space before that byte
        if head is not None and not self._may_be_array:
            asked = self._asks_for_stream and not self._may_be_whole
            self._judge_base(http_findings.of_head(head, content_type, asks_for_stream=asked))

    def receive_data(self, data: bytes) -> list[Event]:
        """Takes the next bytes of the decoded body; gives the events that they complete."""
        if self._judgement is not None:
            raise ValueError("no more data can follow the end of the body")
        data = self._within_announced(data)
        if self._may_be_array:
            data = self._held = self._held + data
            if not data.strip(_JSON_SPACE) and len(data) < _PIECE:
                return []
            self._settle(is_array=data.lstrip(_JSON_SPACE).startswith(b"["))
        if not self._is_stream:
            self._answer += data[: _MOST_ANSWER - len(self._answer)]
            return []
        events: list[Event] = []
        for start in range(0, len(data), _PIECE):
            if self._problem is None:
                self._decoder.receive_data(data[start : start + _PIECE])
                events += self._take_events()
        self._keep(events)
        return events

    @property
    def problem(self) -> str | None:
        """What kept the judge from reading on; from there it takes bytes and looks at none."""
        return self._problem

    def give_up(self, problem: str) -> None:
        """Says that the caller reads no further: what follows is not judged, nor is the end."""
        self._problem = self._problem or problem

    def close(self, end: BodyEnd = "clean", framing: BodyFraming | None = None) -> Judgement:
        """Takes the end of the body, and what its framing says where a reader of the framing is at hand."""
        if self._judgement is not None:
            return self._judgement
        message = None
        if self._may_be_array:
            held = self._held
            self._settle(is_array=False)
            if held:
                self._decoder.receive_data(held)
        try:
            if self._problem is None and not self._is_stream:
                message = self._close_answer(end)
            elif self._problem is None:
                self._close_stream(end)
        except LimitError as error:
            self._problem = str(error)
        if self._machine is not None and message is None:
            message = self._machine.message
        if self._head is not None:
            self._judge_base(http_findings.of_body_end(self._head, end, framing, self._size))
        self._judgement = Judgement(
            dialect=self._dialect,
            events=tuple(self._events),
            event_count=self._count,
            message=message,
            findings=self._tally.findings(),
            problem=self._problem,
        )
        return self._judgement

    @property
    def message(self) -> Message | None:
        """What the stream has said so far; None for the dialect `sse`."""
        if self._judgement is not None:
            return self._judgement.message
        return None if self._machine is None else self._machine.message

    def _settle(self, *, is_array: bool) -> None:
        """Takes the answer for a JSON array, or for what its head says."""
        self._may_be_array = False
        self._held = b""
        self._is_array = is_array
        if is_array:
            self._is_stream = True
            self._decoder = json_array.Decoder(max_line=self._max_line, max_event=self._max_event)
        if self._head is not None:
            asks_for_stream = self._asks_for_stream and not is_array
            self._judge_base(http_findings.of_head(self._head, self._content_type, asks_for_stream=asks_for_stream))

    def _keep(self, events: list[Event]) -> None:
        room = self._max_events - len(self._events)
        if room > 0:
            self._events += events if len(events) <= room else events[:room]

    def _within_announced(self, data: bytes) -> bytes:
        """What of `data` belongs to the body: a Content-Length ends it, whatever follows."""
        self._size += len(data)
        if self._announced is None or self._is_encoded or self._size <= self._announced:
            return data
        return data[: max(0, len(data) - (self._size - self._announced))]

    @property
    def _is_encoded(self) -> bool:
        return self._head is not None and self._head.header("content-encoding") not in (None, "identity")

    def _judge_base(self, breaches: Iterable[Breach]) -> None:
        """Takes what is broken of the base layer."""
        for rule, message, about, place in breaches:
            self._base.add(rule, message, about=about, place=place)
        if found := self._base.take():
            self._tally.add(*found)

    def _take_events(self) -> list[Event]:
        events: list[Event] = []
        receive = None if self._machine is None else self._machine.receive
        next_event = self._decoder.next_event
        try:
            while isinstance(event := next_event(), Event):
                self._take_notes(event)
                notes, self._notes = self._notes, []
                if receive is not None and (found := receive(event, self._count, notes)):
                    self._tally.add(*found)
                self._count += 1
                events.append(event)
        except LimitError as error:
            self._problem = str(error)
        self._take_notes(None)
        return events

    def _take_notes(self, event: Event | None) -> None:
        notes = self._decoder.take_notes()
        if notes:
            if self._framing == "ndjson":
                self._judge_base(framing_findings.of_lines(notes))
            else:
                dialect = None if self._machine is None else self._dialect
                self._judge_base(framing_findings.of_notes(notes, event, dialect=dialect, profile=self._profile))
            # Blocks without data could go on for ever: a machine is told of the first, and of all that an event has.
            for note in notes:
                if note.event is not None or note.kind in _LAST or len(self._notes) < _MOST_NOTES:
                    self._notes.append(note)

    def _close_stream(self, end: BodyEnd) -> None:
        self._decoder.receive_data(b"")
        self._keep(self._take_events())
        if self._problem is None:
            of_end = framing_findings.of_lines_end if self._framing == "ndjson" else framing_findings.of_end
            self._judge_base(of_end(self._notes, end))
            if self._machine is not None:
                # What a head must say of a stream does not bind an array.
                self._tally.add(*self._machine.close(end, None if self._is_array else self._head, self._notes))

    def _close_answer(self, end: BodyEnd) -> Message | None:
        """Reads a body that is no stream: an error, by its status or by its content type."""
        if self._head is None:
            return None
        body = bytes(self._answer)
        if self._may_be_whole and self._head.status < 300:
            # Of one that was cut off nobody knows.
            self._asks_for_stream = end == "clean" and not is_payload(body.decode("utf-8", "replace"))
            if self._asks_for_stream:
                self._judge_base(http_findings.of_success(self._head, self._content_type))
        if self._head.status >= 400:
            is_whole = end == "clean" and len(body) < _MOST_ANSWER
            self._judge_base(http_findings.of_error_body(self._head, body if is_whole else None))
            if is_whole and isinstance(self._machine, ReadsRefusal):
                self._tally.add(*self._machine.receive_refusal(body.decode("utf-8", "replace")))
        if self._machine is None:
            return None
        if self._head.status < 400 and self._asks_for_stream:
            # Only the rules on the head bind: here is no stream to have an order or an end.
            self._tally.add(*self._machine.close(end, self._head))
        if self._head.status < 400 and not self._asks_for_stream:
            if isinstance(self._machine, ReadsAnswer):
                self._tally.add(*self._machine.receive_answer(body.decode("utf-8", "replace"), end))
                return self._machine.message
            return Message(ended="terminal")
        return Message(error=read_error(self._dialect, self._head.status, body), ended="error")


def _has_arrays(dialect: str, head: ResponseHead | None) -> bool:
    """Whether an answer with this head may be a JSON array; one without a head may, where the dialect has such."""
    if dialect == BASE_LAYER or DIALECTS[dialect].array_type is None:
        return False
    return head is None or (200 <= head.status < 300 and http_findings.media_type(head) == DIALECTS[dialect].array_type)


def judge(
    body: bytes,
    dialect: str,
    *,
    request: Json | None = None,
    profile: str = "strict",
    head: ResponseHead | None = None,
    end: BodyEnd = "clean",
    framing: BodyFraming | None = None,
) -> Judgement:
    """Judges a whole body; arguments as for `Judge` and its `close`."""
    whole = Judge(dialect, request=request, profile=profile, head=head)
    whole.receive_data(body)
    return whole.close(end, framing)

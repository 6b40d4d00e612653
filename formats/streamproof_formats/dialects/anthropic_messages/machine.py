"""Judges and assembles one stream of the Messages API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.anthropic_messages.block import DELTAS, TYPED, UNFINISHED, Block
from streamproof_formats.dialects.anthropic_messages.order import EXPECTED, SIGNALS, TRANSITIONS, Signal, State
from streamproof_formats.dialects.anthropic_messages.usage import UsageWatch
from streamproof_formats.dialects.base import StreamState, error_of, integer, is_no_stream, refuse_more, text_of
from streamproof_formats.dialects.breaches import NOWHERE
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.wording import listed, number, quoted, shown
from streamproof_formats.message import Choice, Message, StreamError

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.dialects.event_schema import EventSchema
    from streamproof_formats.finding import Finding
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead
    from streamproof_formats.sse import Event

NAME: Final = "anthropic-messages"

DONE: Final = "[DONE]"
"""What ended a stream in a version before 2023-06-01."""

MOST_BLOCKS: Final = 1024
"""Blocks of a stream that are kept."""

FAULT_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("message", "content"): "AM-03",
    ("message", "stop_reason"): "AM-03",
    ("message", "stop_sequence"): "AM-03b",
    ("message", "usage"): "AM-27",
    ("usage",): "AM-27",
}
"""The rule of a schema fault by the beginning of its path; AM-25 for all others."""


class AnthropicMessagesMachine:
    """One stream of `anthropic-messages`.  An event is what the `type` of its data says, whatever its name is.

    The input of tools is judged only if the request is known, since one with eager_input_streaming may be partial.
    """

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        self._judges_input = isinstance(request, dict) and not has_eager_tool(request)
        self._state = StreamState(profile)
        self._breaches = self._state.breaches
        self._schemas: Final[Mapping[Signal | str, EventSchema]] = {
            **{signal: event_schema(NAME, name) for name, signal in SIGNALS.items()},
            **{name: event_schema(NAME, f"delta-{name}") for name in DELTAS},
            **{f"block-{name}": event_schema(NAME, f"block-{name}") for name in TYPED},
        }
        self._order = State.FRESH
        self._begun = False
        self._has_start = False
        self._nameless_told = False
        self._blocks: list[Block] = []
        self._count = 0
        """Blocks that have started, those that are not kept too."""
        self._open: dict[int, Block] = {}
        self._tool_ids: set[str] = set()
        self._usage = UsageWatch()
        self._closes = False
        """True once a message_delta has come."""
        self._stop_reason: str | None = None
        self._last_reason: str | None = None
        """The stop reason of the last message_delta."""
        self._takers: Final[Mapping[Signal, Callable[[dict[str, Any]], None]]] = {
            Signal.MESSAGE_START: self._take_message_start,
            Signal.BLOCK_START: self._take_block_start,
            Signal.BLOCK_DELTA: self._take_block_delta,
            Signal.BLOCK_STOP: self._take_block_stop,
            Signal.MESSAGE_DELTA: self._take_message_delta,
            Signal.MESSAGE_STOP: self._take_message_stop,
        }

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        texts, thoughts = ([block.text.text for block in self._of(kind)] for kind in ("text", "thinking"))
        over = self._stop_reason is not None or self._state.done
        choice = Choice(
            index=0,
            text=_joined(texts),
            reasoning=_joined(thoughts),
            finish_reason=self._stop_reason,
            tool_calls=tuple(block.call(over=over) for block in self._of("tool_use")),
        )
        return Message(
            choices=(choice,) if self._begun else (),
            usage=self._usage.usage,
            error=self._state.error,
            ended=self._state.ended,
        )

    def _of(self, kind: str) -> Iterable[Block]:
        return (block for block in self._blocks if block.type == kind)

    def receive(
        self,
        event: Event,
        number: int,
        notes: Sequence[Note] = (),  # noqa: ARG002 - every field of an event has a use here, or a rule of the base layer
    ) -> Iterable[Finding]:
        """Takes the dispatched event `number` and tells what it breaks."""
        breaches = self._breaches
        breaches.at(event, number)
        if event.data == DONE:
            breaches.add("AM-22", "expected no [DONE], found one")
            return breaches.take()
        data = self._read(event)
        if self._state.error is not None:
            # Nothing is said of what comes after an error, and nobody reads it.
            return breaches.take()
        signal = _signal_of(event, data)
        was_done = self._state.done
        self._step(signal)
        if signal is Signal.ERROR:
            self._judge_error(event, data)
            if not was_done:
                self._state.error = _error_of(data, event.data)
        elif not was_done and data is not None and signal in self._takers:
            self._judge_schema(signal, data)
            self._take(signal, data)
        return breaches.take()

    def receive_item(self, item: Json) -> None:
        """Takes an event's data as an SDK hands it out: it adds to the message and is not judged."""
        if not isinstance(item, dict) or self._state.error is not None or self._state.done:
            return
        signal = SIGNALS.get(text_of(item.get("type")), Signal.OTHER)
        if signal is Signal.ERROR:
            self._state.error = _error_of(item, "")
        elif signal in self._takers:
            self._take(signal, item)
            self._breaches.take()

    def close(
        self,
        end: BodyEnd,
        head: ResponseHead | None,
        notes: Sequence[Note] = (),  # noqa: ARG002 - see receive
    ) -> Iterable[Finding]:
        """Takes the end of the body and tells what the whole breaks."""
        breaches = self._breaches
        breaches.place = NOWHERE
        self._state.end = end
        if head is not None and is_no_stream(head):
            return breaches.take()
        if not self._state.done and self._state.error is None:
            breaches.add("AM-18", "expected message_stop at the end of the stream, found none")
            self._judge_reason()
        return breaches.take()

    def _take(self, signal: Signal, data: dict[str, Any]) -> None:
        self._begun = True
        self._takers[signal](data)

    def _read(self, event: Event) -> dict[str, Any] | None:
        """The data of an event, None where it is no object; judges the name of the event by it."""
        breaches = self._breaches
        try:
            data = json_text.read(event.data)
        except json_text.NotJson as fault:
            breaches.add("AM-01", fault.told("expected a JSON object with a type"))
            return None
        if not isinstance(data, dict):
            breaches.add("AM-01", f"expected a JSON object with a type, found {shown(data)}")
            return None
        kind = data.get("type")
        if kind == event.type:
            return data
        if not isinstance(kind, str):
            found = shown(kind) if "type" in data else "nothing"
            breaches.add("AM-01", f"expected the type of the event in its data, found {found}")
        elif event.type != "message":
            breaches.add("AM-01", f"expected the event name {quoted(kind)}, as its type, found {quoted(event.type)}")
        elif not self._nameless_told:
            # A server that writes no names writes none in every event: the first place tells all.
            self._nameless_told = True
            breaches.add("AM-01", f"expected the event name {quoted(kind)}, as its type, found none")
        return data

    def _step(self, signal: Signal) -> None:
        step = TRANSITIONS[self._order][signal]
        self._order = step.state
        if step.rule is not None:
            self._breaches.add(step.rule, f"expected {EXPECTED[step.rule]}, found {signal.value}")

    def _judge_schema(self, signal: Signal, data: dict[str, Any]) -> None:
        for fault in self._schemas[signal].faults(data):
            path = tuple(step for step in fault.path if isinstance(step, str))
            rule = FAULT_RULES.get(path[:2]) or FAULT_RULES.get(path[:1], "AM-25")
            self._breaches.add(rule, fault.__str__)

    def _judge_part(self, part: dict[str, Any], key: str, schema: str) -> None:
        """Judges the fields of a known block or delta, which stands under `key`."""
        for fault in self._schemas[schema].faults(part):
            about = f"{part['type']} without {fault.path[0]}" if fault.found == "nothing" else None
            message = f"$.{key}{fault.place[1:]}: expected {fault.expected}, found {fault.found}"
            self._breaches.add("AM-25", message, about=about)

    def _judge_error(self, event: Event, data: dict[str, Any] | None) -> None:
        if event.type != "error":
            found = "none" if event.type == "message" else quoted(event.type)
            self._breaches.add("AM-29", f"expected the event name error, found {found}")
        if data is not None:
            self._judge_schema(Signal.ERROR, data)

    def _take_message_start(self, data: dict[str, Any]) -> None:
        message = data.get("message")
        if self._has_start or not isinstance(message, dict):
            # anthropic-python passes over a second one.
            return
        self._has_start = True
        content = message.get("content")
        if isinstance(content, list) and content:
            self._breaches.add("AM-03", f"expected content [], found an array of {len(content)}")
        self._usage.start(message.get("usage"))

    def _take_block_start(self, data: dict[str, Any]) -> None:
        breaches, index = self._breaches, integer(data.get("index"))
        if index is not None:
            if index != self._count:
                # anthropic-python appends the block, and then looks for it at its index.
                breaches.add("AM-05", f"expected the block index {self._count}, found {shown(index)}")
            if self._open:
                other = next(iter(self._open))
                breaches.add("AM-06", f"expected block {number(other)} to stop first, found the start of another")
        self._count += 1
        start = data.get("content_block")
        start = start if isinstance(start, dict) else {}
        if text_of(start.get("type")) in TYPED:
            self._judge_part(start, "content_block", f"block-{start['type']}")
        if len(self._blocks) >= MOST_BLOCKS:
            refuse_more(MOST_BLOCKS, "content blocks")
        block = Block(index, start)
        self._blocks.append(block)
        block.judge_start(start, breaches)
        if block.type == "tool_use":
            self._judge_tool(block)
        if index is not None:
            self._open[index] = block

    def _judge_tool(self, block: Block) -> None:
        if block.name == "":
            self._breaches.add("AM-24", 'expected a name in a tool_use block, found ""')
        if block.id is not None:
            if block.id in self._tool_ids:
                self._breaches.add("AM-24", f"expected ids that differ, found {quoted(block.id)} again")
            self._tool_ids.add(block.id)

    def _take_block_delta(self, data: dict[str, Any]) -> None:
        delta = data.get("delta")
        if not isinstance(delta, dict):
            return
        if text_of(delta.get("type")) in DELTAS:
            self._judge_part(delta, "delta", delta["type"])
        block = self._found(data, "a delta")
        if block is not None:
            block.add(delta, self._breaches)

    def _take_block_stop(self, data: dict[str, Any]) -> None:
        block = self._found(data, "a stop")
        if block is not None:
            assert block.index is not None
            del self._open[block.index]
            block.stop(self._breaches.place, self._breaches)

    def _found(self, data: dict[str, Any], what: str) -> Block | None:
        """The open block that an event speaks of."""
        index = integer(data.get("index"))
        if index is None:
            return None
        block = self._open.get(index)
        if block is None:
            named = listed([number(place) for place in list(self._open)[:4]]) if self._open else "none is open"
            message = f"expected the index of an open block ({named}), found {what} of {shown(index)}"
            self._breaches.add("AM-07", message)
        return block

    def _take_message_delta(self, data: dict[str, Any]) -> None:
        if not self._closes:
            self._closes = True
            self._judge_blocks()
        self._usage.update(data.get("usage"), self._breaches)
        delta = data.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        reason = text_of(delta.get("stop_reason")) or None
        self._last_reason = reason
        sequence = delta.get("stop_sequence")
        if reason == "stop_sequence" and sequence is None:
            message = "expected the matched text in stop_sequence with the stop_reason of that name, found null"
            self._breaches.add("AM-16", message)
        elif reason != "stop_sequence" and isinstance(sequence, str):
            message = (
                f"expected stop_sequence null with the stop_reason {quoted(reason or '')}, found {shown(sequence)}"
            )
            self._breaches.add("AM-16b", message)
        if reason is not None:
            first = self._stop_reason is None
            self._stop_reason = reason
            if first:
                self._judge_finish(reason)

    def _judge_finish(self, reason: str) -> None:
        if reason == "tool_use" and not any(self._of("tool_use")):
            self._breaches.add("AM-17", "expected a tool_use block before the stop_reason tool_use, found none")
        if self._judges_input and reason not in UNFINISHED:
            for block in (*self._of("tool_use"), *self._of("server_tool_use")):
                block.judge_input(self._breaches)

    def _take_message_stop(self, _data: dict[str, Any]) -> None:
        self._state.done = True
        self._judge_blocks()
        self._judge_reason()

    def _judge_blocks(self) -> None:
        for block in self._open.values():
            if not block.is_unclosed_told:
                block.is_unclosed_told = True
                self._breaches.add("AM-04", f"expected block {block.label} to stop before its message, found no stop")

    def _judge_reason(self) -> None:
        """Judges, at the end of the stream, whether it said why it ended."""
        if not self._closes:
            self._breaches.add("AM-13", "expected a message_delta before the end of the stream, found none")
        elif self._last_reason is None:
            self._breaches.add("AM-14", "expected a stop_reason in the last message_delta, found none")


def _joined(texts: Sequence[str | None]) -> str | None:
    """The texts of all blocks of one kind, as one; None where there is no such block."""
    return "".join(text or "" for text in texts) if texts else None


def _signal_of(event: Event, data: dict[str, Any] | None) -> Signal:
    """What an event says: by the type in its data, by its name where that has none; an error by its name alone."""
    kind = event.type if data is None else data.get("type")
    signal = SIGNALS.get(kind if isinstance(kind, str) else event.type, Signal.OTHER)
    return signal if data is not None or signal is Signal.ERROR else Signal.OTHER


def _error_of(data: dict[str, Any] | None, text: str) -> StreamError:
    """The error that an event tells of; of one without the documented object, whatever it holds."""
    if data is None:
        return StreamError(message=text or None)
    if isinstance(data.get("error"), dict | str):
        return error_of(data["error"])
    return StreamError(message=text_of(data.get("message")) or None)


def has_eager_tool(request: Mapping[str, Any]) -> bool:
    """True if a tool of the request has its input streamed before it is known to be JSON."""
    tools = request.get("tools")
    return isinstance(tools, list) and any(
        isinstance(tool, dict) and tool.get("eager_input_streaming") is True for tool in tools
    )

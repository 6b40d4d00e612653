"""openai-responses: the events of a response (OpenAI API reference, "Streaming events"; Open Responses)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.message import Call, Delta, Kind
from streamproof.subjects.reference.reader import Reader, error_in

Json = Any

_TEXTS: Final[Mapping[str, tuple[Kind, str, str]]] = {
    "response.output_text": ("text", "content_index", "text"),
    "response.refusal": ("refusal", "content_index", "refusal"),
    "response.reasoning_text": ("reasoning", "content_index", "text"),
    "response.reasoning": ("reasoning", "content_index", "text"),
    "response.reasoning_summary_text": ("reasoning", "summary_index", "text"),
}
"""By what events of text are called: the kind, the key of the part's place, the key of the whole."""

_PARTS: Final[Mapping[str, tuple[Kind, str]]] = {
    "output_text": ("text", "text"),
    "refusal": ("refusal", "refusal"),
    "reasoning_text": ("reasoning", "text"),
    "summary_text": ("reasoning", "text"),
}
"""By the type of a part: the kind, the key of its text."""

_CALLS: Final[Mapping[str, str]] = {"function_call": "arguments", "custom_tool_call": "input"}
"""By the type of an item that is a call for the client to make: the key of what it is called with."""

_STREAMED: Final[Mapping[str, str]] = {
    "response.function_call_arguments": "arguments",
    "response.custom_tool_call_input": "input",
}

Place = tuple[Json, str, Json]
"""The item, by its place or id, and the part in it."""


class ResponsesReader(Reader):
    """See Reader.  A response ends with its terminal event; `[DONE]` may follow, and alone is no end."""

    mark = "[DONE]"

    def __init__(self, request: Mapping[str, Json]) -> None:
        super().__init__(request)
        self._calls: dict[Json, Call] = {}
        self._started: set[Place] = set()
        """Parts of which some text has come."""
        self._others: set[Json] = set()
        """Items that are no calls."""
        self._items = 0

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader.  Types that are not known are skipped."""
        kind = chunk.get("type")
        if not isinstance(kind, str):
            return
        name, _, step = kind.rpartition(".")
        if name in _TEXTS and step in ("delta", "done"):
            yield from self._read_text(chunk, name, step)
        elif name in _STREAMED and step in ("delta", "done"):
            self._read_call(chunk, name, step)
        elif kind in ("response.output_item.added", "response.output_item.done"):
            yield from self._read_item(chunk, is_done=step == "done")
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            yield from self._read_end(chunk, step)

    def finish(self) -> None:
        """See Reader."""
        raise ClientError("incomplete_stream", "the stream ended with [DONE] before the response was completed")

    def is_whole(self) -> bool:
        """See Reader: only the terminal event tells."""
        return False

    def error_in(self, chunk: Json, event_type: str) -> ClientError | None:
        """See Reader: a flat error is known by its type, whatever the event field says."""
        is_error = isinstance(chunk, dict) and chunk.get("type") == "error"
        return error_in(chunk, "error" if is_error else event_type)

    def _read_text(self, chunk: Mapping[str, Json], name: str, step: str) -> Iterator[Delta]:
        kind, index, key = _TEXTS[name]
        place = (_item(chunk), index, _key(chunk.get(index)))
        if step == "delta":
            self._started.add(place)
            yield from self._add(kind, fields.text(chunk, "delta", "") or "")
        elif place not in self._started:
            # A server that sends no deltas says all of it here.
            self._started.add(place)
            yield from self._add(kind, fields.text(chunk, key, "") or "")

    def _read_call(self, chunk: Mapping[str, Json], name: str, step: str) -> None:
        place = _item(chunk)
        if place in self._others:
            raise fields.MalformedError(f"{chunk['type']} names the item {fields.shown(place)}, which is no call")
        call = self._call(place)
        if step == "delta":
            call.arguments.append(fields.text(chunk, "delta", "") or "")
        elif not call.arguments:
            call.arguments.append(fields.text(chunk, _STREAMED[name], "") or "")

    def _read_item(self, chunk: Mapping[str, Json], *, is_done: bool) -> Iterator[Delta]:
        item = chunk.get("item")
        if item is None:
            return
        item = fields.whole(item, "item")
        self._items += 1
        place = _key(chunk.get("output_index"))
        place = _key(item.get("id")) if place is None else place
        if place is not None and item.get("type") not in _CALLS:
            self._others.add(place)
        yield from self._take_item(item, place, is_done=is_done)

    def _take_item(self, item: Mapping[str, Json], place: Json, *, is_done: bool) -> Iterator[Delta]:
        kind = item.get("type")
        if isinstance(kind, str) and kind in _CALLS:
            call = self._call(place)
            call.id = fields.text(item, "call_id", "item") or call.id
            call.add_name(fields.text(item, "name", "item") or "")
            # What an item is added with may be empty or whole; when it is done it says what no delta said.
            if is_done and not call.arguments:
                call.arguments.append(fields.text(item, _CALLS[kind], "item") or "")
            return
        for key, index in (("summary", "summary_index"), ("content", "content_index")):
            for number, part in enumerate(fields.array(item, key, "item") if is_done else []):
                yield from self._take_part(part, (place, index, number))

    def _take_part(self, part: Json, place: Place) -> Iterator[Delta]:
        known = _PARTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if known is not None and place not in self._started and (place[0], place[1], None) not in self._started:
            self._started.add(place)
            yield from self._add(known[0], fields.text(part, known[1], "part") or "")

    def _read_end(self, chunk: Mapping[str, Json], step: str) -> Iterator[Delta]:
        response = fields.whole(chunk.get("response"), "response")
        if step == "failed":
            error = response.get("error")
            fault = error_in({"error": error}) if error else None
            raise fault or ClientError("response_failed", "the response failed, and did not say why")
        usage = response.get("usage")
        if isinstance(usage, dict):
            self.answer.usage = {key: fields.count(usage.get(f"{key}_tokens")) for key in ("input", "output", "total")}
        if not self._items:
            for number, item in enumerate(fields.array(response, "output", "response")):
                if isinstance(item, dict):
                    yield from self._take_item(item, number, is_done=True)
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) and step == "incomplete" else None
        self.answer.choice(0).finish_reason = reason if isinstance(reason, str) and reason else step
        self.done = True

    def _add(self, kind: Kind, text: str) -> Iterator[Delta]:
        return self.answer.choice(0).add_text(kind, text)

    def _call(self, place: Json) -> Call:
        """The call at a place of the output; without one the call that came last goes on."""
        choice = self.answer.choice(0)
        if place is None and choice.calls:
            return choice.calls[-1]
        if place not in self._calls:
            self._calls[place] = Call()
            choice.calls.append(self._calls[place])
        return self._calls[place]


def _item(chunk: Mapping[str, Json]) -> Json:
    """What tells an item: its place in the output, or its id where a server leaves that out."""
    place = _key(chunk.get("output_index"))
    return _key(chunk.get("item_id")) if place is None else place


def _key(value: Json) -> Json:
    return value if isinstance(value, int | str) else None

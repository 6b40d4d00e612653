"""The words of openai-responses: the events of a response, numbered, its items and parts opened and closed.

`finish` closes what is open and `usage` is kept: both show in the terminal event, which `done` writes.  A stream that
says no `done` has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import ClassVar, Final

import attrs

from streamproof_formats.dialects import finish_reason
from streamproof_scenarios.words.openai_chat import CREATED
from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable, token_counts

NAME: Final = "openai-responses"


@attrs.define
class Part:
    """A part of an item that is being said."""

    kind: str
    """`output_text`, `refusal` or `summary_text`."""
    place: int
    pieces: list[str] = attrs.field(factory=list)

    def shown(self, text: str) -> dict[str, Json]:
        """The part as events show it, with this text."""
        if self.kind == "output_text":
            return {"type": self.kind, "text": text, "annotations": [], "logprobs": []}
        return {"type": self.kind, "refusal" if self.kind == "refusal" else "text": text}


@attrs.define
class Item:
    """An item that is being said."""

    kind: str
    index: int
    mark: str
    fields: dict[str, Json] = attrs.field(factory=dict)
    """What it has beside id, type, status and content."""
    parts: list[dict[str, Json]] = attrs.field(factory=list)
    """Those that are whole."""
    pieces: list[str] = attrs.field(factory=list)
    """Of a call's arguments or input."""

    @property
    def id(self) -> str:
        """Its identifier, by its kind and place."""
        return f"{_PREFIXES[self.kind]}_{self.mark}{self.index + 1}"

    def shown(self, status: str) -> dict[str, Json]:
        """The item as events show it; one that is in progress is empty."""
        parts = [] if status == "in_progress" else self.parts
        text = "" if status == "in_progress" else "".join(self.pieces)
        item = {"id": self.id, "type": self.kind, "status": status}
        match self.kind:
            case "message":
                return {**item, "role": "assistant", "content": parts}
            case "reasoning":
                return {**item, "summary": parts}
            case _:
                return {**item, **self.fields, _CALLS[self.kind][1]: text}


class OpenaiResponses(Speaker):
    """See Speaker."""

    keeps_state: ClassVar[bool] = True

    def __init__(self, request: Mapping[str, Json], *, mark: str = "", created: int = CREATED) -> None:
        """`mark` tells the ids of one response from those of others."""
        self._mark = mark
        self._envelope: dict[str, Json] = {"id": f"resp_{mark}1", "object": "response", "created_at": created}
        # A response repeats the settings that it was asked for with.
        self._settings: dict[str, Json] = {
            key: request[key] if isinstance(request.get(key), kinds) else usual
            for key, (kinds, usual) in _SETTINGS.items()
        }
        self._number = 0
        self._started = False
        self._item: Item | None = None
        self._part: Part | None = None
        self._calls: dict[Json, Item] = {}
        """The call that an index of a `tool` word means."""
        self._said: list[dict[str, Json]] = []
        """The items that are done."""
        self._count = 0
        self._reason = "completed"
        self._usage: dict[str, Json] | None = None
        self._deltas = 0
        self._ended = False

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        if choice:
            raise Unsayable("openai-responses has no choices; leave choice away")
        match word:
            case "role":
                return self._start()
            case "text" | "refusal" | "reasoning":
                return (*self._start(), *self._open_part(*_TEXTS[word]), self._delta(value))
            case "tool":
                return (*self._start(), *self._tool(value))
            case "finish":
                self._reason = finish_reason(NAME, value) or "completed"
                return (*self._start(), *self._close_item("completed" if self._reason == "completed" else "incomplete"))
            case "usage":
                return self._keep_usage(value)
            case "error":
                return (*self._start(), *self._fail(self.failure(value, 500)["error"]))
            case "done":
                return self._end()
        raise Unsayable(f"openai-responses has no word '{word}'; write an event")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker.  Without a type it is a delta of the text."""
        if choice:
            raise Unsayable("openai-responses has no choices; leave choice away")
        if "type" in fields:
            return self._event(str(fields["type"]), **{key: item for key, item in fields.items() if key != "type"})
        if self._part is not None and isinstance(fields.get("delta"), str):
            self._part.pieces.append(fields["delta"])
        return self._event("response.output_text.delta", **{**self._place(), "delta": "", "logprobs": [], **fields})

    def event(self, value: Json) -> Saying:
        """See Speaker."""
        name = value.get("type") if isinstance(value, dict) else None
        number = value.get("sequence_number") if isinstance(value, dict) else None
        if type(number) is int:
            self._number = number + 1
        return Saying(json=value, name=name if isinstance(name, str) else None)

    def failure(self, value: Mapping[str, Json], status: int) -> Json:
        """See Speaker."""
        # All four fields are required of an error -- OpenAI API specification 2.3.0, Error
        kind = "invalid_request_error" if status < 500 else "server_error"
        kind = "rate_limit_error" if status == 429 else kind
        return {"error": {"type": kind, "code": None, "message": "The server had an error", "param": None, **value}}

    def _event(self, kind: str, **fields: Json) -> Saying:
        number, self._number = self._number, self._number + 1
        return Saying(json={"type": kind, "sequence_number": number, **fields}, name=kind)

    def _show(self, name: str, **fields: Json) -> Saying:
        """An event of the response's life."""
        status = "in_progress" if name == "created" else name
        response = {
            **self._envelope,
            "status": status,
            "error": None,
            "incomplete_details": None,
            **self._settings,
            "output": list(self._said),
            "usage": self._usage,
            **fields,
        }
        return self._event(f"response.{name}", response=response)

    def _start(self) -> tuple[Saying, ...]:
        if self._started:
            return ()
        self._started = True
        usage, self._usage = self._usage, None
        events = (self._show("created"), self._show("in_progress"))
        self._usage = usage
        return events

    def _place(self) -> dict[str, Json]:
        """What names the open part."""
        item, part = self._item or Item("message", 0, self._mark), self._part or Part("output_text", 0)
        return {"item_id": item.id, "output_index": item.index, _INDEXES.get(part.kind, "content_index"): part.place}

    def _open_item(self, kind: str, **fields: Json) -> tuple[Saying, ...]:
        closing = self._close_item("completed")
        self._item = Item(kind, self._count, self._mark, fields)
        self._count += 1
        added = self._event(
            "response.output_item.added", output_index=self._item.index, item=self._item.shown("in_progress")
        )
        return (*closing, added)

    def _open_part(self, item_kind: str, kind: str) -> tuple[Saying, ...]:
        opening: tuple[Saying, ...] = ()
        if self._item is None or self._item.kind != item_kind:
            opening = self._open_item(item_kind)
        assert self._item is not None
        if self._part is not None and self._part.kind == kind:
            return opening
        opening = (*opening, *self._close_part())
        self._part = Part(kind, len(self._item.parts))
        added = self._event(f"{_EVENTS[kind][1]}.added", **self._place(), part=self._part.shown(""))
        return (*opening, added)

    def _delta(self, text: Json) -> Saying:
        assert self._part is not None
        if isinstance(text, str):
            self._part.pieces.append(text)
        self._deltas += 1
        more: dict[str, Json] = {"logprobs": []} if self._part.kind == "output_text" else {}
        return self._event(f"{_EVENTS[self._part.kind][0]}.delta", **self._place(), delta=text, **more)

    def _close_part(self) -> tuple[Saying, ...]:
        part, item = self._part, self._item
        if part is None or item is None:
            return ()
        text = "".join(part.pieces)
        key = "refusal" if part.kind == "refusal" else "text"
        more: dict[str, Json] = {"logprobs": []} if part.kind == "output_text" else {}
        done, bracket = _EVENTS[part.kind]
        events = (
            self._event(f"{done}.done", **self._place(), **{key: text}, **more),
            self._event(f"{bracket}.done", **self._place(), part=part.shown(text)),
        )
        item.parts.append(part.shown(text))
        self._part = None
        return events

    def _close_item(self, status: str) -> tuple[Saying, ...]:
        item = self._item
        if item is None:
            return ()
        closing = self._close_part()
        if item.kind in _CALLS:
            name, key = _CALLS[item.kind]
            text = "".join(item.pieces)
            place = {"item_id": item.id, "output_index": item.index}
            # The specification requires the name here, the SDKs' types do not have it (rule OR-19).
            more = {"name": item.fields["name"]} if item.kind == "function_call" and "name" in item.fields else {}
            closing = (*closing, self._event(f"response.{name}.done", **place, **{key: text}, **more))
        shown = item.shown(status)
        self._said.append(shown)
        self._item = None
        return (*closing, self._event("response.output_item.done", output_index=item.index, item=shown))

    def _tool(self, value: Mapping[str, Json]) -> tuple[Saying, ...]:
        index = value.get("index")
        opening: tuple[Saying, ...] = ()
        call = self._calls.get(index) if index is not None else self._item
        if call is None or call.kind not in _CALLS or self._opens(call, value):
            kind = "custom_tool_call" if value.get("type") == "custom" else "function_call"
            fields = {key: value[own] for own, key in (("id", "call_id"), ("name", "name")) if own in value}
            opening = self._open_item(kind, **fields)
            call = self._item
            assert call is not None
            self._calls[index] = call
        piece = value.get("arguments")
        if piece is None or piece == "":
            return opening
        if isinstance(piece, str):
            call.pieces.append(piece)
        self._deltas += 1
        place = {"item_id": call.id, "output_index": call.index}
        return (*opening, self._event(f"response.{_CALLS[call.kind][0]}.delta", **place, delta=piece))

    @staticmethod
    def _opens(call: Item, value: Mapping[str, Json]) -> bool:
        """Whether a `tool` word is of another call than this one: it names another id."""
        return value.get("id") is not None and value["id"] != call.fields.get("call_id")

    def _keep_usage(self, value: Mapping[str, Json]) -> tuple[Saying, ...]:
        if self._ended:
            raise Unsayable("openai-responses tells usage in its terminal event; write usage before done")
        counts = token_counts(value, ("input_tokens", "output_tokens", "total_tokens"))
        self._usage = {**_usage(0, 0), **counts}
        return ()

    def _fail(self, error: Mapping[str, Json]) -> tuple[Saying, ...]:
        """The error in the form that OpenAI sends, and the failure that follows it (rules OR-28b, OR-38b)."""
        self._ended = True
        reason = {"code": error["code"] or "server_error", "message": error["message"]}
        return (self._event("error", error=dict(error)), self._show("failed", error=reason))

    def _end(self) -> tuple[Saying, ...]:
        if self._ended:
            return ()
        is_whole = self._reason == "completed"
        opening = (*self._start(), *self._close_item("completed" if is_whole else "incomplete"))
        self._ended = True
        # The examples of the specification have usage wherever a response is completed (rule OR-29).
        if self._usage is None:
            self._usage = _usage(1, self._deltas)
        if is_whole:
            return (*opening, self._show("completed"))
        return (*opening, self._show("incomplete", incomplete_details={"reason": self._reason}))


def _usage(given: int, made: int) -> dict[str, Json]:
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + made,
    }


_SETTINGS: Final[Mapping[str, tuple[type | UnionType, Json]]] = {
    "instructions": (str, None),
    "max_output_tokens": (int, None),
    "metadata": (dict, {}),
    "model": (str, "m"),
    "parallel_tool_calls": (bool, True),
    "temperature": (int | float, 1.0),
    "text": (dict, {"format": {"type": "text"}}),
    "tool_choice": (str | dict, "auto"),
    "tools": (list, []),
    "top_p": (int | float, 1.0),
}
"""What a response shows of its request: key, types, and what stands there unasked."""

_PREFIXES: Final = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}

_TEXTS: Final = {
    "text": ("message", "output_text"),
    "refusal": ("message", "refusal"),
    "reasoning": ("reasoning", "summary_text"),
}
"""For each word the kinds of item and part that it is said in."""

_EVENTS: Final = {
    "output_text": ("response.output_text", "response.content_part"),
    "refusal": ("response.refusal", "response.content_part"),
    "summary_text": ("response.reasoning_summary_text", "response.reasoning_summary_part"),
}
"""For each kind of part what its deltas and what its brackets are called."""

_INDEXES: Final = {"summary_text": "summary_index"}

_CALLS: Final = {
    "function_call": ("function_call_arguments", "arguments"),
    "custom_tool_call": ("custom_tool_call_input", "input"),
}
"""For each kind of call what its events are called, and the key of the whole."""

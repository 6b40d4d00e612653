"""Joins the events of a response to a message; it judges nothing and takes any JSON.

Pieces that are not what the format says (a number as delta) add nothing.  An event that names no item goes to the one
that is being written.
"""

from __future__ import annotations

from typing import Any, Final

from streamproof_formats.dialects.base import Joined, refuse_more, text_of
from streamproof_formats.dialects.openai_responses.events import CALL_KEYS, TEXTS
from streamproof_formats.dialects.openai_responses.order import Bracket, Stage
from streamproof_formats.message import Choice, ToolCall

MOST_ITEMS: Final = 1024
MOST_PARTS: Final = 1024
"""Items of a response, and parts of an item, that are kept."""

TEXT_KEYS: Final = ("text", "refusal")
STREAMED: Final = frozenset(part for _, part, _, _ in TEXTS)
"""Types of parts of content that have deltas."""
TOOL_CALLS: Final = frozenset({"function_call", "custom_tool_call"})
"""Calls that the client is to make."""


class Text:
    """A text in the making: its pieces, or the whole where no pieces came."""

    def __init__(self, start: str = "") -> None:
        self._joined = Joined()
        self._whole: str | None = None
        if start:
            self._joined.add(start)

    def add(self, piece: Any) -> None:
        """Appends a delta."""
        if isinstance(piece, str):
            self._joined.add(piece)

    def settle(self, whole: Any) -> None:
        """Takes what an event gives as the whole."""
        if isinstance(whole, str):
            self._whole = whole

    @property
    def joined(self) -> str:
        """The pieces alone."""
        return self._joined.text or ""

    @property
    def text(self) -> str:
        """What a reader of the stream has."""
        joined = self._joined.text
        return joined if joined is not None else self._whole or ""


class PartDraft:
    """A part of an item's content or of its summary, in the making."""

    def __init__(self, kind: str | None, part: Any = None, *, is_summary: bool = False) -> None:
        self.kind = kind
        self.is_summary = is_summary
        self.bracket = Bracket.OPEN
        given = part if isinstance(part, dict) else {}
        self.text = Text(next((given[key] for key in TEXT_KEYS if isinstance(given.get(key), str)), ""))
        annotations = given.get("annotations")
        self.annotations = len(annotations) if isinstance(annotations, list) else 0

    @property
    def is_streamed(self) -> bool:
        """Whether parts of its type have deltas."""
        return self.is_summary or self.kind in STREAMED


class ItemDraft:
    """An item of the output, in the making."""

    def __init__(self, index: int | None, *, added: bool, taken_up: bool = False) -> None:
        self.index = index
        self.added = added
        self.taken_up = taken_up
        """True where its beginning came before the stream was taken up again."""
        self.id: str | None = None
        self.type: str | None = None
        self.status: str | None = None
        self.name: str | None = None
        self.call_id: str | None = None
        self.done = False
        self.last: Any = None
        """The item as it was when done."""
        self.parts: dict[int, PartDraft] = {}
        self.summary: dict[int, PartDraft] = {}
        self.ordered: list[PartDraft] = []
        """Parts of both kinds, as they came."""
        self.call = Text()
        self.call_bracket = Bracket.OPEN
        self.stage = Stage.WAITING

    def describe(self, item: dict[str, Any]) -> None:
        """Takes what an event shows of the item beside its content."""
        self.type = _text(item.get("type")) or self.type
        self.id = _text(item.get("id")) or self.id
        self.name = _text(item.get("name")) or self.name
        self.call_id = _text(item.get("call_id")) or self.call_id
        self.status = _text(item.get("status")) or self.status

    def start(self, item: dict[str, Any]) -> None:
        """Takes the item as it was added; what it holds already counts as written."""
        self.describe(item)
        self.call = Text(text_of(item.get(CALL_KEYS.get(self.type or "", ""))))
        for places, key in ((self.parts, "content"), (self.summary, "summary")):
            given = item.get(key)
            for place, part in enumerate(given if isinstance(given, list) else ()):
                if isinstance(part, dict):
                    self.add_part(places, place, _text(part.get("type")), part)

    def add_part(self, places: dict[int, PartDraft], place: int, kind: str | None, part: Any = None) -> PartDraft:
        """Opens a part of the content or the summary at a place."""
        if len(self.ordered) >= MOST_PARTS:
            refuse_more(MOST_PARTS, "parts in an item")
        draft = places[place] = PartDraft(kind, part, is_summary=places is self.summary)
        self.ordered.append(draft)
        return draft

    def finish(self, item: Any) -> None:
        """Takes the item as it is when done: what did not come in pieces comes now."""
        self.done = True
        self.last = item
        if not isinstance(item, dict):
            return
        self.describe(item)
        self.call.settle(item.get(CALL_KEYS.get(self.type or "", "")))
        for places, key in ((self.parts, "content"), (self.summary, "summary")):
            given = item.get(key)
            for place, part in enumerate(given if isinstance(given, list) else ()):
                if isinstance(part, dict):
                    draft = places.get(place) or self.add_part(places, place, _text(part.get("type")))
                    draft.text.settle(next((part[name] for name in TEXT_KEYS if name in part), None))

    def texts(self, *kinds: str) -> list[str]:
        """The texts of the parts of these kinds."""
        return [part.text.text for part in self.ordered if part.kind in kinds]

    def tool_call(self, *, over: bool) -> ToolCall | None:
        """The call that the client is to make, if the item is one."""
        if self.type not in TOOL_CALLS:
            return None
        complete = over or self.done or self.call_bracket is not Bracket.OPEN
        return ToolCall(id=self.call_id, name=self.name, arguments=self.call.text, complete=complete)


class OutputDraft:
    """The output of a response, in the making."""

    def __init__(self) -> None:
        self.items: list[ItemDraft] = []
        """In order of first appearance."""
        self._by_index: dict[int, ItemDraft] = {}
        self._by_id: dict[str, ItemDraft] = {}
        self.finish_reason: str | None = None

    def at(self, index: int | None) -> ItemDraft | None:
        """The item at a place of the output."""
        return None if index is None else self._by_index.get(index)

    def of(self, item_id: Any) -> ItemDraft | None:
        """The item of an id."""
        return self._by_id.get(item_id) if isinstance(item_id, str) else None

    @property
    def latest(self) -> ItemDraft | None:
        """The item that appeared last and is not done."""
        return next((item for item in reversed(self.items[-8:]) if not item.done), None)

    def open(self, item: ItemDraft) -> ItemDraft:
        """Takes an item in."""
        if len(self.items) >= MOST_ITEMS:
            refuse_more(MOST_ITEMS, "output items")
        self.items.append(item)
        if item.index is not None:
            self._by_index[item.index] = item
        self.identify(item)
        return item

    def identify(self, item: ItemDraft) -> None:
        """Remembers an item by its id, once it has one."""
        if item.id is not None:
            self._by_id.setdefault(item.id, item)

    def choice(self, *, over: bool) -> Choice:
        """The one choice that a response is, so far."""
        text = [piece for item in self.items for piece in item.texts("output_text")]
        refusal = [piece for item in self.items for piece in item.texts("refusal")]
        reasoning = [piece for item in self.items for piece in item.texts("reasoning_text", "summary_text")]
        calls = (item.tool_call(over=over) for item in self.items)
        return Choice(
            index=0,
            text="".join(text) if text else None,
            refusal="".join(refusal) if refusal else None,
            reasoning="".join(reasoning) if reasoning else None,
            finish_reason=self.finish_reason,
            tool_calls=tuple(call for call in calls if call is not None),
        )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None

"""The rules on items: that they open and close, in order, and are found by what events name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects import json_text
from streamproof_formats.dialects.base import integer, text_of
from streamproof_formats.dialects.openai_responses import parts
from streamproof_formats.dialects.openai_responses.drafts import TEXT_KEYS, TOOL_CALLS, ItemDraft
from streamproof_formats.dialects.openai_responses.events import BEGUN, CALL_KEYS, ENDINGS, HOSTED, PREFIX
from streamproof_formats.dialects.openai_responses.order import BRACKETS, Bracket, Mark, Stage
from streamproof_formats.dialects.openai_responses.order import HOSTED as STAGES
from streamproof_formats.dialects.wording import number, quoted, shown

if TYPE_CHECKING:
    from streamproof_formats.dialects.openai_responses.binding import Binding
    from streamproof_formats.dialects.openai_responses.drafts import OutputDraft, Text
    from streamproof_formats.dialects.openai_responses.events import EventKind
    from streamproof_formats.dialects.openai_responses.request import Asked

STANDARD: Final = frozenset({"message", "function_call", "function_call_output", "reasoning", "compaction"})
"""Types of items that Open Responses has itself -- openresponses/openresponses schema/items.tsp, ItemField."""

FOLLOWED: Final = frozenset({"message", "reasoning", *CALL_KEYS, *HOSTED})
"""Types of items whose way from in_progress on is told by events."""

MUST_HAVE: Final = ("id", "type", "status")
"""Keys of every item of Open Responses."""


class Items:
    """Opens, finds and closes the items of one stream."""

    def __init__(self, output: OutputDraft, asked: Asked | None, breaches: Binding, *, taken_up: bool) -> None:
        self._output = output
        self._asked = asked
        self._breaches = breaches
        self._taken_up = taken_up
        self._next: int | None = None if taken_up else 0
        self._open = 0
        self._cut: ItemDraft | None = None
        """The item that ended incomplete."""

    def add(self, event: dict[str, Any]) -> None:
        """Takes response.output_item.added."""
        breaches = self._breaches
        item = event.get("item")
        item = item if isinstance(item, dict) else {}
        index = integer(event.get("output_index"))
        known = self._output.at(index)
        if known is not None and known.added and known.id == (text_of(item.get("id")) or None):
            breaches.add("OR-10", f"expected output_item.added once for item {named(known)}, found it again")
            return
        if index is not None:
            # openai-node: "missing output at index" where the place is not the next of its list
            if self._next is not None and index != self._next:
                breaches.add("OR-11", f"expected the output_index {self._next}, found {shown(index)}")
            self._next = index + 1
        if self._open and not self._taken_up:
            breaches.add("OR-32", "expected one item to be done before the next is added, found another")
        if self._cut is not None:
            breaches.add("OR-25", f"expected no item after {named(self._cut)}, which is incomplete, found another")
        draft = ItemDraft(index, added=True)
        draft.start(item)
        self._output.open(draft)
        self._open += 1
        self._judge_form(item)
        self._judge_added(draft, item)

    def finish(self, event: dict[str, Any]) -> None:
        """Takes response.output_item.done."""
        breaches = self._breaches
        item = event.get("item")
        given = item if isinstance(item, dict) else {}
        index = integer(event.get("output_index"))
        draft = self._output.at(index)
        if draft is None and index is None:
            draft = self._output.of(given.get("id")) or self._output.latest
        if draft is None:
            if not self._taken_up:
                breaches.add("OR-10", f"expected output_item.added before output_item.done, found none at {at(index)}")
            draft = self._output.open(ItemDraft(index, added=False, taken_up=self._taken_up))
        elif draft.done:
            breaches.add("OR-10", f"expected output_item.done once for item {named(draft)}, found it again")
            return
        elif draft.added:
            self._open -= 1
            self._judge_identity(draft, given)
        self._judge_form(given)
        if draft.added and not draft.taken_up:
            self._judge_close(draft, given)
        draft.finish(item)
        self._output.identify(draft)
        if draft.status == "incomplete":
            self._cut = draft
        self._judge_done(draft)

    def find(self, event: dict[str, Any]) -> ItemDraft:
        """The item that an event of it names; one that was never added is taken as it comes."""
        breaches = self._breaches
        index, item_id = integer(event.get("output_index")), event.get("item_id")
        draft = self._output.at(index)
        if draft is None:
            draft = self._output.of(item_id)
            if draft is not None and index is not None:
                found = f"item {named(draft)} at {index}"
                breaches.add("OR-14", f"expected the output_index of the item that is named, found {found}")
            elif draft is None and index is None:
                draft = self._output.latest
        elif isinstance(item_id, str) and draft.id is not None and item_id != draft.id:
            # "The ID of the output item that the text delta was added to." -- openai-openapi 2.3.0
            breaches.add("OR-15", f"expected the item_id {quoted(draft.id)}, found {quoted(item_id)}")
        if draft is None:
            if not self._taken_up:
                breaches.add("OR-10", f"expected output_item.added before other events, found none at {at(index)}")
            draft = ItemDraft(index, added=False, taken_up=self._taken_up)
            draft.id = text_of(item_id) or None
            self._output.open(draft)
        if draft.done:
            breaches.add("OR-23", f"expected nothing of item {named(draft)} after it is done, found an event")
        return draft

    def take_call(self, event: dict[str, Any], kind: EventKind, mark: Mark) -> None:
        """Takes a piece, or the whole, of a call's arguments, input or code."""
        breaches = self._breaches
        draft = self.find(event)
        is_function = kind.name == "function_call"
        if draft.type is None:
            draft.type = kind.name
        elif is_function and draft.type != kind.name:
            # openai-node throws, openai-python asserts: the item has no arguments to add to.
            breaches.add("OR-18b", f"expected a function call, found an item of type {quoted(draft.type)}")
            return
        turn = BRACKETS[draft.call_bracket][mark]
        if is_function and turn.expected and not draft.done and not draft.taken_up:
            breaches.add("OR-18", f"expected {turn.expected} in a function call, found {mark.value}")
        draft.call_bracket = turn.bracket
        if mark is Mark.PIECE:
            draft.call.add(event.get("delta"))
            return
        draft.call.settle(event.get(kind.key))
        judge_whole(draft, draft.call, event, kind.key, breaches)

    def take_stage(self, event: dict[str, Any], kind: EventKind) -> None:
        """Takes an event of a call that the server makes itself."""
        draft = self.find(event)
        if draft.taken_up or draft.done:
            return
        if draft.type is not None and draft.type != kind.name:
            found = f"an item of type {quoted(draft.type)}"
            self._breaches.add("OR-30", f"expected {PREFIX}{kind.name} events of such an item, found {found}")
            return
        said = Stage.BEGUN if kind.key == BEGUN else Stage.ENDED if kind.key in ENDINGS else Stage.WAITING
        advance = STAGES[draft.stage][said]
        if advance.expected:
            self._breaches.add("OR-30", f"expected {advance.expected} of the {kind.name}, found {kind.key}")
        draft.stage = advance.stage

    def judge_end(self, name: str) -> None:
        """Judges, at the terminal event, what the items have come to."""
        if name == "failed":
            return
        for draft in self._output.items:
            if draft.added and not draft.done:
                message = f"expected output_item.done for item {named(draft)} before response.{name}, found none"
                self._breaches.add("OR-10", message)
                if not draft.taken_up:
                    self._judge_close(draft, {})
        if name == "completed" and self._asked is not None and self._asked.tool_choice == "required":
            self._judge_required()

    def _judge_required(self) -> None:
        if not any((draft.type or "").endswith("_call") for draft in self._output.items):
            self._breaches.add("OR-46", "expected a tool call with tool_choice required, found none")

    def _judge_form(self, item: dict[str, Any]) -> None:
        if not self._breaches.claims_open or not item:
            return
        missing = [key for key in MUST_HAVE if not isinstance(item.get(key), str)]
        if missing:
            self._breaches.add("OR-43", f"expected id, type and status in an item, found no {' and no '.join(missing)}")
        kind = item.get("type")
        if isinstance(kind, str) and kind not in STANDARD and ":" not in kind:
            found = f"{quoted(kind)} without"
            self._breaches.add("OR-43b", f"expected a slug and a colon before a type of one's own, found {found}")

    def _judge_added(self, draft: ItemDraft, item: dict[str, Any]) -> None:
        breaches, asked = self._breaches, self._asked
        status = item.get("status")
        if draft.type in FOLLOWED and isinstance(status, str) and status != "in_progress":
            breaches.add("OR-12b", f"expected the status in_progress when an item is added, found {quoted(status)}")
        if draft.type == "function_call" and item.get("call_id") == "":
            breaches.add("OR-12c", "expected a call_id in a function call that is added, found an empty one")
        if asked is None or draft.type not in TOOL_CALLS:
            return
        if asked.tool_choice == "none":
            breaches.add("OR-46", "expected no tool call with tool_choice none, found one")
        elif asked.tool_choice == "named" and draft.name is not None and draft.name != asked.tool:
            found = f"one of {quoted(draft.name)}"
            breaches.add("OR-46", f"expected calls of {quoted(asked.tool or '')} only, found {found}")

    def _judge_identity(self, draft: ItemDraft, item: dict[str, Any]) -> None:
        item_id = item.get("id")
        if draft.id is not None and isinstance(item_id, str) and item_id != draft.id:
            # openai-python: RuntimeError "Completed output item identity changed."
            found = quoted(item_id)
            self._breaches.add("OR-10", f"expected the id {quoted(draft.id)} of the item when done, found {found}")
        call_id, before = item.get("call_id"), draft.call_id
        if draft.type == "function_call" and before is not None and isinstance(call_id, str) and call_id != before:
            message = f"expected the call_id {quoted(before)} when done, found {quoted(call_id)}"
            self._breaches.add("OR-12c", message)

    def _judge_close(self, draft: ItemDraft, item: dict[str, Any]) -> None:
        """Judges an item that ends, `item` being how it is then: empty where that was not told."""
        breaches = self._breaches
        parts.judge_unclosed(draft, breaches)
        if draft.type == "function_call" and draft.call_bracket is Bracket.OPEN:
            breaches.add("OR-18", "expected function_call_arguments.done before the item's, found none")
        if draft.type in HOSTED and draft.stage is Stage.BEGUN:
            breaches.add("OR-30", f"expected the {draft.type} to be completed before it is done, found it begun only")
        if draft.type is not None and draft.type in CALL_KEYS:
            judge_whole(draft, draft.call, item, CALL_KEYS[draft.type], breaches)
        for places, key in ((draft.parts, "content"), (draft.summary, "summary")):
            given = item.get(key)
            if isinstance(given, list):
                for place, part in places.items():
                    if not part.is_streamed:
                        continue
                    entry = given[place] if 0 <= place < len(given) else None
                    entry = entry if isinstance(entry, dict) else {}
                    whole = next((entry[name] for name in TEXT_KEYS if isinstance(entry.get(name), str)), None)
                    if whole != part.text.joined:
                        found = "none" if whole is None else quoted(whole)
                        wanted = quoted(part.text.joined)
                        breaches.add("OR-16", f"expected {wanted} in {key}[{number(place)}] when done, found {found}")

    def _judge_done(self, draft: ItemDraft) -> None:
        if draft.type != "function_call" or draft.status != "completed":
            return
        try:
            json_text.read(draft.call.text)
        except json_text.NotJson as fault:
            self._breaches.add("OR-20", f"expected JSON as the arguments of a call that is completed, found {fault}")


def judge_whole(draft: ItemDraft, text: Text, holder: dict[str, Any], key: str, breaches: Binding) -> None:
    """Judges whether what is given as the whole is the pieces joined."""
    whole = holder.get(key)
    if isinstance(whole, str) and whole != text.joined and not draft.taken_up:
        wanted = quoted(text.joined)
        breaches.add("OR-16", f"expected the deltas joined, {wanted}, as {key}, found {quoted(whole)}")


def named(draft: ItemDraft) -> str:
    """How a finding names an item."""
    if draft.id is not None:
        return quoted(draft.id)
    return "without an index" if draft.index is None else number(draft.index)


def at(index: int | None) -> str:
    """How a finding names a place of the output."""
    return "no output_index" if index is None else f"output_index {number(index)}"

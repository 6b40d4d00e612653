"""The rules on the parts of an item's content and of a summary: brackets, places, types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects.base import integer, text_of
from streamproof_formats.dialects.openai_responses.drafts import TEXT_KEYS, ItemDraft, PartDraft
from streamproof_formats.dialects.openai_responses.events import Act
from streamproof_formats.dialects.openai_responses.order import BRACKETS, Bracket, Mark
from streamproof_formats.dialects.wording import number, quoted, shown

if TYPE_CHECKING:
    from streamproof_formats.dialects.openai_responses.binding import Binding
    from streamproof_formats.dialects.openai_responses.events import EventKind

SUMMARY: Final = "summary_text"


def add(draft: ItemDraft, event: dict[str, Any], breaches: Binding) -> None:
    """Takes response.content_part.added."""
    part = event.get("part")
    given = part if isinstance(part, dict) else {}
    kind = text_of(given.get("type")) or None
    if draft.type == "function_call":
        breaches.add("OR-18", "expected no content parts in a function call, found one")
    place = _next_place(draft, event, "content_index", breaches)
    added = draft.add_part(draft.parts, place, kind, part)
    if added.text.joined:
        rule = "OR-45b" if kind == "refusal" else "OR-17"
        breaches.add(rule, f"expected an empty part when it is added, found {quoted(added.text.joined)}")


def add_summary(draft: ItemDraft, event: dict[str, Any], breaches: Binding) -> None:
    """Takes response.reasoning_summary_part.added."""
    place = _next_place(draft, event, "summary_index", breaches)
    added = draft.add_part(draft.summary, place, SUMMARY, event.get("part"))
    if added.text.joined:
        breaches.add("OR-17", f"expected an empty part when it is added, found {quoted(added.text.joined)}")


def take(draft: ItemDraft, event: dict[str, Any], kind: EventKind, breaches: Binding) -> None:
    """Takes a delta of a part of the content, or its whole."""
    part = _streamed_into(draft, event, kind, breaches)
    if part is None:
        return
    _take_text(draft, part, event, kind, breaches)


def close(draft: ItemDraft, event: dict[str, Any], breaches: Binding) -> None:
    """Takes response.content_part.done."""
    index = integer(event.get("content_index"))
    part = draft.parts.get(index) if index is not None else None
    _close(draft, part, event, "OR-13", breaches)


def take_summary(draft: ItemDraft, event: dict[str, Any], kind: EventKind, breaches: Binding) -> None:
    """Takes an event of a summary but the first of a part."""
    index = integer(event.get("summary_index"))
    part = draft.summary.get(index) if index is not None else _latest(draft.summary)
    if kind.act is Act.SUMMARY_DONE:
        _close(draft, part, event, "OR-21", breaches)
        return
    if part is None:
        if not draft.taken_up and not draft.done and index is not None:
            breaches.add("OR-21", f"expected reasoning_summary_part.added before {kind.type}, found none")
        part = draft.add_part(draft.summary, len(draft.summary) if index is None else index, SUMMARY)
    _take_text(draft, part, event, kind, breaches)


def annotate(draft: ItemDraft, event: dict[str, Any], breaches: Binding) -> None:
    """Takes response.output_text.annotation.added."""
    index = integer(event.get("content_index"))
    part = draft.parts.get(index) if index is not None else None
    if draft.taken_up:
        return
    if part is None or part.bracket is Bracket.CLOSED:
        breaches.add("OR-31", f"expected an annotation to name an open part, found {shown(event.get('content_index'))}")
        return
    place = integer(event.get("annotation_index"))
    if place is None:
        return  # the schema's to tell
    if not 0 <= place <= part.annotations:
        # openai-node throws where the place is neither in its list nor the next.
        breaches.add("OR-31", f"expected an annotation_index of {part.annotations} at most, found {shown(place)}")
    part.annotations = max(part.annotations, place + 1) if place <= part.annotations else part.annotations + 1


def judge_unclosed(draft: ItemDraft, breaches: Binding) -> None:
    """Judges, where an item ends, whether its parts have."""
    for part in draft.ordered:
        if part.bracket is not Bracket.CLOSED and part.is_streamed:
            rule = "OR-21" if part.is_summary else "OR-13"
            missing = "its end" if part.bracket is Bracket.WHOLE else "the done of its deltas and its end"
            breaches.add(rule, f"expected {missing} before the item's, found none")


def _next_place(draft: ItemDraft, event: dict[str, Any], key: str, breaches: Binding) -> int:
    """The place of a part that is added; it should be the next."""
    places, rule = (draft.parts, "OR-14") if key == "content_index" else (draft.summary, "OR-21")
    expected, found = len(places), integer(event.get(key))
    if found is None:
        return expected  # the schema's to tell
    if found != expected and not draft.taken_up:
        breaches.add(rule, f"expected the {key} {expected}, found {shown(found)}")
    return found


def _streamed_into(draft: ItemDraft, event: dict[str, Any], kind: EventKind, breaches: Binding) -> PartDraft | None:
    """The part that a delta or a whole goes to: found, or opened where it was never added."""
    index = integer(event.get("content_index"))
    part = draft.parts.get(index) if index is not None else _latest(draft.parts)
    quiet = draft.taken_up or draft.done
    if part is not None and part.is_streamed and part.kind is not None and part.kind != kind.name:
        if kind.name == "refusal":
            # openai-node throws: the part has no refusal to add to.
            breaches.add("OR-45", f"expected a refusal part, found one of type {quoted(part.kind)}")
        elif not quiet:
            found = f"one of type {quoted(part.kind)}"
            breaches.add("OR-13b", f"expected a part of type {quoted(kind.name)} for its events, found {found}")
        return None
    if part is not None:
        part.kind = kind.name
        return part
    if not quiet and index is not None:
        if any(other.bracket is not Bracket.CLOSED for other in draft.parts.values()):
            # openai-python: IndexError; openai-node: "missing content at index"
            breaches.add("OR-14", f"expected the content_index of a part that was added, found {number(index)}")
        else:
            breaches.add("OR-13b", f"expected content_part.added before events of part {number(index)}, found none")
    return draft.add_part(draft.parts, len(draft.parts) if index is None else index, kind.name)


def _take_text(draft: ItemDraft, part: PartDraft, event: dict[str, Any], kind: EventKind, breaches: Binding) -> None:
    if kind.act in (Act.PIECE, Act.SUMMARY_PIECE):
        _advance(draft, part, Mark.PIECE, breaches)
        part.text.add(event.get("delta"))
        return
    _advance(draft, part, Mark.WHOLE, breaches)
    part.text.settle(event.get(kind.key))
    _judge_whole(draft, part, event, kind.key, breaches)


def _latest(places: dict[int, PartDraft]) -> PartDraft | None:
    return places[next(reversed(places))] if places else None


def _advance(draft: ItemDraft, part: PartDraft, mark: Mark, breaches: Binding) -> None:
    turn = BRACKETS[part.bracket][mark]
    if turn.expected and not draft.taken_up and not draft.done and part.is_streamed:
        rule = "OR-21" if part.is_summary else "OR-13"
        if mark is Mark.PIECE and part.bracket is Bracket.CLOSED and not part.is_summary:
            rule = "OR-14"
        breaches.add(rule, f"expected {turn.expected}, found {mark.value}")
    part.bracket = turn.bracket


def _close(draft: ItemDraft, part: PartDraft | None, event: dict[str, Any], rule: str, breaches: Binding) -> None:
    given = event.get("part")
    given = given if isinstance(given, dict) else {}
    if part is None:
        if not draft.taken_up and not draft.done:
            breaches.add(rule, "expected a part to be added before its end, found none")
        return
    _advance(draft, part, Mark.CLOSE, breaches)
    for key in TEXT_KEYS:
        part.text.settle(given.get(key))
        _judge_whole(draft, part, given, key, breaches)


def _judge_whole(draft: ItemDraft, part: PartDraft, holder: dict[str, Any], key: str, breaches: Binding) -> None:
    whole = holder.get(key)
    if isinstance(whole, str) and whole != part.text.joined and not draft.taken_up:
        wanted = quoted(part.text.joined)
        breaches.add("OR-16", f"expected the deltas joined, {wanted}, as {key}, found {quoted(whole)}")

"""Which rule an event breaks by what its schema says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from streamproof_formats.dialects.openai_responses.events import Act

if TYPE_CHECKING:
    from streamproof_formats.dialects.event_schema import Fault
    from streamproof_formats.dialects.openai_responses.events import EventKind

NO_MEMBER: Final = "OR-34b"
"""The rule of all faults that have none of their own: the event is no member of the union."""

BY_KEY: Final[Mapping[str, str]] = {
    "item_id": "OR-15",
    "content_index": "OR-14",
    "summary_index": "OR-21b",
    "annotation_index": "OR-31",
    "logprobs": "OR-35",
    "response": "OR-47",
}
"""By a key of the event, for a fault of its own value or of its absence."""

OUTPUT_INDEX: Final[Mapping[Act, str]] = {Act.ITEM_ADDED: "OR-11", Act.ITEM_DONE: "OR-10"}
"""For a fault of output_index, by act; a delta has to name an open item by it."""

REQUIRED: Final = frozenset(
    {"id", "object", "created_at", "model", "output", "parallel_tool_calls", "tool_choice", "tools"}
)
"""Keys of a response that the published schema and the SDK's types agree on."""


def rule_of(kind: EventKind, fault: Fault, *, claims_open: bool) -> str | None:
    """The rule that a fault of an event's schema breaks; None where another check tells of it."""
    match fault.path:
        case ("type" | "sequence_number",):
            return None
        case ("output_index",):
            return OUTPUT_INDEX.get(kind.act, "OR-14")
        case (str(key),) if key in BY_KEY:
            return BY_KEY[key]
        case ("response", str(key)) if key in REQUIRED:
            return "OR-47"
        case ("item", *path):
            return _rule_of_item(kind, path, fault.found, claims_open=claims_open)
        case _:
            return NO_MEMBER


def _rule_of_item(kind: EventKind, path: list[str | int], found: str, *, claims_open: bool) -> str | None:
    missing = found == "nothing"
    match path:
        # OutputItem | null -- openresponses/openresponses schema/events.tsp
        case [] if claims_open and found == "null":
            return None
        case ["id" | "type" | "status"] if claims_open and missing:
            return None  # OR-43
        case ["call_id"]:
            return "OR-12c"
    if kind.act is not Act.ITEM_ADDED:
        return NO_MEMBER
    if path == ["status"] and (missing or found.startswith("string")):
        return "OR-12b" if missing else None
    return "OR-12"

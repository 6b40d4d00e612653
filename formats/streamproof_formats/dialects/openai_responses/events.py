"""The events of a response: what each says, as data.  The union of the published types, and what servers send beside.

An event is read by its act: it shows the response, opens or closes an item, a part or a summary, adds a piece, gives
the whole, tells of a stage of a hosted call, or says nothing that a message is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

import attrs


class Act(Enum):
    """What an event does."""

    LIFE = auto()
    """Shows the response while it is made."""
    TERMINAL = auto()
    ERROR = auto()
    ITEM_ADDED = auto()
    ITEM_DONE = auto()
    PART_ADDED = auto()
    PART_DONE = auto()
    PIECE = auto()
    """Adds to a part of an item's content."""
    WHOLE = auto()
    """Gives the whole of such a part."""
    ANNOTATION = auto()
    SUMMARY_ADDED = auto()
    SUMMARY_DONE = auto()
    SUMMARY_PIECE = auto()
    SUMMARY_WHOLE = auto()
    CALL_PIECE = auto()
    """Adds to the arguments, input or code of a call."""
    CALL_WHOLE = auto()
    HOSTED = auto()
    """A stage of a call that the server makes itself."""
    OTHER = auto()
    """Of an item, and nothing that a message is made of."""
    KEEPALIVE = auto()


@attrs.frozen(kw_only=True)
class EventKind:
    """One type of event."""

    type: str
    act: Act
    name: str = ""
    """What it is of: the status of the response, the type of the part or of the item."""
    key: str = ""
    """The key of the whole, or the stage of a hosted call."""
    in_open: bool = False
    """Whether only Open Responses has it."""


PREFIX: Final = "response."
ERROR: Final = "error"
KEEPALIVE: Final = "keepalive"

LIFE: Final = ("created", "queued", "in_progress")
TERMINALS: Final = ("completed", "failed", "incomplete")

TEXTS: Final = (
    ("output_text", "output_text", "text", False),
    ("refusal", "refusal", "refusal", False),
    ("reasoning_text", "reasoning_text", "text", False),
    ("reasoning", "reasoning_text", "text", True),
)
"""Content that is streamed: the events' name, the part's type, the key of the whole, whether in Open Responses only."""

CALLS: Final = (
    ("function_call_arguments", "function_call", "arguments"),
    ("mcp_call_arguments", "mcp_call", "arguments"),
    ("custom_tool_call_input", "custom_tool_call", "input"),
    ("code_interpreter_call_code", "code_interpreter_call", "code"),
)
"""What is streamed of calls: the events' name, the item's type, the key of the whole in the event and in the item."""

CALL_KEYS: Final[Mapping[str, str]] = {item: key for _, item, key in CALLS}

BEGUN: Final = "in_progress"
ENDINGS: Final = frozenset({"completed", "failed"})
HOSTED: Final[Mapping[str, tuple[str, ...]]] = {
    "web_search_call": (BEGUN, "searching", "completed"),
    "file_search_call": (BEGUN, "searching", "completed"),
    "code_interpreter_call": (BEGUN, "interpreting", "completed"),
    "image_generation_call": (BEGUN, "generating", "partial_image", "completed"),
    "mcp_call": (BEGUN, "completed", "failed"),
    "mcp_list_tools": (BEGUN, "completed", "failed"),
}
"""Calls that the server makes itself, and the stages that events tell of."""

OTHERS: Final = (
    "shell_call_command.added",
    "shell_call_command.delta",
    "shell_call_command.done",
    "shell_call_output_content.delta",
    "shell_call_output_content.done",
    "compaction.compacting",
)
AUDIO: Final = ("audio.delta", "audio.done", "audio.transcript.delta", "audio.transcript.done")
"""They name no item."""

_BRACKETS: Final = {
    "output_item.added": Act.ITEM_ADDED,
    "output_item.done": Act.ITEM_DONE,
    "content_part.added": Act.PART_ADDED,
    "content_part.done": Act.PART_DONE,
    "output_text.annotation.added": Act.ANNOTATION,
    "reasoning_summary_part.added": Act.SUMMARY_ADDED,
    "reasoning_summary_part.done": Act.SUMMARY_DONE,
}


def _kinds() -> tuple[EventKind, ...]:
    return (
        *(EventKind(type=PREFIX + name, act=Act.LIFE, name=name) for name in LIFE),
        *(EventKind(type=PREFIX + name, act=Act.TERMINAL, name=name) for name in TERMINALS),
        *(EventKind(type=PREFIX + name, act=act) for name, act in _BRACKETS.items()),
        *(
            EventKind(type=f"{PREFIX}{name}.{end}", act=act, name=part, key=key, in_open=in_open)
            for name, part, key, in_open in TEXTS
            for end, act in (("delta", Act.PIECE), ("done", Act.WHOLE))
        ),
        EventKind(type=PREFIX + "reasoning_summary_text.delta", act=Act.SUMMARY_PIECE),
        EventKind(type=PREFIX + "reasoning_summary_text.done", act=Act.SUMMARY_WHOLE, key="text"),
        *(
            EventKind(type=f"{PREFIX}{name}.{end}", act=act, name=item, key=key)
            for name, item, key in CALLS
            for end, act in (("delta", Act.CALL_PIECE), ("done", Act.CALL_WHOLE))
        ),
        *(
            EventKind(type=f"{PREFIX}{item}.{stage}", act=Act.HOSTED, name=item, key=stage)
            for item, stages in HOSTED.items()
            for stage in stages
        ),
        *(EventKind(type=PREFIX + name, act=Act.OTHER, name="item") for name in OTHERS),
        *(EventKind(type=PREFIX + name, act=Act.OTHER) for name in AUDIO),
        EventKind(type=ERROR, act=Act.ERROR),
        EventKind(type=KEEPALIVE, act=Act.KEEPALIVE),
    )


EVENTS: Final[Mapping[str, EventKind]] = {kind.type: kind for kind in _kinds()}
"""Every known type: the union of the newest SDKs, keepalive, and the two of Open Responses alone."""

"""What each rule that permits allows, as it is seen in a stream that makes use of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import attrs

from streamproof_formats.dialect import Json
from streamproof_formats.judge import Judgement
from streamproof_formats.response import ResponseHead

from .book import Entry
from .streams import DONE, judged

KNOWN_DELTAS: Final = {"text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta"}
KNOWN_EVENTS: Final = {"ping", "error"} | {
    *(f"message_{step}" for step in ("start", "delta", "stop")),
    *(f"content_block_{step}" for step in ("start", "delta", "stop")),
}


@attrs.frozen
class Seen:
    """One stream as it is looked at here."""

    entry: Entry
    judgement: Judgement

    @property
    def body(self) -> bytes:
        return self.entry.stream

    @property
    def head(self) -> ResponseHead:
        found: ResponseHead = self.entry.options["head"]
        return found

    @property
    def data(self) -> list[str]:
        return [event.data for event in self.judgement.events]

    @property
    def items(self) -> list[dict[str, Json]]:
        """The events that are JSON objects; of JSON lines the lines."""
        found = [json.loads(data) for data in self.data if data.startswith("{")]
        return [item for item in found if isinstance(item, dict)]

    @property
    def types(self) -> list[Json]:
        return [item.get("type") for item in self.items]

    @property
    def choices(self) -> list[tuple[int, dict[str, Json]]]:
        """The entries for choices, each with the number of its chunk."""
        return [(number, choice) for number, item in enumerate(self.items) for choice in item.get("choices", ())]

    def each(self, *path: str) -> Iterator[Json]:
        """What stands at this path in the events, lists gone through."""
        found: list[Json] = list(self.items)
        for key in path:
            inner = [value[key] for value in found if isinstance(value, dict) and key in value]
            found = [one for value in inner for one in (value if isinstance(value, list) else [value])]
        yield from found


def seen(entry: Entry) -> Seen:
    return Seen(entry, judged(entry.dialect, entry.stream, **entry.options))


def _mixes(one: Seen) -> bool:
    indexes = [choice["index"] for _, choice in one.choices]
    turns = [before for before, after in pairwise(indexes) if before != after]
    return len(turns) > len(set(turns)) or len(one.choices) > len({number for number, _ in one.choices})


def _audio(one: Seen) -> bool:
    return any(choice.get("delta", {}).get("audio") for _, choice in one.choices)


def _has_new_delta(one: Seen) -> bool:
    deltas = (item["delta"]["type"] for item in one.items if item["type"] == "content_block_delta")
    return not KNOWN_DELTAS.issuperset(deltas)


def _is_bare_keepalive(item: Mapping[str, Any]) -> bool:
    return item.get("type") == "keepalive" and set(item) == {"type", "sequence_number"}


def _last(one: Seen) -> Any:
    return one.items[-1]["message"]


USES: Final[dict[str, Callable[[Seen], bool]]] = {
    "SSE-29": lambda one: any(line.startswith(b":") for line in one.body.split(b"\n")),
    "SSE-41": lambda one: "charset" in (one.head.header("content-type") or "").lower(),
    "ND-03": lambda one: one.body.count(b"\r\n") == one.body.count(b"\n") > 0,
    "ND-05b": lambda one: one.head.header("content-type") == "application/json" and not one.entry.options["request"].get("messages"),
    "OC-17b": _mixes,
    "OC-32": lambda one: any(one.each("x_groq")) and any(one.each("choices", "delta", "images")),
    "OC-33": lambda one: one.entry.options["request"]["stream_options"]["include_usage"] and not any(one.each("usage", "total_tokens")),
    "OC-36": lambda one: any(one.each("moderation")),
    "OC-44": _audio,
    "OC-45": lambda one: "custom" in one.each("choices", "delta", "tool_calls", "type"),
    "OL-13": lambda one: any(item.get("usage") and item["choices"] == [] for item in one.items),
    "OR-19": lambda one: any(item["type"] == "response.function_call_arguments.done" and "name" in item for item in one.items),
    "OR-36b": lambda one: one.data[-1] == DONE,
    "OR-37": lambda one: any(map(_is_bare_keepalive, one.items)),
    "OR-39": lambda one: "response.compaction.compacting" in one.types,
    "AM-19": lambda one: one.types.count("ping") > 2 and "ping" in one.types[: one.types.index("content_block_stop")],
    "AM-20": lambda one: one.types[-1] == "error" and "message_stop" not in one.types,
    "AM-21": lambda one: not set(one.types) <= KNOWN_EVENTS,
    "AM-26": _has_new_delta,
    "AM-28": lambda one: any(
        item.get("content_block", {}).get("type") == "fallback" and after["type"] == "content_block_stop"
        for item, after in pairwise(one.items)
    ),
    "WA-09": lambda one: any(one.each("p")),
    "WA-15": lambda one: not {"stop", "length", "tool_calls"}.issuperset(one.each("finish_reason")),
    "GM-14": lambda one: any(part.get("thoughtSignature") and part.get("text") == "" for part in one.each("candidates", "content", "parts")),
    "GM-19": lambda one: "NEW_REASON" in one.each("candidates", "finishReason"),
    "OM-07b": lambda one: one.items[-1]["done"] is True and any(_last(one).get(key) for key in ("content", "thinking", "tool_calls")),
    "OM-18b": lambda one: one.head.header("content-type") == "application/json" and not one.body.endswith(b"\n"),
    "MI-07": lambda one: any(choice["finish_reason"] and choice["delta"].get("content") for _, choice in one.choices),
    "MI-12b": lambda one: any(isinstance(choice["delta"].get("content"), list) for _, choice in one.choices),
    "MI-14": lambda one: any(one.each("p")),
    "MI-15": lambda one: any(one.each("x")),
    "CO-17": lambda one: "debug" in one.types and not all(str(kind).startswith(("message", "content", "tool", "citation", "debug")) for kind in one.types),
    "CO-18": lambda one: one.data[-1] == DONE and one.types[-1] == "message-end",
    "CO-21": lambda one: any(one.each("delta", "message", "content", "x")) and "NEW" in one.each("delta", "finish_reason"),
}  # fmt: skip
"""By rule, whether the stream does what the rule allows."""

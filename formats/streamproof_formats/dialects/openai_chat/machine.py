"""Judges and assembles one stream of chat completion chunks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects.base import error_of, integer
from streamproof_formats.dialects.chunk_stream import ChunkStream, Frame, no_fields
from streamproof_formats.dialects.openai_chat import choices as choice_rules
from streamproof_formats.dialects.openai_chat.assembler import MOST_CHOICES, ChoiceDraft
from streamproof_formats.dialects.openai_chat.request import asked_of
from streamproof_formats.dialects.openai_chat.usage import CHAT_RULES, UsageWatch
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.wording import number, shown
from streamproof_formats.message import Message

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.dialects.event_schema import Fault
    from streamproof_formats.profiles import Profile
    from streamproof_formats.sse import Event

MOST_CHOICES_UNASKED: Final = 128
"""Highest number of choices that a request may ask for: the bound where the request is not known."""

CONSTANT: Final = (
    ("id", str, "OC-07", "the same id in every chunk"),
    ("created", int, "OC-08", "the same created in every chunk"),
    ("model", str, "OC-09", "the same model in every chunk"),
    ("system_fingerprint", str, "OC-09", "the same system_fingerprint in every chunk"),
    ("service_tier", str, "OC-09", "the same service_tier in every chunk"),
)
"""Fields of a chunk that stay as they are: name, type, rule, what was expected."""

_CONSTANT_NAMES: Final = tuple(name for name, _, _, _ in CONSTANT)

FAULT_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("choices", "delta", "content"): "OC-12b",
    ("choices", "delta", "refusal"): "OC-12b",
    ("choices", "delta", "tool_calls", "index"): "OC-19",
    ("choices", "logprobs", "content"): "OC-47",
    ("choices", "logprobs", "refusal"): "OC-47",
}
"""The rule of a schema fault by its path without places in arrays; OC-06 for all others."""

MISSING_ONLY: Final = frozenset({"OC-47"})
"""Rules of the table above that speak of an absent key only: a mistyped one falls to OC-06."""

FRAME: Final = Frame(
    head="OC-01",
    data="OC-02",
    nearly_done="OC-02b",
    no_done="OC-04",
    # The stream is "terminated by a data: [DONE] message" -- openai-openapi, branch 2025-02-04, `stream`
    after_done="OC-05",
    after_error="OC-34b",
    # "tokens will be sent as data-only server-sent events" -- openai-openapi, branch 2025-02-04, `stream`
    fields=no_fields("OC-03"),
    once=frozenset({"OC-28b", "OC-30c", "OC-31", "OC-31b", "OC-36b", "OC-42b"}),
)


class OpenAIChatMachine(ChunkStream):
    """One stream of `openai-chat`.  Rules on what was asked for are judged only if the request is known."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        super().__init__(frame=FRAME, profile=profile, request=request)
        self._asked = asked_of(request)
        self._obfuscates = profile.name == "openai"
        self._chunk_schema = event_schema("openai-chat", "chunk")
        self._error_schema = event_schema("openai-chat", "error")
        self._drafts: dict[int, ChoiceDraft] = {}
        self._lowest_missing = 0
        self._constants: dict[str, Any] = {}
        self._settled: tuple[Any, ...] | None = None
        """The constants of the last chunk, where they were of their kinds: equal ones need no look."""
        asked = self._asked
        self._usage = UsageWatch(
            CHAT_RULES,
            self._breaches,
            include_usage=asked.include_usage if asked else None,
            most_tokens=asked.most_tokens * max(asked.n, 1) if asked and asked.most_tokens is not None else None,
        )

    @property
    def message(self) -> Message:
        """What the stream has said so far."""
        choices = tuple(self._drafts[index].choice for index in sorted(self._drafts))
        return Message(choices=choices, usage=self._usage.usage, error=self._state.error, ended=self._state.ended)

    def _add_item(self, item: dict[str, Any]) -> None:
        if item.get("error"):
            self._state.error = error_of(item["error"])
        else:
            self._take(item)

    def _receive_chunk(self, chunk: dict[str, Any], event: Event) -> None:
        if chunk.get("error"):
            self._receive_error(chunk)
        elif "choices" not in chunk and (event.type == "error" or chunk.get("object") == "error"):
            message = 'expected an error as {"error": {...}}, found one without the key error'
            self._breaches.add("OC-34", message, about=chunk)
        else:
            self._judge_chunk(chunk)
            self._take(chunk)

    def _receive_error(self, chunk: dict[str, Any]) -> None:
        # Both SDKs raise on a truthy `error`, and read nothing that stands beside it.
        self._state.error = error_of(chunk["error"])
        for fault in self._error_schema.faults(chunk):
            self._breaches.add("OC-34", f"in an error, {fault}", about=chunk)
        if chunk.get("choices"):
            self._breaches.add("OC-34", "expected an error in place of a chunk, found a chunk with one", about=chunk)

    def _judge_chunk(self, chunk: dict[str, Any]) -> None:
        breaches = self._breaches
        for fault in self._chunk_schema.faults(chunk):
            if not choice_rules.is_excused(fault, chunk):
                breaches.add(_rule_of(fault), fault.__str__, about=chunk)
        constants = tuple(map(chunk.get, _CONSTANT_NAMES))
        if constants != self._settled:
            self._judge_constants(constants, chunk)
        if self._asked is not None:
            self._judge_settings(chunk)

    def _judge_constants(self, values: tuple[Any, ...], chunk: dict[str, Any]) -> None:
        breaches, constants, are_of_kind = self._breaches, self._constants, True
        for (name, kind, rule, expected), value in zip(CONSTANT, values, strict=True):
            if type(value) is kind:
                before = constants.setdefault(name, value)
                if before != value:
                    constants[name] = value
                    message = f"expected {expected}, found {shown(before)} and then {shown(value)}"
                    breaches.add(rule, message, about=(before, value))
            elif value is not None:
                are_of_kind = False
        if chunk.get("service_tier") == "fast":
            # "The response will show service_tier=priority" -- openai-openapi 2.3.0, `service_tier`
            breaches.add("OC-42b", "expected the service tier as priority, found fast", about=chunk)
        # Python takes 1 and 1.0 for equal: only values of their kinds spare the next chunk the comparison one by one.
        self._settled = values if are_of_kind else None

    def _judge_settings(self, chunk: dict[str, Any]) -> None:
        asked, breaches = self._asked, self._breaches
        assert asked is not None
        if chunk.get("moderation") is not None and not asked.moderation:
            breaches.add("OC-36b", "expected no moderation without a request for it, found some", about=chunk)
        if asked.include_obfuscation is False:
            if "obfuscation" in chunk:
                message = "expected no obfuscation with include_obfuscation false, found it in a chunk"
                breaches.add("OC-31b", message, about=chunk)
        elif self._obfuscates and chunk.get("choices") and "obfuscation" not in chunk:
            breaches.add(
                "OC-31", "expected obfuscation in every chunk with a delta, found a chunk without", about=chunk
            )

    def _take(self, chunk: dict[str, Any]) -> None:
        """Adds a chunk to the message, and judges what depends on what came before."""
        self._usage.take(chunk)
        entries = chunk.get("choices")
        if not isinstance(entries, list):
            return
        indexes: set[int] = set()
        for place, entry in enumerate(entries):
            if not isinstance(entry, dict):
                continue
            index = integer(entry.get("index"))
            if index is None:
                index = place
            if len(entries) > 1:
                if index in indexes:
                    self._breaches.add("OC-17c", f"expected each index once in a chunk, found {index} again")
                indexes.add(index)
            draft = self._drafts.get(index) or self._started(index)
            if draft is not None:
                choice_rules.take(draft, entry, self._asked, self._breaches)

    def _started(self, index: int) -> ChoiceDraft | None:
        if len(self._drafts) >= MOST_CHOICES:
            self._breaches.add("OC-17", f"expected {MOST_CHOICES} choices at most, found index {shown(index)} too")
            return None
        count = MOST_CHOICES_UNASKED if self._asked is None else self._asked.n
        if not 0 <= index < count:
            self._breaches.add("OC-17", f"expected an index from 0 to {number(count - 1)}, found {shown(index)}")
        elif index > self._lowest_missing:
            # openai-python puts each new choice at the end of a list, and then reads it by its index.
            self._breaches.add("OC-18", f"expected choice {self._lowest_missing} before others, found {shown(index)}")
        draft = self._drafts[index] = ChoiceDraft(index)
        while self._lowest_missing in self._drafts:
            self._lowest_missing += 1
        return draft

    def _succeed(self) -> None:
        asked, breaches = self._asked, self._breaches
        for draft in self._in_order():
            choice_rules.judge_end(draft, asked, breaches)
        self._usage.judge_end()
        if asked is None:
            return
        missing = asked.n - sum(0 <= index < asked.n for index in self._drafts)
        if missing > 0:
            breaches.add("OC-40", f"expected {number(asked.n)} choices, found {asked.n - missing} of them")
        if asked.service_tier is not None and "service_tier" not in self._constants:
            breaches.add("OC-42", "expected a service_tier in the answer to a request with one, found none")

    def _break_off(self) -> None:
        asked, breaches = self._asked, self._breaches
        for draft in self._in_order():
            choice_rules.judge_unfinished(draft, breaches)
            if asked is not None:
                choice_rules.judge_stop(draft, asked, breaches)
        finished = self._drafts and all(draft.finish_reason is not None for draft in self._drafts.values())
        if asked is not None and asked.include_usage and finished and self._usage.usage is None:
            message = "expected a missing finish reason or an error to show that the stream broke off, found neither"
            breaches.add("OC-33b", message)

    def _in_order(self) -> Iterator[ChoiceDraft]:
        return (self._drafts[index] for index in sorted(self._drafts))


def _rule_of(fault: Fault) -> str:
    path = tuple(step for step in fault.path if isinstance(step, str))
    rule = FAULT_RULES.get(path, "OC-06")
    if rule in MISSING_ONLY and fault.found != "nothing":
        return "OC-06"
    return rule

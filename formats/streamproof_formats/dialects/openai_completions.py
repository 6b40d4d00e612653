"""openai-completions: the legacy text completions, streamed as `text_completion` objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects import openai_chat
from streamproof_formats.dialects.base import Joined, error_of, integer, refuse_more
from streamproof_formats.dialects.chunk_stream import DONE, ChunkStream, Frame, no_fields
from streamproof_formats.dialects.openai_chat.assembler import MOST_CHOICES
from streamproof_formats.dialects.openai_chat.usage import UsageRules, UsageWatch
from streamproof_formats.dialects.orders import COMPLETIONS_CHOICE
from streamproof_formats.dialects.schema_book import event_schema
from streamproof_formats.dialects.speech import Speech
from streamproof_formats.dialects.wording import number, quoted, shown
from streamproof_formats.message import Choice, Message

if TYPE_CHECKING:
    from streamproof_formats.dialect import Json
    from streamproof_formats.profiles import Profile
    from streamproof_formats.sse import Event

FRAME: Final = Frame(
    # "tokens will be sent as data-only server-sent events as they become available, with the stream terminated by a
    # data: [DONE] message." -- openai-openapi 2.3.0, CreateCompletionRequest, `stream`
    head="OL-01",
    fields=no_fields("OL-01"),
    data="OL-03",
    nearly_done="OL-02",
    no_done="OL-02",
    after_done="OL-02",
    once=frozenset({"OL-12"}),
)

USAGE_RULES: Final = UsageRules(missing="OL-09", unasked="OL-09b")

CONSTANT: Final = (("id", str), ("created", int))
"""Fields of a chunk that stay as they are, by type."""

ARRAYS: Final = ("text_offset", "token_logprobs", "tokens", "top_logprobs")
"""The parallel arrays of logprobs."""


@attrs.frozen(kw_only=True)
class Asked:
    """What a request asks of the stream; a field of a wrong type counts as not given."""

    prompts: tuple[str | None, ...] = (None,)
    """One for each prompt; None for one of tokens, or where none was given."""
    n: int = 1
    echo: bool = False
    include_usage: bool = False
    logprobs: int | None = None
    best_of: int = 1

    @property
    def count(self) -> int:
        """Number of choices."""
        return max(self.n, 1) * len(self.prompts)

    def prompt(self, index: int) -> str | None:
        """The prompt of a choice: each has n of them, one after the other."""
        place = index // max(self.n, 1)
        return self.prompts[place] if 0 <= place < len(self.prompts) else None


def asked_of(body: Any) -> Asked | None:
    """Reads a request body; None where there is none to read."""
    if not isinstance(body, dict):
        return None
    options = body.get("stream_options")
    numbers = {key: value for key in ("n", "logprobs", "best_of") if type(value := body.get(key)) is int}
    return Asked(
        prompts=_prompts(body.get("prompt")),
        echo=body.get("echo") is True,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        **numbers,
    )


def _prompts(value: Any) -> tuple[str | None, ...]:
    if isinstance(value, list) and value and not all(type(item) is int for item in value):
        return tuple(item if isinstance(item, str) else None for item in value)
    return (value if isinstance(value, str) else None,)


class _Draft:
    """One choice in the making."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.text = Joined()
        self.finish_reason: str | None = None
        self.last_offset: int | None = None

    @property
    def choice(self) -> Choice:
        return Choice(index=self.index, text=self.text.text, finish_reason=self.finish_reason)


class OpenAICompletionsMachine(ChunkStream):
    """One stream of `openai-completions`.  Rules on what was asked for are judged only if the request is known."""

    def __init__(self, *, request: Json | None, profile: Profile) -> None:
        super().__init__(frame=FRAME, profile=profile, request=request)
        self._asked = asked_of(request)
        self._chunk_schema = event_schema("openai-completions", "chunk")
        self._error_schema = event_schema("openai-completions", "error")
        self._drafts: dict[int, _Draft] = {}
        self._constants: dict[str, Any] = {}
        include_usage = self._asked.include_usage if self._asked else None
        self._usage = UsageWatch(USAGE_RULES, self._breaches, include_usage=include_usage)

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
        breaches = self._breaches
        if chunk.get("error"):
            # openai-python raises on a truthy `error`, and reads nothing that stands beside it.
            self._state.error = error_of(chunk["error"])
            for fault in self._error_schema.faults(chunk):
                breaches.add("OL-11", f"in an error, {fault}", about=chunk)
            if chunk.get("choices"):
                breaches.add("OL-11", "expected an error in place of a chunk, found a chunk with one", about=chunk)
        elif "choices" not in chunk and (event.type == "error" or chunk.get("object") == "error"):
            message = 'expected an error as {"error": {...}}, found one without the key error'
            breaches.add("OL-11", message, about=chunk)
        else:
            self._judge_chunk(chunk)
            self._take(chunk)

    def _judge_chunk(self, chunk: dict[str, Any]) -> None:
        breaches, constants = self._breaches, self._constants
        for fault in self._chunk_schema.faults(chunk):
            rule = "OL-05" if fault.path[:1] == ("choices",) and fault.path[2:] == ("finish_reason",) else "OL-03"
            breaches.add(rule, fault.__str__, about=chunk)
        for name, kind in CONSTANT:
            value = chunk.get(name)
            if type(value) is kind:
                before = constants.setdefault(name, value)
                if before != value:
                    constants[name] = value
                    message = f"expected the same {name} in every chunk, found {shown(before)} and then {shown(value)}"
                    breaches.add("OL-04", message, about=(before, value))
        if self._asked is not None and self._asked.best_of > 1:
            # "Results cannot be streamed." -- openai-openapi 2.3.0, CreateCompletionRequest, `best_of`
            message = f"expected no stream with best_of {number(self._asked.best_of)}, found a chunk"
            breaches.add("OL-12", message, about=chunk)

    def _take(self, chunk: dict[str, Any]) -> None:
        """Adds a chunk to the message, and judges what depends on what came before."""
        self._usage.take(chunk)
        entries = chunk.get("choices")
        if not isinstance(entries, list):
            return
        for place, entry in enumerate(entries):
            if isinstance(entry, dict):
                index = integer(entry.get("index"))
                index = place if index is None else index
                draft = self._drafts.get(index) or self._started(index)
                self._take_entry(draft, entry)

    def _started(self, index: int) -> _Draft:
        if len(self._drafts) >= MOST_CHOICES:
            refuse_more(MOST_CHOICES, "choices")
        if index < 0:
            self._breaches.add("OL-08", f"expected an index from 0, found {shown(index)}")
        elif self._asked is not None and index >= self._asked.count:
            found = f"expected an index from 0 to {number(self._asked.count - 1)}, found {shown(index)}"
            self._breaches.add("OL-08", found)
        draft = self._drafts[index] = _Draft(index)
        return draft

    def _take_entry(self, draft: _Draft, entry: dict[str, Any]) -> None:
        breaches = self._breaches
        text, reason = entry.get("text"), entry.get("finish_reason")
        # null, absent and empty all say that the choice goes on.
        reason = reason if isinstance(reason, str) and reason else None
        if draft.finish_reason is not None:
            message = (
                f"expected no finish reason before the last chunk of a choice, found {quoted(draft.finish_reason)}"
            )
            breaches.add("OL-05b", message)
            if text or reason:
                found = "text" if text else "another finish reason"
                breaches.add("OL-06", f"expected nothing after the finish reason of a choice, found {found}")
        if isinstance(text, str):
            draft.text.add(text)
        draft.finish_reason = reason or draft.finish_reason
        if isinstance(entry.get("logprobs"), dict):
            self._judge_logprobs(draft, entry["logprobs"])

    def _judge_logprobs(self, draft: _Draft, logprobs: dict[str, Any]) -> None:
        breaches = self._breaches
        lengths = {key: len(logprobs[key]) for key in ARRAYS if isinstance(logprobs.get(key), list)}
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{count} {key}" for key, count in lengths.items())
            breaches.add("OL-10", f"expected arrays of one length in logprobs, found {found}")
        offsets = logprobs.get("text_offset")
        for offset in offsets if isinstance(offsets, list) else ():
            if type(offset) is int:
                if draft.last_offset is not None and offset < draft.last_offset:
                    found = f"{number(draft.last_offset)} and then {number(offset)}"
                    breaches.add("OL-10", f"expected text offsets that do not decrease, found {found}")
                draft.last_offset = offset
        if self._asked is None or self._asked.logprobs is None:
            return
        likeliest, most = logprobs.get("top_logprobs"), self._asked.logprobs + 1
        for tokens in likeliest if isinstance(likeliest, list) else ():
            # "there may be up to logprobs+1 elements in the response" -- openai-openapi 2.3.0, `logprobs`
            if isinstance(tokens, dict) and len(tokens) > most:
                breaches.add("OL-10b", f"expected {number(most)} top_logprobs of a token at most, found {len(tokens)}")

    def _succeed(self) -> None:
        self._judge_choices(is_whole=True)
        self._usage.judge_end()
        asked = self._asked
        if asked is not None and asked.best_of <= 1:
            missing = asked.count - sum(0 <= index < asked.count for index in self._drafts)
            if missing > 0:
                found = asked.count - missing
                self._breaches.add("OL-08", f"expected {number(asked.count)} choices, found {number(found)} of them")

    def _break_off(self) -> None:
        self._judge_choices(is_whole=False)

    def _judge_choices(self, *, is_whole: bool) -> None:
        for index in sorted(self._drafts):
            draft = self._drafts[index]
            if draft.finish_reason is None:
                self._breaches.add("OL-05", f"expected a finish reason of choice {number(index)}, found none")
            if self._asked is not None and self._asked.echo:
                prompt, text = self._asked.prompt(index) or "", draft.text.text or ""
                if not text.startswith(prompt) and (is_whole or not prompt.startswith(text)):
                    expected = f"expected the text of choice {number(index)} to start with {quoted(prompt)}"
                    self._breaches.add("OL-07", f"{expected}, found {quoted(text)}")


DIALECT: Final = Dialect(
    name="openai-completions",
    title="OpenAI text completions (legacy)",
    about=(
        "OpenAI's older text completions, kept by OpenAI and by many open servers. A stream is data-only "
        "events, each a text_completion with a piece of text; [DONE] ends it."
    ),
    states=(FRAME.states, COMPLETIONS_CHOICE),
    rule_prefix="OL-",
    base_path="/v1",
    path="/v1/completions",
    terminator=DONE,
    request={"model": "gpt-3.5-turbo-instruct", "prompt": "Say hello.", "stream": True},
    cites={"silent-truncation": "OL-02", "swallowed-error": "OL-11", "wrong-text": "OL-07b"},
    finish_synonyms={
        "end_turn": "stop",
        "stop_sequence": "stop",
        "eos": "stop",
        "eos_token": "stop",
        "completed": "stop",
        "max_tokens": "length",
        "max_output_tokens": "length",
        "contentfilter": "content_filter",
        "content_filtered": "content_filter",
    },
)

SPEECH: Final = Speech(dialect=DIALECT, machine=OpenAICompletionsMachine, read_error=openai_chat.read_error)

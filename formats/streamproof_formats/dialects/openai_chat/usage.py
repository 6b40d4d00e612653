"""The rules on token counts: when they may come, and that they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects.wording import number, quoted
from streamproof_formats.message import Usage

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Breaches, Place
    from streamproof_formats.dialects.openai_chat.request import Asked

COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")
DETAILS: Final = ("prompt_tokens_details", "completion_tokens_details")

NO_USAGE_CHUNK: Final = "no usage chunk"
NO_NULL: Final = "no usage null"
"""What a profile may allow of OC-27."""


class UsageWatch:
    """Keeps the last usage of a stream and judges each."""

    def __init__(self, asked: Asked | None, breaches: Breaches) -> None:
        self._asked = asked
        self._breaches = breaches
        self.usage: Usage | None = None
        self._chunks = 0
        self._last_is_usage_chunk = False
        self._last_is_null = True
        self._last_place: Place = (None, None, None)
        self._first_other: Place | None = None
        """The first chunk before the last that has not `usage: null`."""

    def take(self, chunk: dict[str, Any]) -> None:
        """Reads the usage of a chunk."""
        value = chunk.get("usage")
        asked = self._asked
        if asked is not None:
            if asked.include_usage:
                self._remember(chunk, value)
            elif value is not None:
                # "An optional field that will only be present when you set stream_options: {"include_usage": true}"
                # -- openai-openapi 2.3.0, CreateChatCompletionStreamResponse, `usage`
                self._breaches.add("OC-28", "expected no usage without include_usage, found some")
            elif "usage" in chunk:
                self._breaches.add("OC-28b", "expected no usage without include_usage, found the key")
        if isinstance(value, dict):
            counts = [count if type(count := value.get(name)) is int else None for name in COUNTS]
            self.usage = Usage(input=counts[0], output=counts[1], total=counts[2])
            self._judge(value, self.usage)

    def _remember(self, chunk: dict[str, Any], value: Any) -> None:
        # "All other chunks will also include a usage field, but with a null value."
        # -- openai-openapi 2.3.0, ChatCompletionStreamOptions, `include_usage`
        if not self._last_is_null and self._first_other is None:
            self._first_other = self._last_place
        self._last_is_null = "usage" in chunk and value is None
        self._last_is_usage_chunk = chunk.get("choices") == [] and isinstance(value, dict)
        self._last_place = self._breaches.place

    def _judge(self, value: dict[str, Any], usage: Usage) -> None:
        breaches, asked = self._breaches, self._asked
        match usage:
            case Usage(input=int(given), output=int(made), total=int(total)) if total != given + made:
                found = f"{number(given)} + {number(made)} and a total of {number(total)}"
                breaches.add("OC-29", f"expected total_tokens to be prompt and completion together, found {found}")
        for part in (value, *(value.get(name) for name in DETAILS)):
            if isinstance(part, dict):
                for name, count in part.items():
                    if type(count) is int and count < 0 and name.endswith("_tokens"):
                        breaches.add("OC-29b", f"expected no negative count, found {quoted(name)} {number(count)}")
        if asked is not None and asked.most_tokens is not None and usage.output is not None:
            most = asked.most_tokens * max(asked.n, 1)
            if usage.output > most:
                breaches.add(
                    "OC-39", f"expected {number(most)} completion_tokens at most, found {number(usage.output)}"
                )

    def judge_end(self) -> None:
        """Judges, at the terminator, what include_usage asked for."""
        if self._asked is None or not self._asked.include_usage:
            return
        if not self._last_is_usage_chunk:
            message = "expected a last chunk with choices [] and usage, found none before [DONE]"
            self._breaches.add("OC-27", message, about=NO_USAGE_CHUNK)
        if self._first_other is not None:
            message = "expected usage null in every chunk but the last, found a chunk without"
            self._breaches.add("OC-27", message, about=NO_NULL, place=self._first_other)

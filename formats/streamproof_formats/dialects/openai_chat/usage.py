"""The rules on token counts: when they may come, and that they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from streamproof_formats.dialects.wording import number, quoted
from streamproof_formats.message import Usage

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Breaches, Place

COUNTS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")
DETAILS: Final = ("prompt_tokens_details", "completion_tokens_details")

NO_USAGE_CHUNK: Final = "no usage chunk"
NO_NULL: Final = "no usage null"
BESIDE_CHOICES: Final = "usage beside choices"
"""What a profile may allow of OC-27 and its like."""


@attrs.frozen(kw_only=True)
class UsageRules:
    """The rules of one dialect on token counts, by what breaks them; None where it has no rule."""

    missing: str
    """include_usage, and no usage in a last chunk without choices, or usage in another."""
    unasked: str
    null_unasked: str | None = None
    null_is_due: bool = False
    """True where include_usage asks for the key, null, in every other chunk."""
    total: str | None = None
    negative: str | None = None
    too_many: str | None = None


CHAT_RULES: Final = UsageRules(
    missing="OC-27",
    unasked="OC-28",
    null_unasked="OC-28b",
    null_is_due=True,
    total="OC-29",
    negative="OC-29b",
    too_many="OC-39",
)


def usage_of(value: dict[str, Any]) -> Usage:
    """Token counts as far as they are integers."""
    counts = [count if type(count := value.get(name)) is int else None for name in COUNTS]
    return Usage(input=counts[0], output=counts[1], total=counts[2])


class UsageWatch:
    """Keeps the last usage of a stream and judges each.

    `include_usage` is None where the request is not known; `most_tokens` is the bound of all choices together.
    """

    def __init__(
        self, rules: UsageRules, breaches: Breaches, *, include_usage: bool | None, most_tokens: int | None = None
    ) -> None:
        self._rules = rules
        self._breaches = breaches
        self._include_usage = include_usage
        self._most_tokens = most_tokens
        self.usage: Usage | None = None
        self._last_is_usage_chunk = False
        self._last_is_null = True
        self._last_place: Place = (None, None, None)
        self._first_other: Place | None = None
        """The first chunk before the last whose usage is not as it should be."""

    def take(self, chunk: dict[str, Any]) -> None:
        """Reads the usage of a chunk."""
        value = chunk.get("usage")
        rules = self._rules
        if self._include_usage:
            self._remember(chunk, value)
        elif self._include_usage is False and value is not None:
            # "An optional field that will only be present when you set stream_options: {"include_usage": true}"
            # -- openai-openapi 2.3.0, CreateChatCompletionStreamResponse, `usage`
            self._breaches.add(rules.unasked, "expected no usage without include_usage, found some")
        elif self._include_usage is False and "usage" in chunk and rules.null_unasked is not None:
            self._breaches.add(rules.null_unasked, "expected no usage without include_usage, found the key")
        if isinstance(value, dict):
            self.usage = usage_of(value)
            self._judge(value, self.usage)

    def _remember(self, chunk: dict[str, Any], value: Any) -> None:
        # "All other chunks will also include a usage field, but with a null value."
        # -- openai-openapi 2.3.0, ChatCompletionStreamOptions, `include_usage`
        if not self._last_is_null and self._first_other is None:
            self._first_other = self._last_place
        self._last_is_null = value is None and ("usage" in chunk or not self._rules.null_is_due)
        self._last_is_usage_chunk = chunk.get("choices") == [] and isinstance(value, dict)
        self._last_place = self._breaches.place

    def _judge(self, value: dict[str, Any], usage: Usage) -> None:
        breaches, rules = self._breaches, self._rules
        if rules.total is not None:
            match usage:
                case Usage(input=int(given), output=int(made), total=int(total)) if total != given + made:
                    found = f"{number(given)} + {number(made)} and a total of {number(total)}"
                    message = f"expected total_tokens to be prompt and completion together, found {found}"
                    breaches.add(rules.total, message)
        if rules.negative is not None:
            for part in (value, *(value.get(name) for name in DETAILS)):
                if isinstance(part, dict):
                    for name, count in part.items():
                        if type(count) is int and count < 0 and name.endswith("_tokens"):
                            message = f"expected no negative count, found {quoted(name)} {number(count)}"
                            breaches.add(rules.negative, message)
        most = self._most_tokens
        if rules.too_many is not None and most is not None and usage.output is not None and usage.output > most:
            message = f"expected {number(most)} completion_tokens at most, found {number(usage.output)}"
            breaches.add(rules.too_many, message)

    def judge_end(self) -> None:
        """Judges, at the terminator, what include_usage asked for."""
        if not self._include_usage:
            return
        if not self._last_is_usage_chunk:
            message = "expected a last chunk with choices [] and usage, found none before [DONE]"
            about = NO_USAGE_CHUNK if self.usage is None else BESIDE_CHOICES
            self._breaches.add(self._rules.missing, message, about=about)
        if self._first_other is not None:
            message = "expected usage null in every chunk but the last, found a chunk without"
            if not self._rules.null_is_due:
                message = "expected usage in the last chunk only, found it in another"
            self._breaches.add(self._rules.missing, message, about=NO_NULL, place=self._first_other)

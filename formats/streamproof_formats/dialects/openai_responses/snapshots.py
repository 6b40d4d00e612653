"""The rules on the response itself, as events of its life show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects.wording import number, quoted, shown
from streamproof_formats.message import Usage

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Sink
    from streamproof_formats.dialects.openai_responses.drafts import OutputDraft

ALSO: Final = ("error", "incomplete_details", "instructions", "metadata", "temperature", "top_p")
"""Keys that the published schema requires and the SDK's types do not."""

CONSTANT: Final = (
    ("id", frozenset({str}), "OR-09"),
    ("created_at", frozenset({int, float}), "OR-09b"),
    ("model", frozenset({str}), "OR-09b"),
)
"""What does not change within a stream: key, types, rule."""

STATUSES: Final = {
    "created": ("in_progress", "queued"),
    "queued": ("queued",),
    "in_progress": ("in_progress",),
    "completed": ("completed",),
    "failed": ("failed",),
    "incomplete": ("incomplete",),
}
"""The statuses that a response may have in an event of its life."""

REASONS: Final = ("max_output_tokens", "content_filter", "max_messages", "steered")


class Snapshots:
    """Judges each showing of the response, against those before and against the events."""

    def __init__(self, breaches: Sink, output: OutputDraft) -> None:
        self._breaches = breaches
        self._output = output
        self._constants: dict[str, Any] = {}
        self.usage: Usage | None = None

    def take(self, name: str, response: dict[str, Any]) -> None:
        """Judges the response as an event of the name shows it."""
        breaches = self._breaches
        missing = [key for key in ALSO if key not in response]
        if missing:
            breaches.add(
                "OR-47b", f"expected {', '.join(ALSO)} in the response, found no {', '.join(missing)}", about=response
            )
        self._judge_constants(response)
        status = response.get("status")
        if status not in STATUSES[name]:
            found = "none" if status is None else shown(status)
            breaches.add("OR-08", f"expected the status {' or '.join(STATUSES[name])} in {name}, found {found}")
        # "Only present when the status is `completed`" -- openai-openapi 2.3.0, Response, completed_at
        if response.get("completed_at") is not None and isinstance(status, str) and status != "completed":
            breaches.add("OR-40", f"expected completed_at null or absent with status {quoted(status)}, found a time")
        if isinstance(response.get("usage"), dict):
            self.usage = usage_of(response["usage"])

    def judge_life(self, response: dict[str, Any]) -> None:
        """Judges a showing that does not end the stream."""
        output, items = response.get("output"), self._output.items
        if isinstance(output, list) and len(output) < len(items):
            # openai-node: "missing output at index 0" at the next event of the item
            found = f"{len(output)} of {len(items)}"
            self._breaches.add("OR-42", f"expected the items so far in the output, found {found}")

    def judge_end(self, name: str, response: dict[str, Any]) -> None:
        """Judges the last showing."""
        breaches = self._breaches
        match name:
            case "completed":
                self._judge_usage(response.get("usage"))
            case "failed":
                error = response.get("error")
                if not _has_texts(error, "code", "message"):
                    breaches.add("OR-27", f"expected an error with code and message, found {shown(error)}")
            case _:
                self._judge_reason(response.get("incomplete_details"))

    def judge_output(self, name: str, response: dict[str, Any]) -> None:
        """Judges the last showing against the items that the events told of."""
        breaches, items = self._breaches, self._output.items
        if name != "incomplete" and any(item.done and item.status == "incomplete" for item in items):
            breaches.add("OR-25", f"expected response.incomplete after an item that is, found response.{name}")
        output = response.get("output")
        if not isinstance(output, list) or any(item.taken_up or not item.done for item in items):
            return
        done = [item.last for item in sorted(items, key=lambda item: (item.index is None, item.index or 0))]
        if len(output) != len(done):
            breaches.add("OR-24", f"expected the {len(done)} items that are done in the output, found {len(output)}")
            return
        for place, (shown_item, item) in enumerate(zip(output, done, strict=True)):
            if not is_same(shown_item, item):
                breaches.add("OR-24", f"expected output[{place}] to be the item as it was when done, found another")

    def _judge_constants(self, response: dict[str, Any]) -> None:
        for key, kinds, rule in CONSTANT:
            value = response.get(key)
            if type(value) in kinds:
                before = self._constants.setdefault(key, value)
                if before != value:
                    self._constants[key] = value
                    message = f"expected the same {key} in every event, found {shown(before)} and then {shown(value)}"
                    self._breaches.add(rule, message, about=(before, value))

    def _judge_usage(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            self._breaches.add("OR-29", f"expected usage in response.completed, found {shown(usage)}")
            return
        match usage_of(usage):
            case Usage(input=int(given), output=int(made), total=int(total)) if total != given + made:
                found = f"{number(given)} + {number(made)} and a total of {number(total)}"
                self._breaches.add("OR-29", f"expected total_tokens to be input and output together, found {found}")

    def _judge_reason(self, details: Any) -> None:
        reason = details.get("reason") if isinstance(details, dict) else None
        if reason is None:
            self._breaches.add("OR-26", "expected incomplete_details with a reason, found none")
        elif reason not in REASONS:
            self._breaches.add("OR-26b", f"expected {', '.join(REASONS)} as the reason, found {shown(reason)}")


def usage_of(value: dict[str, Any]) -> Usage:
    """Token counts as far as they are integers."""
    counts = [
        count if type(count := value.get(name)) is int else None
        for name in ("input_tokens", "output_tokens", "total_tokens")
    ]
    return Usage(input=counts[0], output=counts[1], total=counts[2])


def is_same(one: Any, other: Any) -> bool:
    """Whether two values say the same: a key that is null or holds nothing is as one that is absent."""
    try:
        return bool(_plain(one) == _plain(other))
    except RecursionError:
        return True


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain for key, item in value.items() if (plain := _plain(item)) not in (None, [], {}, "")}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _has_texts(value: Any, *keys: str) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in keys)

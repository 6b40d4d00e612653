"""The rules on token counts: running totals that replace each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamproof_formats.dialects.base import integer
from streamproof_formats.dialects.wording import number
from streamproof_formats.message import Usage

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Sink


class UsageWatch:
    """Keeps the counts of a stream and judges each."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self._at_start: int | None = None
        self._last: int | None = None
        """The output of the last message_delta."""

    def start(self, value: Any) -> None:
        """Reads the usage of message_start."""
        if isinstance(value, dict):
            self._at_start = integer(value.get("output_tokens"))
            self.usage = Usage(input=integer(value.get("input_tokens")), output=self._at_start)

    def update(self, value: Any, breaches: Sink) -> None:
        """Reads the usage of a message_delta, which replaces what was before."""
        if not isinstance(value, dict):
            return
        output, given = integer(value.get("output_tokens")), integer(value.get("input_tokens"))
        if output is not None:
            # "token counts shown in the usage field of the message_delta event are cumulative"
            # -- Anthropic docs, Streaming messages
            if self._last is not None and output < self._last:
                found = f"{number(self._last)} and then {number(output)}"
                breaches.add("AM-15", f"expected output_tokens never to fall, found {found}")
            elif self._at_start is not None and output < self._at_start:
                found = f"{number(self._at_start)} in message_start and then {number(output)}"
                breaches.add("AM-15b", f"expected output_tokens never to fall, found {found}")
            self._last = output
        before = self.usage or Usage()
        self.usage = Usage(
            input=before.input if given is None else given, output=before.output if output is None else output
        )

"""ollama-chat: one object a line, the last with `done` (Ollama documentation, "Generate a chat message")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.message import Call, Delta
from streamproof.subjects.reference.reader import Reader

Json = Any


class OllamaReader(Reader):
    """See Reader.  Nothing but `done` ends a stream: without it, it was cut off."""

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader."""
        choice = self.answer.choice(0)
        message = fields.whole(chunk.get("message"), "message")
        thinking = fields.text(message, "thinking", "message")
        if thinking:
            yield from choice.add_text("reasoning", thinking)
        content = fields.text(message, "content", "message")
        if content is not None:
            yield from choice.add_text("text", content)
        for number, part in enumerate(fields.array(message, "tool_calls", "message")):
            place = f"message.tool_calls[{number}]"
            function = fields.whole(fields.whole(part, place).get("function"), f"{place}.function")
            call = Call(fields.text(part, "id", place))
            call.add_name(fields.text(function, "name", f"{place}.function") or "")
            call.arguments.append(fields.dumped(fields.whole(function.get("arguments"), f"{place}.function.arguments")))
            choice.calls.append(call)
        if chunk.get("done") is True:
            choice.finish_reason = fields.text(chunk, "done_reason", "") or None
            given, made = fields.count(chunk.get("prompt_eval_count")), fields.count(chunk.get("eval_count"))
            if given is not None or made is not None:
                self.answer.usage = {"input": given, "output": made, "total": None}
            self.done = True

    def is_whole(self) -> bool:
        """See Reader."""
        return False

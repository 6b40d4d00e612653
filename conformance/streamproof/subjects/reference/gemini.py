"""gemini: parts of candidates (Gemini API reference, "GenerateContentResponse").  The end of the body is the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.message import Call, Choice, Delta
from streamproof.subjects.reference.reader import Reader

Json = Any


class GeminiReader(Reader):
    """See Reader.  Nothing in the stream ends it: it is whole if each candidate says why it ended, or was blocked."""

    def __init__(self, request: Mapping[str, Json]) -> None:
        super().__init__(request)
        self._is_blocked = False

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader."""
        usage = chunk.get("usageMetadata")
        if isinstance(usage, dict):
            # Running totals: the last counts, and a chunk without them takes nothing back.
            self.answer.usage = {
                "input": fields.count(usage.get("promptTokenCount")),
                "output": fields.count(usage.get("candidatesTokenCount")),
                "total": fields.count(usage.get("totalTokenCount")),
            }
        feedback = chunk.get("promptFeedback")
        self._is_blocked = self._is_blocked or (isinstance(feedback, dict) and bool(feedback.get("blockReason")))
        for number, part in enumerate(fields.array(chunk, "candidates", "")):
            place = f"candidates[{number}]"
            candidate = fields.whole(part, place)
            # "index" is left out where it is 0.
            choice = self.answer.choice(fields.count(candidate.get("index")) or 0)
            yield from _read_candidate(choice, candidate, place)

    def is_whole(self) -> bool:
        """See Reader."""
        choices = self.answer.choices.values()
        return all(choice.finish_reason for choice in choices) and (bool(choices) or self._is_blocked)


def _read_candidate(choice: Choice, candidate: Mapping[str, Json], place: str) -> Iterator[Delta]:
    content = candidate.get("content")
    # A candidate that only ends has no content, or content without parts.
    if content is not None:
        where = f"{place}.content"
        for number, item in enumerate(fields.array(fields.whole(content, where), "parts", where)):
            part = fields.whole(item, f"{where}.parts[{number}]")
            text = fields.text(part, "text", f"{where}.parts[{number}]")
            if text is not None:
                yield from choice.add_text("reasoning" if part.get("thought") is True else "text", text)
            if part.get("functionCall") is not None:
                _read_call(choice, part["functionCall"], f"{where}.parts[{number}].functionCall")
    reason = fields.text(candidate, "finishReason", place)
    if reason not in {None, "", "FINISH_REASON_UNSPECIFIED"}:
        choice.finish_reason = reason


def _read_call(choice: Choice, item: Json, place: str) -> None:
    part = fields.whole(item, place)
    call = Call(fields.text(part, "id", place))
    call.add_name(fields.text(part, "name", place) or "")
    args = part.get("args")
    call.arguments.append("{}" if args is None else fields.dumped(fields.whole(args, f"{place}.args")))
    choice.calls.append(call)

"""openai-completions: `text_completion` objects, each with pieces of text (OpenAI API reference, "Completions")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamproof.subjects.reference import fields
from streamproof.subjects.reference.chat import ChatReader, choice_index, take_finish, take_usage
from streamproof.subjects.reference.message import Delta

Json = Any


class CompletionsReader(ChatReader):
    """See Reader.  Each of several prompts has its own choices."""

    def __init__(self, request: Mapping[str, Json]) -> None:
        super().__init__(request)
        prompt = request.get("prompt")
        if isinstance(prompt, list) and not all(isinstance(item, int) for item in prompt):
            self._choices_due *= len(prompt)

    def read(self, chunk: Mapping[str, Json]) -> Iterator[Delta]:
        """See Reader."""
        take_usage(self.answer, chunk)
        for number, value in enumerate(fields.array(chunk, "choices", "")):
            place = f"choices[{number}]"
            part = fields.whole(value, place)
            choice = self.answer.choice(choice_index(part, place))
            text = fields.text(part, "text", place)
            if text is not None:
                yield from choice.add_text("text", text)
            take_finish(choice, part, place)

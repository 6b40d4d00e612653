"""The rules on log probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from streamproof_formats.dialects.wording import number, quoted

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Sink
    from streamproof_formats.dialects.openai_chat.assembler import ChoiceDraft
    from streamproof_formats.dialects.openai_chat.request import Asked


def judge(draft: ChoiceDraft, value: Any, delta: dict[str, Any], asked: Asked | None, breaches: Sink) -> None:
    """Judges the logprobs, which are not null, that come with a delta."""
    if asked is not None and asked.logprobs is False:
        breaches.add("OC-30c", "expected no logprobs with logprobs false, found some")
    elif asked is not None and asked.logprobs is None:
        breaches.add("OC-30b", "expected no logprobs in the answer to a request without them, found some")
    if not isinstance(value, dict):
        return
    for key in ("content", "refusal"):
        entries, text = value.get(key), delta.get(key)
        if not isinstance(entries, list):
            continue
        draft.has_logprobs |= key == "content" and bool(entries)
        if isinstance(text, str) and text and not _accounts_for(entries, text):
            found = quoted("".join(_tokens(entries)))
            breaches.add("OC-30b", f"expected logprobs of the tokens of {quoted(text)}, found those of {found}")
        if asked is not None and asked.top_logprobs is not None:
            for entry in entries:
                likeliest = entry.get("top_logprobs") if isinstance(entry, dict) else None
                if isinstance(likeliest, list) and len(likeliest) > asked.top_logprobs:
                    message = f"expected {number(asked.top_logprobs)} top_logprobs at most, found {len(likeliest)}"
                    breaches.add("OC-43", message)


def _tokens(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        token = entry.get("token") if isinstance(entry, dict) else None
        if isinstance(token, str):
            yield token


def _accounts_for(entries: list[Any], text: str) -> bool:
    if "".join(_tokens(entries)) == text:
        return True
    # A token may be a part of a character: only its bytes tell.
    joined = bytearray()
    for entry in entries:
        values = entry.get("bytes") if isinstance(entry, dict) else None
        if not isinstance(values, list) or not all(type(value) is int and 0 <= value < 256 for value in values):
            return False
        joined += bytes(values)
    return joined == text.encode("utf-8", "surrogatepass")

"""What the documents allow beside the answer: further keys, padding, pings, events that nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from streamproof_scenarios.generating.draw import Draw
from streamproof_scenarios.generating.texts import unknown_fields
from streamproof_scenarios.generating.turns import Segment

Json = dict[str, Any]
Aside = Callable[[Draw, int], Json]
Rich = Callable[[Draw, int, str], Json]


def _padding(draw: Draw, key: str) -> Json:
    return {key: "x" * draw.integer(1, 20)}


def _entry(draw: Draw, index: int, delta: Json) -> Json:
    # "There are further keys at any level": rules OC-32, MI-15
    return {"index": index, "delta": {**delta, **unknown_fields(draw)}, "finish_reason": None, **unknown_fields(draw)}


def _chat(draw: Draw, index: int) -> Json:
    return {"chunk": {"choices": [_entry(draw, index, {})], **_padding(draw, "obfuscation"), **unknown_fields(draw)}}


def _chat_text(draw: Draw, index: int, text: str) -> Json:
    return {"chunk": {"choices": [_entry(draw, index, {"content": text})], **_padding(draw, "obfuscation")}}


def _completion_text(draw: Draw, index: int, text: str) -> Json:
    entry = {"text": text, "index": index, "logprobs": None, "finish_reason": None, **unknown_fields(draw)}
    return {"chunk": {"choices": [entry], **unknown_fields(draw)}}


def _workers(draw: Draw, index: int) -> Json:  # noqa: ARG001
    return {"chunk": {"response": draw.choice(("", None)), **_padding(draw, "p")}}


def _workers_text(draw: Draw, index: int, text: str) -> Json:  # noqa: ARG001
    return {"chunk": {"response": text, **_padding(draw, "p"), **unknown_fields(draw)}}


def _mistral(draw: Draw, index: int) -> Json:
    return {"chunk": {"choices": [_entry(draw, index, {"content": ""})], **_padding(draw, "p")}}


def _mistral_text(draw: Draw, index: int, text: str) -> Json:
    content: Any = draw.choice((text, [{"type": "text", "text": text}]))
    return {"chunk": {"choices": [_entry(draw, index, {"content": content})], **unknown_fields(draw)}}


def _ollama(draw: Draw, index: int) -> Json:  # noqa: ARG001
    return {"chunk": unknown_fields(draw)}


def _ollama_text(draw: Draw, index: int, text: str) -> Json:  # noqa: ARG001
    return {"chunk": {"message": {"role": "assistant", "content": text, **unknown_fields(draw)}}}


def _candidate(draw: Draw, index: int, part: Json) -> Json:
    content = {"parts": [part], "role": "model", **unknown_fields(draw)}
    return {"chunk": {"candidates": [{"content": content, "index": index, **unknown_fields(draw)}]}}


def _gemini(draw: Draw, index: int) -> Json:
    return _candidate(draw, index, {"text": "", "thoughtSignature": "c2ln", **unknown_fields(draw)})


def _gemini_text(draw: Draw, index: int, text: str) -> Json:
    said = _candidate(draw, index, {"text": text, **unknown_fields(draw)})
    # "where earlier ones have it too, its counts never go down": rule GM-13
    return {"chunk": {**said["chunk"], **({"usageMetadata": {"promptTokenCount": 1}} if draw.chance(50) else {})}}


def _anthropic(draw: Draw, index: int) -> Json:  # noqa: ARG001
    if draw.chance(50):
        return {"event": {"type": "ping"}}
    return {"event": {"type": "x_new_event", **unknown_fields(draw)}}


def _responses(draw: Draw, index: int) -> Json:  # noqa: ARG001
    return {"chunk": {"type": "keepalive"}}


def _responses_text(draw: Draw, index: int, text: str) -> Json:  # noqa: ARG001
    return {"chunk": {"delta": text, **_padding(draw, "obfuscation"), **unknown_fields(draw)}}


def _cohere(draw: Draw, index: int) -> Json:  # noqa: ARG001
    if draw.chance(50):
        return {"event": {"type": "debug", "prompt": draw.text(6)}}
    return {"event": {"type": "x-new-event", **unknown_fields(draw)}}


def _whole_blocks(draw: Draw) -> Iterator[Json]:
    """Blocks that come whole in their start: rule AM-08 asks for no delta of these."""
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
    for index in range(draw.integer(1, 2)):
        block = draw.choice(({"type": "redacted_thinking", "data": "eA=="}, {"type": "fallback"}, result))
        yield {"event": {"type": "content_block_start", "index": index, "content_block": block}}
        yield {"event": {"type": "content_block_stop", "index": index}}


def _custom_call(segment: Segment, number: int, index: int) -> Iterator[Json]:
    """A call of a custom tool: rule OC-45."""

    def chunk(**call: Any) -> Json:
        entry = {"index": index, "delta": {"tool_calls": [{"index": number, **call}]}, "finish_reason": None}
        return {"chunk": {"choices": [entry]}}

    yield chunk(id=segment.id, type="custom", custom={"name": segment.name, "input": ""})
    for piece in segment.pieces:
        yield chunk(custom={"input": piece})


def _older_call(segment: Segment, number: int, index: int) -> Iterator[Json]:  # noqa: ARG001
    """A call in the shape of before: rules WA-12 and WA-12b."""
    yield {"chunk": {"tool_calls": [{"name": segment.name, "arguments": segment.text}]}}


def _chat_shared(said: Sequence[tuple[int, str]]) -> Json:
    choices = [{"index": index, "delta": {"content": text}, "finish_reason": None} for index, text in said]
    return {"chunk": {"choices": choices}}


def _completions_shared(said: Sequence[tuple[int, str]]) -> Json:
    choices = [{"text": text, "index": index, "logprobs": None, "finish_reason": None} for index, text in said]
    return {"chunk": {"choices": choices}}


def _gemini_shared(said: Sequence[tuple[int, str]]) -> Json:
    candidates = [{"content": {"parts": [{"text": text}], "role": "model"}, "index": index} for index, text in said]
    return {"chunk": {"candidates": candidates}}


ASIDES: Final[Mapping[str, Aside]] = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _anthropic,
    "workers-ai": _workers,
    "gemini": _gemini,
    "ollama-chat": _ollama,
    "mistral": _mistral,
    "cohere-v2": _cohere,
}
"""By dialect, a step that may stand within a choice that has begun and says nothing."""

RICH: Final[Mapping[str, Rich]] = {
    "openai-chat": _chat_text,
    "openai-completions": _completion_text,
    "openai-responses": _responses_text,
    "workers-ai": _workers_text,
    "gemini": _gemini_text,
    "ollama-chat": _ollama_text,
    "mistral": _mistral_text,
}
"""By dialect, a piece of text with more beside it than the word `text` writes."""

PRELUDES: Final[Mapping[str, Callable[[Draw], Iterator[Json]]]] = {"anthropic-messages": _whole_blocks}
"""By dialect, steps that may stand before all that is said."""

CALLS: Final[Mapping[tuple[str, str], Callable[[Segment, int, int], Iterator[Json]]]] = {
    ("openai-chat", "custom"): _custom_call,
    ("workers-ai", "older"): _older_call,
}
"""By dialect and kind, the steps of a call that the word `tool` does not write: of the call, its number, its choice."""

SHARED: Final[Mapping[str, Callable[[Sequence[tuple[int, str]]], Json]]] = {
    "openai-chat": _chat_shared,
    "openai-completions": _completions_shared,
    "mistral": _chat_shared,
    "gemini": _gemini_shared,
}
"""By dialect, one step that says pieces of text of several choices (rules OC-17b and GM-15)."""

"""Legacy text completions, streamed and whole.  Document: OpenAI OpenAPI, `CreateCompletionRequest`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.checked import checked
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.tokens import count, tokens
from streamproof_mock.behaviour.utterance import speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan

_FINGERPRINT: Final = "fp_streamproof"
_LOGPROB: Final = -0.25
_DEFAULT_TOKENS: Final = 16
"""CreateCompletionRequest, max_tokens: the default."""


@attrs.frozen(kw_only=True)
class _Completion:
    """One choice, as tokens; the prompt's come first where it is echoed."""

    echoed: tuple[str, ...]
    text: tuple[str, ...]
    finish: str

    @property
    def pieces(self) -> tuple[str, ...]:
        return (*self.echoed, *self.text)


def answer(call: Call) -> AnswerPlan:
    """The answer to a completions request.  Raises Refusal."""
    body = checked("openai-completions", call.body)
    prompts = _prompts(body["prompt"])
    said = [_completion(body, prompt) for prompt in prompts for _ in range(body.get("n") or 1)]
    prompt_tokens = sum(size for _, size in prompts)
    completion_tokens = sum(len(choice.text) for choice in said)
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    envelope = {
        "id": f"cmpl-{secrets.token_hex(12)}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": body["model"],
        "system_fingerprint": _FINGERPRINT,
    }
    if body.get("stream"):
        wants_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return event_stream("openai-completions", body, _chunks(body, envelope, said, usage if wants_usage else None))
    choices = [_entry(body, index, choice.pieces, 0, choice.finish) for index, choice in enumerate(said)]
    return json_reply(200, {**envelope, "choices": choices, "usage": usage})


def _prompts(value: Any) -> list[tuple[str | None, int]]:
    """The prompts with their sizes in tokens; a prompt that is given as tokens has no text."""
    given = value if isinstance(value, list) and not all(isinstance(item, int) for item in value) else [value]
    return [
        (item, count(item)) if isinstance(item, str) else (None, len(item) if isinstance(item, list) else 0)
        for item in given
    ]


def _completion(body: Mapping[str, Any], prompt: tuple[str | None, int]) -> _Completion:
    stop, most = body.get("stop"), body.get("max_tokens")
    utterance = speak(
        stop=[part for part in ([stop] if isinstance(stop, str) else stop or ()) if part],
        max_tokens=_DEFAULT_TOKENS if most is None else most,
    )
    echoed = tokens(prompt[0]) if body.get("echo") and prompt[0] else []
    return _Completion(echoed=tuple(echoed), text=utterance.text, finish=utterance.cut or "stop")


def _chunks(
    body: Mapping[str, Any], envelope: Mapping[str, Any], said: Sequence[_Completion], usage: Any
) -> Iterator[dict[str, Any]]:
    for index, choice in enumerate(said):
        offset = 0
        for piece in choice.pieces:
            yield {**envelope, "choices": [_entry(body, index, (piece,), offset, None)]}
            offset += len(piece)
        yield {**envelope, "choices": [_entry(body, index, (), offset, choice.finish)]}
    if usage is not None:
        yield {**envelope, "choices": [], "usage": usage}


def _entry(
    body: Mapping[str, Any], index: int, pieces: Sequence[str], offset: int, finish: str | None
) -> dict[str, Any]:
    logprobs = None
    if body.get("logprobs") is not None and pieces:
        starts = [offset + sum(map(len, pieces[:place])) for place in range(len(pieces))]
        logprobs = {
            "tokens": list(pieces),
            "token_logprobs": [_LOGPROB] * len(pieces),
            # The token that was chosen is always told of: it is the one beyond those that were asked for.
            "top_logprobs": [{piece: _LOGPROB} for piece in pieces],
            "text_offset": starts,
        }
    return {"text": "".join(pieces), "index": index, "logprobs": logprobs, "finish_reason": finish}

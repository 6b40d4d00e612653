"""Chat completions, streamed and whole."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.chat_request import ChatRequest, chat_request
from streamproof_mock.behaviour.streams import event_stream
from streamproof_mock.behaviour.utterance import Call as ToolCall
from streamproof_mock.behaviour.utterance import Utterance, prompt_tokens, speak
from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan

_FINGERPRINT: Final = "fp_streamproof"
_LOGPROB: Final = -0.25


def answer(call: Call) -> AnswerPlan:
    """The answer to a chat completions request.  Raises Refusal."""
    request = chat_request(call.body)
    spoken = [
        speak(called=request.called, schema=request.json_schema, stop=request.stop, max_tokens=request.max_tokens)
        for _ in range(request.n)
    ]
    if request.stream:
        return event_stream("openai-chat", call.body, _chunks(request, spoken))
    return json_reply(200, _whole(request, spoken))


def _envelope(request: ChatRequest, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": kind,
        "created": int(time.time()),
        "model": request.model,
        "service_tier": request.service_tier or "default",
        "system_fingerprint": _FINGERPRINT,
    }


def _chunks(request: ChatRequest, spoken: Sequence[Utterance]) -> Iterator[dict[str, Any]]:
    envelope = _envelope(request, "chat.completion.chunk")

    def chunk(choices: list[dict[str, Any]], usage: Any = None) -> dict[str, Any]:
        made = {**envelope, "choices": choices}
        # include_usage: "All other chunks will also include a usage field, but with a null value"; without it, none.
        if request.include_usage:
            made["usage"] = usage
        if request.obfuscate:
            made["obfuscation"] = secrets.token_urlsafe(secrets.randbelow(8))
        return made

    for index, utterance in enumerate(spoken):
        for delta, logprobs in _deltas(request, utterance):
            yield chunk([{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None}])
        finish = _finish(request, utterance)
        yield chunk([{"index": index, "delta": {}, "logprobs": None, "finish_reason": finish}])
    if request.include_usage:
        yield chunk([], _usage(request, spoken))


def _deltas(request: ChatRequest, utterance: Utterance) -> Iterator[tuple[dict[str, Any], Any]]:
    content = None if utterance.calls else ""
    yield {"role": "assistant", "content": content, "refusal": None}, None
    for token in utterance.text:
        yield {"content": token}, _logprobs(request, [token])
    if request.legacy:
        for call in utterance.calls:
            yield {"function_call": {"name": call.name, "arguments": ""}}, None
            for piece in call.pieces:
                yield {"function_call": {"arguments": piece}}, None
        return
    for number, call in enumerate(utterance.calls):
        function = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": number, "id": call.id, "type": "function", "function": function}]}, None
        for piece in call.pieces:
            yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}, None


def _finish(request: ChatRequest, utterance: Utterance) -> str:
    if utterance.cut is not None:
        return utterance.cut
    # A call that was forced by name ends with `stop`: function-calling guide (rules OC-25, OC-26).
    if not utterance.calls or request.forced:
        return "stop"
    return "function_call" if request.legacy else "tool_calls"


def _logprobs(request: ChatRequest, pieces: Sequence[str]) -> dict[str, Any] | None:
    if not request.logprobs:
        return None
    return {"content": [_logprob(piece, request.top_logprobs) for piece in pieces], "refusal": None}


def _logprob(token: str, top: int) -> dict[str, Any]:
    entry = {"token": token, "logprob": _LOGPROB, "bytes": list(token.encode())}
    return {**entry, "top_logprobs": [entry][:top]}


def _usage(request: ChatRequest, spoken: Sequence[Utterance]) -> dict[str, Any]:
    prompt = prompt_tokens(request.messages, request.tools_given)
    completion = sum(utterance.tokens for utterance in spoken)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _whole(request: ChatRequest, spoken: Sequence[Utterance]) -> dict[str, Any]:
    choices = [
        {
            "index": index,
            "message": _message(request, utterance),
            "logprobs": None if utterance.calls else _logprobs(request, utterance.text),
            "finish_reason": _finish(request, utterance),
        }
        for index, utterance in enumerate(spoken)
    ]
    return {**_envelope(request, "chat.completion"), "choices": choices, "usage": _usage(request, spoken)}


def _message(request: ChatRequest, utterance: Utterance) -> dict[str, Any]:
    content = None if utterance.calls else "".join(utterance.text)
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None, "annotations": []}
    if utterance.calls and request.legacy:
        [call] = utterance.calls
        message["function_call"] = {"name": call.name, "arguments": call.arguments}
    elif utterance.calls:
        message["tool_calls"] = [_whole_call(call) for call in utterance.calls]
    return message


def _whole_call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}

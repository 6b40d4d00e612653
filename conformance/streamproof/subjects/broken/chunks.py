"""Faults in reading chunks: choices, finish reasons, usage, what is unknown."""

from __future__ import annotations

from typing import Any, Final

from streamproof.subjects.broken.fault import Fault, Json, around, reading, rewriting
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.message import Choice
from streamproof.subjects.reference.reader import Reader
from streamproof.subjects.reference.stream import ChatStream

_CHOICES: Final = ("choices", "candidates")
_REASONS: Final = ("finish_reason", "finishReason")
_KNOWN: Final = frozenset({
    "stop", "length", "tool_calls", "function_call", "content_filter", "end_turn", "max_tokens", "tool_use",
    "stop_sequence", "STOP", "MAX_TOKENS", "SAFETY", "COMPLETE", "TOOL_CALL",
})  # fmt: skip


def _each_choice(change: Any, keys: tuple[str, ...] = _CHOICES) -> Any:
    def rewrite(chunk: dict[str, Json]) -> dict[str, Json]:
        for key in keys:
            if isinstance(chunk.get(key), list):
                made = [change(part) if isinstance(part, dict) else part for part in chunk[key]]
                chunk[key] = [part for part in made if part is not None]
        return chunk

    return rewriting(rewrite)


def _all_are_the_first(part: dict[str, Json]) -> Json:
    return {**part, "index": 0}


def _first_only(part: dict[str, Json]) -> Json:
    return part if not part.get("index") else None


def _needs_a_choice(chunk: dict[str, Json]) -> dict[str, Json]:
    for key in _CHOICES:
        if chunk.get(key) == []:
            raise ClientError("index_error", "list index out of range")
    return chunk


def _first_of_the_list(chunk: dict[str, Json]) -> dict[str, Json]:
    return {key: one[:1] if key in _CHOICES and isinstance(one, list) else one for key, one in chunk.items()}


def _needs_a_delta(part: dict[str, Json]) -> Json:
    if "delta" not in part and "text" not in part:
        raise ClientError("key_error", "'delta'")
    return part


def _needs_a_reason(part: dict[str, Json]) -> Json:
    if "finish_reason" not in part:
        raise ClientError("key_error", "'finish_reason'")
    return part


def _known_reasons(part: dict[str, Json]) -> Json:
    for key in _REASONS:
        if part.get(key) and part[key] not in _KNOWN:
            raise ClientError("validation", f"unknown finish reason {part[key]}")
    return part


def _null_ends(original: Any, reader: Reader, chunk: dict[str, Json]) -> Any:
    yield from original(reader, chunk)
    for part in chunk.get("choices") or ():
        if isinstance(part, dict) and part.get("finish_reason") in {"", "null"}:
            reader.done = True


def _reason_is_reset(original: Any, reader: Reader, chunk: dict[str, Json]) -> Any:
    yield from original(reader, chunk)
    for part in chunk.get("choices") or ():
        if isinstance(part, dict) and not part.get("finish_reason"):
            reader.answer.choice(part.get("index") or 0).finish_reason = None


def _report(change: Any) -> Any:
    def report(original: Any, choice: Choice, *, ended: bool) -> dict[str, Json]:
        said: dict[str, Json] = original(choice, ended=ended)
        return {**said, **change(said)}

    return around(Choice, "report", report)


def _always_stop(said: dict[str, Json]) -> dict[str, Json]:
    return {"finish_reason": "stop"} if said["finish_reason"] else {}


def _usage(keep: Any) -> Any:
    def read(original: Any, reader: Reader, chunk: dict[str, Json]) -> Any:
        before = reader.answer.usage and dict(reader.answer.usage)
        yield from original(reader, chunk)
        after = reader.answer.usage
        if after is not None and (before is not None or keep is _none):
            reader.answer.usage = keep(before, after)

    return reading(read)


Usage = dict[str, int | None]


def _summed(before: Usage, after: Usage) -> Usage:
    return {key: (before.get(key) or 0) + (after[key] or 0) for key in after} if after != before else after


def _first(before: Usage, _after: Usage) -> Usage:
    return before


def _none(_before: Usage, _after: Usage) -> None:
    return None


def _estimated(original: Any, stream: ChatStream) -> dict[str, Json]:
    said: dict[str, Json] = original(stream)
    return {**said, "usage": said["usage"] or {"input": 1, "output": 1, "total": 2}}


def _usage_beside_choices(chunk: dict[str, Json]) -> dict[str, Json]:
    if chunk.get("choices"):
        chunk.pop("usage", None)
    return chunk


def _usage_refused(chunk: dict[str, Json]) -> dict[str, Json]:
    if "choices" in chunk and chunk.get("usage") and chunk["choices"]:
        raise ClientError("validation", "usage beside choices")
    return chunk


_TOP: Final = frozenset({
    "id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "type", "message", "index",
    "content_block", "delta", "response", "tool_calls", "candidates", "usageMetadata", "modelVersion", "responseId", "done",
    "done_reason", "created_at", "item", "part", "text", "sequence_number", "output_index", "content_index", "item_id",
    "summary_index", "arguments", "name", "logprobs", "refusal", "annotation", "annotation_index", "error", "code", "param",
    "p", "total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count", "eval_duration",
    "promptFeedback", "input", "finish_reason",
})  # fmt: skip


def _known_keys(chunk: dict[str, Json]) -> dict[str, Json]:
    for key in chunk:
        if key not in _TOP:
            raise ClientError("validation", f"extra inputs are not permitted: {key}")
    return chunk


_ID_KEYS: Final = ("id", "model", "created")


def _same_ids(original: Any, reader: Reader, chunk: dict[str, Json]) -> Any:
    first = vars(reader).setdefault("first", {})
    for key in _ID_KEYS:
        if key in chunk and first.setdefault(key, chunk[key]) != chunk[key]:
            raise ClientError("validation", f"{key} changed")
    yield from original(reader, chunk)


def _whole_numbers(chunk: dict[str, Json]) -> dict[str, Json]:
    if isinstance(chunk.get("created"), float):
        raise ClientError("validation", "created is no integer")
    return chunk


def _role_first(original: Any, reader: Reader, chunk: dict[str, Json]) -> Any:
    for part in chunk.get("choices") or ():
        delta = part.get("delta") if isinstance(part, dict) else None
        if isinstance(delta, dict) and delta:
            if not delta.get("role") and not vars(reader).get("role"):
                raise ClientError("validation", "the first delta has no role")
            vars(reader)["role"] = True
    yield from original(reader, chunk)


def _role_once(original: Any, reader: Reader, chunk: dict[str, Json]) -> Any:
    yield from original(reader, chunk)
    for part in chunk.get("choices") or ():
        delta = part.get("delta") if isinstance(part, dict) else None
        if isinstance(delta, dict) and "role" in delta:
            # A role is taken for the start of a message: what came before is another one's.
            choice = reader.answer.choice(part.get("index") or 0)
            if vars(reader).setdefault("begun", set()).__contains__(choice.index):
                choice._texts.clear()
            vars(reader)["begun"].add(choice.index)


def _message_too(part: dict[str, Json]) -> Json:
    message, delta = part.get("message"), part.get("delta")
    if not isinstance(message, dict) or not isinstance(delta, dict):
        return part
    return {**part, "delta": {**delta, "content": (delta.get("content") or "") + (message.get("content") or "")}}


def _of_64_bits(chunk: dict[str, Json]) -> dict[str, Json]:
    def check(value: Json) -> None:
        if isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                check(one)
        elif isinstance(value, int) and value >= 1 << 63:
            raise ClientError("overflow", f"{value} does not fit into 64 bits")

    check(chunk)
    return chunk


CHUNKS: Final = (
    Fault("all-choices-are-one", "adds every choice to the first", _each_choice(_all_are_the_first)),
    Fault(
        "first-choice-only",
        "drops every choice but the first, and says that it can tell them",
        _each_choice(_first_only),
    ),
    Fault("one-choice-a-chunk", "reads the first entry of choices only", rewriting(_first_of_the_list)),
    Fault("needs-a-choice", "reads choices[0] where there is none", rewriting(_needs_a_choice)),
    Fault("needs-a-delta", "reads the delta of a choice that has none", _each_choice(_needs_a_delta, ("choices",))),
    Fault(
        "needs-a-reason",
        "wants a finish reason in each choice of a chunk, null or not",
        _each_choice(_needs_a_reason, ("choices",)),
    ),
    Fault("knows-all-reasons", "refuses finish reasons that it does not know", _each_choice(_known_reasons)),
    Fault("empty-reason-ends", "takes a finish reason that is empty, or the word null, for one", reading(_null_ends)),
    Fault("reason-is-reset", "lets a later null take the finish reason back", reading(_reason_is_reset)),
    Fault("reason-is-stop", "reports stop whatever the reason is", _report(_always_stop)),
    Fault("usage-summed", "adds up running totals", _usage(_summed)),
    Fault("usage-first", "keeps the first usage", _usage(_first)),
    Fault(
        "usage-made-up",
        "makes up counts where none came",
        around(ChatStream, "report", _estimated),
    ),
    Fault("usage-dropped", "drops the usage, and says that it can tell it", _usage(_none)),
    Fault("usage-beside-choices-dropped", "reads usage only in a chunk of its own", rewriting(_usage_beside_choices)),
    Fault("usage-beside-choices-is-fatal", "refuses usage beside choices", rewriting(_usage_refused)),
    Fault("knows-all-keys", "refuses keys that it does not know", rewriting(_known_keys)),
    Fault("ids-stay", "refuses an id, a model or a time that changes", reading(_same_ids)),
    Fault("whole-seconds", "refuses a time with a fraction", rewriting(_whole_numbers)),
    Fault("needs-a-role", "refuses a first delta without a role", reading(_role_first)),
    Fault("role-begins-anew", "takes each role for the start of a new message", reading(_role_once)),
    Fault(
        "reason-dropped",
        "drops the finish reason, and says that it can tell it",
        _report(lambda _: {"finish_reason": None}),
        meets_waiting=True,
    ),
    Fault("message-is-said-too", "adds the message beside a delta to its text", _each_choice(_message_too)),
    Fault("64-bit-numbers", "refuses numbers of more than 64 bits", rewriting(_of_64_bits)),
)

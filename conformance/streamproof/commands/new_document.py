"""The document of a new scenario: a skeleton, or what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from streamproof.errors import StreamproofError
from streamproof.judging.recorded import Limits, Recorded, judge_answer, judge_body
from streamproof.judging.secrets import masked, masked_header
from streamproof.linting.streams import findings_of
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.response import BodyEnd, ResponseHead
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.file_text import file_text
from streamproof_scenarios.loader import loads, title_of
from streamproof_scenarios.recorded_steps import recorded_steps

Json = Any
LARGEST: Final = 1 << 20
"""Bytes of a body at most: a scenario is for reading."""
_ENDS: Final[Mapping[BodyEnd, str]] = {"fin": "fin", "reset": "reset", "bad-framing": "bad-chunk", "timeout": "stall"}
_UNTOLD: Final = frozenset(
    {
        "date",
        "server",
        "connection",
        "keep-alive",
        "transfer-encoding",
        "content-length",
        "content-encoding",
        "set-cookie",
    }
)
"""Headers that the framing writes, and those that say nothing of a stream."""


@attrs.frozen(kw_only=True)
class Made:
    """A new document, and what is to be said of it."""

    document: dict[str, Json]
    notes: tuple[str, ...] = ()


def skeleton(name: str, dialect: str) -> Made:
    """A whole short answer to begin with."""
    steps = [{"role": "assistant"}, {"text": "Hello"}, {"text": " there"}, {"finish": "stop"}, "done"]
    about = "Say here what a client gets wrong, and why it matters."
    return Made(document={"title": title_of(name), "dialect": dialect, "about": about, "stream": {"steps": steps}})


def recorded(name: str, dialect: str, data: bytes, *, is_whole: bool, request: Mapping[str, Json] | None) -> Made:
    """What a recording shows, `is_whole` with its head, the rules that it breaks under `breaks`."""
    judge = judge_answer if is_whole else judge_body
    answer = judge([data], dialect, request=request, profile="strict", limits=Limits(may_be_array=True))
    if is_whole and answer.head is None:
        raise StreamproofError("--http: expected a raw HTTP answer that begins with its status line, found none")
    if answer.size > LARGEST:
        raise StreamproofError(
            f"expected a body of at most {LARGEST >> 20} MiB, found {answer.size:,} bytes",
            "cut the recording down first",
        )
    body = masked(answer.body)
    found = recorded_steps(body, dialect)
    stream = {**(_of_head(answer, dialect) if answer.head else {}), **found.keys, "steps": found.steps}
    document = {
        "title": title_of(name),
        "dialect": dialect,
        "about": "Recorded from a server.  Say here what a client gets wrong with it.",
        **({"request": dict(request)} if request else {}),
        "stream": stream,
    }
    (case,) = cases(loads(file_text(document), path=name, id=name))
    notes = []
    if not answer.head or not answer.head.header("content-encoding"):
        assert compile_case(case).answer(0).body() == body, "the steps are the recording"
    if body != answer.body:
        notes.append("what looks like a key or an account is masked in the body: look whether more of it is private")
    breaks = sorted({finding.rule for finding in findings_of(case)})
    return Made(document=document | ({"breaks": breaks} if breaks else {}), notes=tuple(notes))


def _of_head(answer: Recorded, dialect: str) -> dict[str, Json]:
    head = answer.head
    assert head is not None
    keys: dict[str, Json] = {} if head.status == 200 else {"status": head.status}
    headers = _headers(head, dialect)
    keys |= {"headers": headers} if headers else {}
    keys |= {"http": "h1.0"} if head.http == "1.0" else {}
    keys |= {"framing": head.framing} if head.framing in {"length", "close"} else {}
    coding = head.header("content-encoding")
    keys |= {"encoding": coding} if coding in {"gzip", "br"} else {}
    announced = head.header("content-length") or ""
    if head.framing == "length" and not coding and announced.isdigit() and int(announced) != answer.size:
        return {**keys, "length_off_by": int(announced) - answer.size}
    return {**keys, "end": _ENDS[answer.end]} if answer.end in _ENDS else keys


def _headers(head: ResponseHead, dialect: str) -> dict[str, str | None]:
    usual = {"content-type": f"{DIALECTS[dialect].content_type}; charset=utf-8", "cache-control": "no-cache"}
    if DIALECTS[dialect].framing == "ndjson":
        usual["content-type"] = DIALECTS[dialect].content_type
    found: dict[str, str | None] = {
        name.lower(): masked_header(name, value) for name, value in head.headers if name.lower() not in _UNTOLD
    }
    told = {name: value for name, value in found.items() if usual.get(name) != value}
    return told | {name: None for name in usual if name not in found}

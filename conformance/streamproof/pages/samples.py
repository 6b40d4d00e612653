"""What a dialect looks like on the wire: a short stream and its errors, written as scenarios are."""

from __future__ import annotations

import json
from typing import Final

import attrs

from streamproof.linting.streams import findings_of
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case

_LONGEST: Final = 3600  # bytes of a sample that are shown
_STREAM: Final = "steps: [role: assistant, text: Hel, text: lo, finish: stop, done]"
_BEGUN: Final = "steps: [role: assistant, text: Hel]"
_BROKEN: Final = "steps: [role: assistant, text: Hel, error: {message: overloaded}]"
_REFUSED: Final = "status: 429, steps: [error: {message: slow down}]"


@attrs.frozen(kw_only=True)
class Samples:
    """Bodies, as text."""

    stream: str
    error_in_stream: str
    """What ends a stream that has begun, with an error."""
    error_breaks: tuple[str, ...]
    """The rules that the error breaks, where no document has one."""
    refusal: str
    """The body of an answer of status 429."""


def samples(dialect: str) -> Samples:
    """Those of a dialect."""
    broken = _case(dialect, _BROKEN)
    return Samples(
        stream=_body(_case(dialect, _STREAM)),
        error_in_stream=_body(broken).removeprefix(_body(_case(dialect, _BEGUN))).lstrip("\n"),
        error_breaks=tuple(sorted({finding.rule for finding in findings_of(broken)})),
        refusal=_body(_case(dialect, _REFUSED)),
    )


def _case(dialect: str, stream: str) -> Case:
    (case,) = cases(loads(f"dialect: {dialect}\nstream: {{{stream}}}\n", path="sample", id="sample"))
    return case


def _body(case: Case) -> str:
    (answer,) = compile_case(case).answers
    return answer.body(1 << 20).decode().rstrip("\n")


def shortened(body: str, longest: int = _LONGEST) -> str:
    """The body with its longest lines cut, so that it can be read."""
    lines = [line if len(line) <= 240 else f"{line[:200]} ... {line[-30:]}" for line in body.split("\n")]
    text = "\n".join(lines)
    return text if len(text) <= longest else f"{text[:longest].rpartition(chr(10))[0]}\n..."


def compact(value: object) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False)

"""A run made by hand: one case of each verdict, with benign or with hostile text in every field."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from streamproof_reports.document import (
    VERDICTS,
    CaseFinding,
    CaseResult,
    Footer,
    Header,
    Run,
    Verdict,
    WireEvent,
)
from streamproof_reports.failure import RuleText
from streamproof_reports.summary import footer_of

HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`&amp;&#x27;{{7*7}}{%x%}"
    "[bold red]m[/bold red][/]|*_~@user http://evil.example\x00\x07\x1b[31m\x1b]8;;http://x\x07\x7f\x85\x9b"
    "\u2028\u2029\u202e\ufeff\udfff\ud800\uffff\r\n::error::boo]]></failure><!--" + "\u4f60\u597d\U0001f600e\u0301"
)
BODY = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n' * 8 + b"data: [DONE]\n\n"


def _finding(text: str, **changes: Any) -> CaseFinding:
    values: dict[str, Any] = {
        "check": f"silent-truncation{text}",
        "rule": f"OC-07{text}",
        "level": f"MUST{text}",
        "basis": f"DOC{text}",
        "message": f"text is missing{text}",
        "expected": f"Hello{text}",
        "actual": f"Hel{text}",
        "event": 3,
        "start": 130,
        "end": 150,
        "line": 12,
    }
    return CaseFinding(**(values | changes))


def _case(verdict: Verdict, text: str, number: int) -> CaseResult:
    is_bad = verdict not in ("pass", "skip")
    is_probe = verdict == "harness_error"
    return CaseResult(
        case=f"openai-chat/text/case-{number}{text}",
        scenario=None if is_probe else f"openai-chat/text/case-{number}{text}",
        probe=f"openai-chat/probe-{number}{text}" if is_probe else None,
        title=f"A title{text}",
        about=f"Why it is there{text}",
        dialect=f"openai-chat{text}",
        delivery=f"bytewise{text}",
        client=f"naive{text}",
        verdict=verdict,
        reading=f"strict{text}" if verdict == "pass" else None,
        reason=f"because{text}" if verdict in ("skip", "xfail", "adapter_error") else None,
        missing=(f"tools{text}",) if verdict == "skip" else (),
        findings=(
            (
                _finding(text),
                _finding(text, message=f"again{text}"),
                _finding(text, check="late", rule=None, level=None, basis=None, expected=None, actual=None),
                _finding(text, check="rule", rule="OC-09", expected={"a" + text: [1]}, actual={"a" + text: [2]}),
            )
            if is_bad
            else ()
        ),
        notes=(f"a note{text}",),
        duration_s=0.41,
        hash=f"7f3a{text}",
        path=f"scenarios/openai_chat/text.yaml{text}",
        line=3,
        refs=(f"OC-07{text}", "owner/repo#1"),
        sent=base64.b64encode(BODY).decode(),
        sent_from=0,
        sent_total=len(BODY),
        expected={"choices": [{"index": 0, f"text{text}": f"Hello{text}"}]},
        actual={"choices": [{"index": 0, f"text{text}": f"Hel{text}"}]},
        timeline=(
            WireEvent(at_ms=0.0, lane="client", kind="request", text=f"POST{text}"),
            WireEvent(at_ms=1.5, lane="server", kind="write", text=f"data: x{text}"),
            WireEvent(at_ms=1.8, lane="client", kind="delta", text=f"Hel{text}"),
            WireEvent(at_ms=2000.0, lane="server", kind="end", text=f"fin{text}"),
            WireEvent(at_ms=2000.5, lane="client", kind=f"odd{text}", text=text),
            WireEvent(at_ms=2001.0, lane="client", kind="result", text=text),
        ),
        stderr=f"Traceback{text}\nValueError: x{text}\n",
        reproduce=(f"streamproof replay 7f3a{text}", f"curl -N http://127.0.0.1{text}"),
    )


def _run(text: str) -> Run:
    cases = tuple(_case(verdict, text, number) for number, verdict in enumerate(VERDICTS))
    return Run(
        header=Header(
            streamproof=f"0.1.0{text}",
            command=("streamproof", "check", f"client{text}"),
            started=f"2026-11-20T10:00:00Z{text}",
            kind="client",
            subjects=(f"naive 1.0 on CPython{text}",),
            planned=len(cases),
            seed=1,
        ),
        cases=cases,
        footer=footer_of(cases, duration_s=4.2, totals={f"plays{text}": 99}),
    )


@pytest.fixture
def benign() -> Run:
    """A run with a case of each verdict."""
    return _run("")


@pytest.fixture
def hostile() -> Run:
    """The same run with hostile text at the end of every text."""
    return _run(HOSTILE)


@pytest.fixture
def harmless() -> Run:
    """The hostile run with an x for whatever could mean something to a page; lengths and folders are the same."""
    return _run(re.sub(r"[^/\[]", "x", HOSTILE))


@pytest.fixture
def hostile_text() -> str:
    return HOSTILE


@pytest.fixture
def describe() -> Callable[[str], RuleText]:
    """Describes every rule."""

    def describe_rule(rule: str) -> RuleText:
        text = HOSTILE if HOSTILE in rule else ""
        return RuleText(
            title=f"The stream ends with [DONE]{text}",
            strength=f"MUST{text}",
            document=f"API reference{text}",
            section=f"Streaming{text}",
            url=f"https://docs.example/{text}",
        )

    return describe_rule


@pytest.fixture
def make_case() -> Callable[..., CaseResult]:
    """A case that failed, fields changed as given."""
    base = _case("fail", "", 0)
    return lambda **changes: attrs.evolve(base, **changes)


@pytest.fixture
def make_run() -> Callable[..., Run]:
    """A run of the cases given, whole unless told otherwise."""
    header = _run("").header

    def make(*cases: CaseResult, footer: Footer | str | None = "whole", planned: int | None = None) -> Run:
        whole = footer_of(cases, duration_s=1.0) if isinstance(footer, str) else footer
        return Run(
            header=attrs.evolve(header, planned=len(cases) if planned is None else planned),
            cases=cases,
            footer=whole,
        )

    return make


@pytest.fixture
def golden() -> Callable[[str, bytes], None]:
    """Compares with a file of `golden/`; set STREAMPROOF_GOLDEN=write to write it anew."""
    folder = Path(__file__).parent / "golden"

    def compare(name: str, found: bytes) -> None:
        path = folder / name
        if os.environ.get("STREAMPROOF_GOLDEN") == "write":
            folder.mkdir(exist_ok=True)
            path.write_bytes(found)
        assert found.decode().splitlines() == path.read_text("utf-8").splitlines()

    return compare

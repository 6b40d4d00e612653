"""What the tests of the gallery share: clients that are none, and cases with a verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streamproof.adapters.said import Hello
from streamproof.adapters.spec import ClientSpec
from streamproof.gallery.failures import parse_failures
from streamproof.gallery.row import Row
from streamproof.running.known import KnownLine, KnownList
from streamproof_reports.document import CaseFinding, CaseResult, Verdict

from .stage import Stage

HELLO = Hello(client="made-up", version="1.2", runtime="Python 3", dialects=("openai-chat",), reports="message")


def case(name: str, verdict: Verdict = "fail", check: str = "wrong-text", delivery: str = "as-written") -> CaseResult:
    finding = CaseFinding(check=check, rule="OC-12", level="MUST", basis="DOC", message="differs")
    return CaseResult(
        case=name,
        scenario=name.partition("@")[0],
        title=name,
        dialect="openai-chat",
        delivery=delivery,
        client="made-up:sample",
        verdict=verdict,
        findings=(finding,) if verdict in {"fail", "warn"} else (),
        reason="the client lacks tools" if verdict == "skip" else None,
    )


@pytest.fixture(scope="session")
def stage() -> Stage:
    """The real clients."""
    return Stage()


MakeRow = Callable[..., Row]


@pytest.fixture
def row(tmp_path: Path) -> MakeRow:
    """Makes the row of an entry from its cases, the text of failures.md and its flaky scenarios."""

    def make(*cases: CaseResult, text: str = "", flaky: tuple[str, ...] = (), entry: str = "sample") -> Row:
        lines = tuple(KnownLine(number=number, pattern=name) for number, name in enumerate(flaky, 1))
        return Row(
            spec=ClientSpec(name="made-up", about="A client", entry=entry, command=("x",), cwd=str(tmp_path)),
            hello=HELLO,
            cases=cases,
            failures=parse_failures(text),
            flaky=KnownList(lines=lines),
        )

    return make

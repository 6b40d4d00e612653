"""`demo` tells its story on one screen; `lint` finds what a scenario file says wrongly."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from streamproof.commands.demo import TABLE, _is_good, demo_jobs
from streamproof_reports.document import CaseResult
from streamproof_reports.jsonl import read_run
from streamproof_scenarios.catalogue import Catalogue

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def jobs() -> Any:
    return demo_jobs(Catalogue.load())


def test_demo_plays_many_scenarios_and_none_that_waits(jobs: Any) -> None:
    assert len({job.case.scenario.id for job in jobs}) >= 25
    assert len(jobs) == len(TABLE) <= 40
    for job in jobs:
        assert job.case.deliveries != ("as-written",) or job.case.scenario.deliveries, job.case.id


def test_demo_is_one_screen_that_explains_itself(call: Call, folder: Path) -> None:
    found = call("demo")
    assert found.code == 0
    lines = found.out.splitlines()
    assert len(lines) <= 66
    assert max(map(len, lines)) <= 140
    for label in ("reference", "naive", "endpoint"):
        assert sum(line.startswith(f"  {label} ") for line in lines) == 1
    for block in ("where", "rule", "sent", "client said", "reproduce"):
        assert sum(line.startswith(f"  {block} ") for line in lines) == 3
    assert "streamproof-report/index.html" in lines[-1]
    run = read_run(folder / "streamproof-report/run.jsonl")
    verdicts = {
        name: Counter(case.verdict for case in run.cases if case.client == name)
        for name in ("reference", "naive", None)
    }
    assert verdicts["reference"] == {"pass": len(TABLE)}
    assert verdicts["naive"]["fail"] >= 10
    assert verdicts[None]["pass"] >= 5
    assert not verdicts[None]["fail"] + verdicts[None]["warn"]
    assert run.header.planned == len(run.cases)


def test_demo_prints_json_too(call: Call) -> None:
    found = call("demo", "--format", "json")
    assert sum(json.loads(found.out)["counts"].values()) > 2 * len(TABLE)


def result(client: str | None, verdict: Any) -> CaseResult:
    return CaseResult(
        case="a", scenario="a", title="t", dialect="openai-chat", delivery="whole", client=client, verdict=verdict
    )


@pytest.mark.parametrize(
    ("client", "verdict", "good"),
    [
        ("reference", "pass", True),
        ("reference", "skip", True),
        ("reference", "warn", False),
        ("reference", "harness_error", False),
        ("naive", "fail", True),
        (None, "fail", False),
        (None, "warn", False),
        (None, "skip", True),
    ],
)
def test_demo_is_good_when_all_but_the_naive_client_are(client: str | None, verdict: str, good: bool) -> None:
    assert _is_good([result("reference", "pass"), attrs.evolve(result(client, verdict))]) == good


# Lint

GOOD = "title: t\ndialect: openai-chat\nstream: {steps: [role: assistant, text: Hi, finish: stop, done]}\n"

LINTED: dict[str, tuple[str, str | None]] = {
    "a good file": (GOOD, None),
    "a breach that is not named": (
        GOOD.replace("finish: stop, done", "finish: stop"),
        "own/a.yaml:3: a: the stream breaks OC-04",
    ),
    "a breach that is kept": (GOOD + "breaks: [OC-04]\n", "breaks names OC-04, which the stream keeps"),
    "an expectation that nobody meets": (GOOD + "expect: {text: Ho}\n", "the reference client gets fail: text: 'Ho' was sent"),
    "a profile that does not allow it": (
        GOOD.replace("finish: stop, done", "finish: stop") + "breaks: [OC-04]\nprofile: azure\nexpect: {outcome: [complete, error, incomplete]}\n",
        "under the profile azure the stream still breaks OC-04",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINTED)
def test_lint_of(name: str, call: Call, folder: Path) -> None:
    text, told = LINTED[name]
    (folder / "own").mkdir()
    (folder / "own/a.yaml").write_text(text)
    found = call("lint", "a", "--scenarios", "own")
    assert found.code == (0 if told is None else 1)
    assert told is None or told in found.out


def test_whole_catalogue_breaks_exactly_what_it_says(call: Call) -> None:
    found = call("lint", "--static")
    assert (found.code, found.out) == (0, "")

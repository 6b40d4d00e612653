"""`check client` as a user has it: what is played, what is printed, what stays on disk, the exit code."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streamproof.adapters.spec import own_python
from streamproof_reports.jsonl import read_run
from streamproof_scenarios.compiler import case_hash

Call = Callable[..., Any]

TORN = "encoding/character-cut-between-reads@openai-chat"
PRINTS_SSE = (
    "import json,sys,urllib.request as u\n"
    "q = u.Request(sys.argv[1], json.dumps({'model': 'm', 'messages': [{'role': 'user', 'content': 'hi'}],"
    " 'stream': True}).encode(), {'content-type': 'application/json'})\n"
    "for line in u.build_opener(u.ProxyHandler({})).open(q):\n"
    "    data = line.decode().partition('data: ')[2].strip()\n"
    "    if data and data != '[DONE]':\n"
    "        print(json.loads(data)['choices'][0]['delta'].get('content') or '', end='')\n"
)


def check(call: Call, *words: str, client: str = "reference") -> tuple[int, Any]:
    found = call("check", "client", *words, "--client", client, "--format", "json", "--jobs", "1")
    # One object and nothing else: whatever else was printed would not be JSON.
    return found.code, json.loads(found.out)


# What is printed


def test_json_is_one_object_of_the_documented_shape(call: Call) -> None:
    code, found = check(call, "plain/usage", "plain/finish-length", client="naive")
    assert code == 1
    assert found["counts"] == {"fail": 1, "skip": 1}
    assert found["skipped_for"] == {"usage": 1}
    (failed,) = (case for case in found["cases"] if case["verdict"] == "fail")
    assert set(failed) == {
        "case", "scenario", "dialect", "delivery", "client", "verdict", "reading", "reason", "findings",
    }  # fmt: skip
    assert set(failed["findings"][0]) == {"check", "rule", "level", "basis", "message", "expected", "actual"}


def test_json_is_alone_on_standard_output_whatever_is_warned(call: Call) -> None:
    code, found = check(call, "format/second-choice-first", "format/usage-on-each-chunk", client="naive")
    assert (code, found["counts"]) == (0, {"warn": 1, "skip": 1})
    code, _ = check(call, "format/second-choice-first", "--strict", client="naive")
    assert code == 1


def test_console_shows_five_blocks(call: Call) -> None:
    out = call("check", "client", "plain/finish-length", "--client", "naive").out
    for label in ("where", "rule", "sent", "client said", "reproduce"):
        assert f"\n  {label} " in out
    assert "scenarios/plain/finish-length.yaml:" in out


def test_quiet_shows_one_line_and_the_totals(call: Call) -> None:
    out = call("check", "client", "plain/finish-length", "--client", "naive", "-q").out
    assert out.startswith("FAIL  plain/finish-length ")
    assert "where" not in out


CHAT = ("--select", "dialect:openai-chat")

# What is played


@pytest.mark.parametrize(
    ("words", "cases"),
    [
        (("plain/logprobs",), 1),
        (("plain/unicode", "--select", "dialect:openai-chat"), 1),
        (("plain/unicode", "--select", "dialect:workers-ai", "--delivery", "all"), 8),
        (("--select", "rule:OC-26"), 2),
        (("--select", "ref:openai/openai-python#1230", "--select", "dialect:openai-chat"), 1),
        (("plain", "--select", "force:quirk"), 1),
        (("plain/logprobs", "--delivery", "all"), 8),
        (("plain/logprobs", "--delivery", "whole", "--delivery", "size:9"), 2),
        (("plain/logprobs", "--delivery", "random"), 1),
        (("plain/logprobs", "plain/usage", "plain/obfuscation", "plain/two-choices", *CHAT, "--shard", "1/2"), 2),
    ],
)
def test_what_is_selected_is_played(words: tuple[str, ...], cases: int, call: Call) -> None:
    code, found = check(call, *words)
    assert code == 0
    assert len(found["cases"]) == cases


def test_shards_are_parts_of_the_whole(call: Call) -> None:
    whole = {case["case"] for case in check(call, "plain")[1]["cases"]}
    parts = [{case["case"] for case in check(call, "plain", "--shard", f"{n}/3")[1]["cases"]} for n in (1, 2, 3)]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def test_a_seed_is_drawn_and_told_where_none_is_given(call: Call) -> None:
    words = ("check", "client", "plain/usage", "--client", "reference", "--delivery", "random")
    drawn = set()
    for _ in range(2):
        assert call(*words, "-q").code == 0
        run = read_run(Path("streamproof-report/run.jsonl"))
        assert run.cases[0].delivery == f"random:{run.header.seed}"
        drawn.add(run.header.seed)
    assert len(drawn) == 2
    assert f"seed {run.header.seed}" in call(*words, "--seed", str(run.header.seed)).out


def test_seed_names_the_random_delivery(call: Call) -> None:
    _, found = check(call, "plain/usage", "--delivery", "random", "--seed", "7")
    assert found["cases"][0]["delivery"] == "random:7"


@pytest.mark.parametrize("delivery", ["as-written", "bytewise", "inside-utf8", "size:7", "every-split"])
def test_hash_names_a_case_with_its_delivery(delivery: str, call: Call) -> None:
    case = "workers-ai/cut-anywhere" if delivery == "every-split" else TORN
    _, found = check(call, "--select", f"case:{case_hash(case, delivery)}")
    assert [(item["case"], item["delivery"]) for item in found["cases"]] == [(case, delivery)]


def test_hash_of_another_delivery_than_asked_for_is_told(call: Call) -> None:
    words = ("--select", f"case:{case_hash(TORN, 'bytewise')}", "--delivery", "whole", "--client", "reference")
    found = call("check", "client", *words)
    assert found.code == 5
    assert f"is {TORN} in the delivery bytewise, not whole" in found.err


def test_several_hashes_name_several_cases(call: Call) -> None:
    hashes = [case_hash(TORN, "bytewise"), case_hash("plain/usage", "whole")]
    _, found = check(call, *(word for text in hashes for word in ("--select", f"case:{text}")))
    assert len(found["cases"]) == 2


def test_last_failed_plays_what_failed_in_its_delivery(call: Call) -> None:
    words = ("encoding/character-cut-between-reads", "plain/unicode", "plain/finish-length", "--delivery", "size:9")
    first = check(call, *words, client="naive")[1]
    failed = [(case["case"], case["delivery"]) for case in first["cases"] if case["verdict"] == "fail"]
    again = check(call, "--last-failed", client="naive")[1]
    assert [(case["case"], case["delivery"]) for case in again["cases"]] == failed
    assert len(failed) >= 2


def test_last_failed_without_a_failure_is_nothing(call: Call) -> None:
    check(call, "plain/unicode")
    found = call("check", "client", "--last-failed", "--client", "reference")
    assert (found.code, "nothing failed in the run of" in found.err) == (5, True)


def test_own_scenarios_are_played_and_may_be_pinned(call: Call, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine/new.yaml").write_text(
        'title: t\ndialect: openai-chat\nsince: "2.0"\nstream: {steps: [role: assistant, text: Hi, finish: length, done]}\n'
    )
    assert check(call, "new", "--scenarios", "mine", client="naive")[0] == 1
    (folder / "streamproof.toml").write_text('catalogue = "1.0"\nscenarios = ["mine"]\n')
    code, found = check(call, "new", client="naive")
    assert (code, found["counts"]) == (0, {"warn": 1})


KNOWN: list[tuple[str, str, int, dict[str, int]]] = [
    ("plain/finish-length", "naive", 0, {"xfail": 1, "pass": 2}),
    ("plain/finish-length\nplain/unicode\n", "naive", 1, {"xfail": 1, "xpass": 2}),
    ("plain/finish-length bytewise", "naive", 1, {"fail": 1, "pass": 2}),
    ("tools/**", "naive", 1, {"fail": 1, "pass": 2}),
]


@pytest.mark.parametrize(("lines", "client", "code", "counts"), KNOWN)
def test_known_failures(lines: str, client: str, code: int, counts: dict[str, int], call: Call, folder: Path) -> None:
    (folder / "known.txt").write_text(lines)
    words = ("plain/finish-length", "plain/unicode", "--known-failing", "known.txt")
    found_code, found = check(call, *words, client=client)
    spoken = {verdict: number for verdict, number in found["counts"].items() if verdict != "skip"}
    if client == "naive":  # it does not speak workers-ai, in which plain/unicode is a case too
        counts = {verdict: number - (verdict in {"pass", "xpass"}) for verdict, number in counts.items()}
    assert (found_code, spoken) == (code, counts)


# Reproducing


def test_printed_command_shows_the_same_failure(call: Call) -> None:
    first = call(
        "check", "client", "encoding/character-cut-between-reads", "--delivery", "bytewise", "--client", "naive"
    )
    line = next(line for line in first.out.splitlines() if line.startswith("reproduce the first failure: "))
    words = shlex.split(line.partition(": ")[2])
    assert words[0] == "streamproof"
    again = call(*words[1:], "--format", "json") if "--" not in words else call(*words[1:])
    (case,) = json.loads(again.out)["cases"]
    assert (case["case"], case["delivery"], case["verdict"]) == (TORN, "bytewise", "fail")
    assert case["findings"][0]["check"] == "silent-truncation"


def test_printed_command_of_a_script_shows_the_same_failure(call: Call, folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine/spaces.yaml").write_text(
        "title: t\ndialect: openai-chat\nstream: {space: false, steps: [role: assistant, text: Hi, finish: stop, done]}\n"
    )
    words = ("mine", "spaces", "--plain", "--", sys.executable, "-c", PRINTS_SSE, "{url}")
    call("check", "client", "spaces", "--scenarios", *words[:1], *words[2:])
    (failed,) = read_run(folder / "streamproof-report/run.jsonl").cases
    assert (failed.verdict, failed.findings[0].check) == ("fail", "silent-truncation")
    again = call(*shlex.split(failed.reproduce[0])[1:])
    assert again.code == 1
    (same,) = read_run(folder / "streamproof-report/run.jsonl").cases
    assert (same.case, same.findings) == (failed.case, failed.findings)
    assert call(*shlex.split(failed.reproduce[1])[1:]).code == 0


# Scripts


def test_script_that_prints_text_is_judged_by_its_text(call: Call) -> None:
    script = ("--plain", "--format", "json", "--", sys.executable, "-c", PRINTS_SSE, "{url}")
    code, found = 0, json.loads(call("check", "client", "plain/repeated-deltas", "plain/unicode", *script).out)
    assert [case["verdict"] for case in found["cases"] if case["dialect"] == "openai-chat"] == ["pass", "pass"]
    assert code == 0
    cut = json.loads(call("check", "client", "transport/clean-close-without-end", *script).out)
    assert [case["findings"][0]["check"] for case in cut["cases"] if case["verdict"] == "fail"] == ["silent-truncation"]


def test_script_says_its_capabilities(call: Call) -> None:
    script = ("--format", "json", "--", sys.executable, "-c", PRINTS_SSE, "{url}")
    words = ("check", "client", "format/second-choice-first", "--plain")
    assert json.loads(call(*words, *script).out)["skipped_for"] == {"n": 1}
    found = json.loads(call(*words, "--capabilities", "n, usage", *script).out)
    assert found["cases"][0]["verdict"] == "warn"


# What cannot be judged


def test_time_that_runs_out_is_no_pass(call: Call) -> None:
    code, found = check(call, "lifecycle/pause-without-limit", "plain/unicode", *CHAT, "--max-time", "0.5")
    assert code == 3
    late = [case for case in found["cases"] if case["verdict"] == "harness_error"]
    assert late
    assert {case["reason"] for case in late} == {"not reached within --max-time"}
    assert len(found["cases"]) == 2


def test_adapter_that_prints_nonsense_could_not_be_judged(call: Call, folder: Path) -> None:
    hello = {"type": "hello", "protocol": 1, "client": "c", "dialects": ["openai-chat"], "reports": "message"}
    (folder / "adapter.py").write_text(f"input(); print({json.dumps(hello)!r}, flush=True); input(); print('oh')\n")
    words = ("plain/text-in-one-delta", *CHAT, "--format", "json", "--", sys.executable, "adapter.py")
    found = call("check", "client", *words)
    assert found.code == 3
    counts = json.loads(found.out)["counts"]
    assert counts == {"adapter_error": 1}


# What stays on disk


def test_reports_are_written_beside_the_document(call: Call, folder: Path) -> None:
    call(
        "check",
        "client",
        "plain/usage",
        "--client",
        "reference",
        "--report",
        "html,junit",
        "--report",
        "markdown",
        "--report-dir",
        "out",
    )
    assert {"run.jsonl", "index.html", "junit.xml"} <= {path.name for path in (folder / "out").iterdir()}
    assert call("report", "out/run.jsonl").out.startswith("streamproof ")


def test_run_before_is_kept(call: Call, folder: Path) -> None:
    check(call, "plain/usage")
    check(call, "plain/refusal")
    names = [read_run(folder / "streamproof-report" / name).cases[0].case for name in ("previous.jsonl", "run.jsonl")]
    assert names == ["plain/usage", "plain/refusal"]


def test_interrupt_leaves_a_whole_report_and_no_client(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine/slow.yaml").write_text(
        "title: t\ndialect: openai-chat\nstream: {steps: [role: assistant, pause: 60s, text: Hi, finish: stop, done]}\n"
    )
    words = [sys.executable, "-m", "streamproof", "check", "client", "slow", "plain/text-in-one-delta", *CHAT]
    words += ["--scenarios", "mine", "--client", "reference", "--jobs", "2"]
    marked = {**os.environ, **own_python(), "STREAMPROOF_TEST_MARK": str(folder)}
    process = subprocess.Popen(words, cwd=folder, env=marked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    document = folder / "streamproof-report/run.jsonl"
    until = time.monotonic() + 20
    while time.monotonic() < until and (not document.exists() or document.read_text().count('"type":"case"') < 1):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in err
    run = read_run(document)
    assert run.footer is not None
    assert (run.footer.interrupted, run.footer.exit_code) == (True, 130)
    assert {case.case for case in run.cases} == {"plain/text-in-one-delta@openai-chat"}
    assert "the run was interrupted: 1 of 2 planned cases reported" in out
    assert _processes_with(str(folder)) == []


def _processes_with(mark: str) -> list[str]:
    """Processes that inherited the mark in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"STREAMPROOF_TEST_MARK={mark}\0".encode() in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            continue
    return found

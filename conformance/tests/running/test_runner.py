"""The runner: what is repeated, what is never a pass, what ends a case, and how a run goes on after it."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from streamproof.adapters.child import ClientDidNotStart
from streamproof.adapters.spec import ClientSpec, built_in, command_client
from streamproof.judging.failed import Failed
from streamproof.running import runner
from streamproof.running.job import Job
from streamproof.running.known import KnownLine, KnownList
from streamproof_mock.performer import Bounds
from streamproof_scenarios.catalogue import Catalogue

Play = Callable[..., Awaitable[Any]]
REFERENCE = built_in("reference")
HELLO = "title: t\ndialect: openai-chat\nstream: {steps: [role: assistant, text: Hel, text: lo, finish: stop, done]}\n"


@pytest.fixture
def once(faulty: Callable[[str], ClientSpec], tmp_path: Path) -> Callable[[str], ClientSpec]:
    """A client whose first process is unlike the later ones."""

    def made(fault: str) -> ClientSpec:
        spec = faulty(fault)
        return attrs.evolve(spec, env={**spec.env, "FIRST_PROCESS": str(tmp_path / "first")})

    return made


def cut(job: Any, book: Catalogue, delivery: str = "size:200") -> Job:
    found: Job = job(book.case("plain/text-in-one-delta@openai-chat"), delivery)
    return found


# Boundaries


async def test_play_without_its_boundaries_is_no_pass(play: Play, faulty: Any, job: Any, book: Catalogue) -> None:
    tiny = {"bounds": Bounds(boundary_s=0.001)}
    run = await play(faulty("reads-slowly"), [cut(job, book)], server=tiny)
    assert run.only.verdict == "harness_error"
    assert run.only.reason == "in 3 plays a boundary that was asked for was not kept"
    assert run.runner.totals.plays == 3
    assert run.runner.totals.boundaries_kept < run.runner.totals.boundaries_asked


async def test_play_without_its_boundaries_is_repeated(play: Play, faulty: Any, job: Any, book: Catalogue) -> None:
    short = {"bounds": Bounds(boundary_s=0.015)}
    run = await play(faulty("reads-slowly-at-first"), [cut(job, book)], server=short)
    assert run.only.verdict == "pass"
    assert run.runner.totals.plays > 1


async def test_figures_count_plays_and_boundaries(play: Play, job: Any, book: Catalogue) -> None:
    run = await play(REFERENCE, [cut(job, book), cut(job, book, "whole")])
    totals = run.runner.totals
    assert totals.plays == 2
    assert totals.boundaries_asked == totals.boundaries_kept > 0


# Failing once more


def listed(*lines: str) -> KnownList:
    return KnownList(path="known.txt", lines=tuple(KnownLine(number=n, pattern=p) for n, p in enumerate(lines, 1)))


FLAKY: list[tuple[dict[str, Any], str, str]] = [
    ({}, "flaky", "failed, then passed in a fresh process"),
    ({"known_flaky": listed("by/**")}, "xfail", "known to be flaky (known.txt:1)"),
    ({"known_failing": listed("other/**", "by/hand")}, "xfail", "known to fail (known.txt:2)"),
    ({"known_flaky": listed("other/**")}, "flaky", "failed, then passed in a fresh process"),
]


@pytest.mark.parametrize(("settings", "verdict", "reason"), FLAKY)
async def test_failure_that_does_not_show_again(
    settings: dict[str, Any], verdict: str, reason: str, play: Play, once: Any, written: Any
) -> None:
    run = await play(once("fails-in-its-first-process"), written(HELLO), **settings)
    assert (run.only.verdict, run.only.reason) == (verdict, reason)


KNOWN: list[tuple[str, dict[str, Any], str]] = [
    ("says-text-twice", {"known_failing": listed("by/hand")}, "xfail"),
    ("says-text-twice", {"known_flaky": listed("by/hand")}, "xfail"),
    ("says-text-twice", {"known_failing": listed("other")}, "fail"),
    ("no-fault", {"known_failing": listed("by/hand")}, "xpass"),
    ("forgets-the-messages", {"known_failing": listed("by/hand")}, "xpass"),  # it warns, it does not fail
    ("no-fault", {"known_flaky": listed("by/hand")}, "pass"),
    ("no-fault", {"known_failing": listed("other")}, "pass"),
]


@pytest.mark.parametrize(("fault", "settings", "verdict"), KNOWN)
async def test_known_lists_decide(
    fault: str, settings: dict[str, Any], verdict: str, play: Play, faulty: Any, written: Any
) -> None:
    assert (await play(faulty(fault), written(HELLO), **settings)).only.verdict == verdict


async def test_failure_without_a_second_process_stays_a_failure(play: Play, once: Any, written: Any) -> None:
    spec = once("starts-only-once")
    run = await play(attrs.evolve(spec, command=(*spec.command, "says-text-twice")), written(HELLO))
    assert run.only.verdict == "fail"
    assert run.only.notes[0].startswith("not played again, no fresh process started:")


async def test_second_process_that_does_not_start_is_told_in_words(play: Play, once: Any, written: Any) -> None:
    jobs = written(HELLO) * 20
    with pytest.raises(ClientDidNotStart, match=r"started once, but not once more beside it \(--jobs 1") as caught:
        await play(once("starts-only-once"), jobs, jobs=2)
    assert "another one is running" in str(caught.value)


async def test_strict_makes_a_warning_fail(play: Play, faulty: Any, written: Any) -> None:
    assert (await play(faulty("forgets-the-messages"), written(HELLO), strict=True)).only.verdict == "fail"


async def test_newer_scenario_warns(play: Play, faulty: Any, written: Any) -> None:
    jobs = written(HELLO + 'since: "1.5"\n')
    assert (await play(faulty("says-text-twice"), jobs, pinned="1.4")).only.verdict == "warn"
    assert (await play(faulty("says-text-twice"), jobs, pinned="1.5")).only.verdict == "fail"


# What ends a case, and what comes after


ENDED: list[tuple[str, str, str]] = [
    ("is-killed", "fail", "exit code -9"),
    ("prints-nonsense", "adapter_error", "Loading model"),
    ("answers-another-run", "adapter_error", "expected the id"),
    ("reports-an-error-of-its-own", "adapter_error", "the adapter reported a fault of its own"),
]


@pytest.mark.parametrize(("fault", "verdict", "words"), ENDED)
async def test_every_case_is_told_whatever_the_client_does(
    fault: str, verdict: str, words: str, play: Play, faulty: Any, written: Any
) -> None:
    run = await play(faulty(fault), written(HELLO) * 3)
    assert [result.verdict for result in run.results] == [verdict] * 3
    for result in run.results:
        told = result.reason or result.findings[0].message
        assert words in told


async def test_what_time_does_not_reach_is_not_judged(play: Play, written: Any) -> None:
    slow = "title: t\ndialect: openai-chat\nstream: {steps: [role: assistant, pause: 400ms, text: Hi, finish: stop, done]}\n"
    run = await play(REFERENCE, written(HELLO) + written(slow) * 3, within_s=0.7)
    assert len(run.results) == 4
    assert [result.verdict for result in run.results].count("harness_error") >= 2
    assert {result.reason for result in run.results if result.verdict == "harness_error"} == {
        "not reached within --max-time"
    }
    assert run.results[0].verdict == "pass"


# Sequences, runs, parallel runs

IN_TURN = """title: t
dialect: openai-chat
client: {runs: 3, reuse: true}
stream:
  - {steps: [role: assistant, text: one, finish: stop, done]}
  - {steps: [role: assistant, text: two, finish: stop, done]}
"""


async def test_runs_of_one_client_get_the_answers_in_turn(play: Play, faulty: Any, written: Any) -> None:
    run = await play(REFERENCE, written(IN_TURN))
    assert run.only.verdict == "pass"
    failed = await play(faulty("says-text-twice"), written(IN_TURN))
    assert "'one' was sent, 'oneone' was said" in failed.only.findings[0].message


async def test_a_fault_of_a_later_run_counts(play: Play, faulty: Any, written: Any) -> None:
    stream = IN_TURN.replace("text: two,", "text: two, comment: ping,")
    run = await play(faulty("refuses-comments"), written(stream))
    assert run.only.verdict == "fail"
    assert run.only.findings[0].check == "spurious-error"


async def test_parallel_runs_each_get_an_answer(play: Play, written: Any) -> None:
    both = IN_TURN.replace("runs: 3, reuse: true", "parallel: 2")
    run = await play(REFERENCE, written(both))
    assert run.only.verdict == "pass", run.only.findings
    assert run.runner.totals.plays == 1


async def test_connections_of_all_runs_are_noted(play: Play, written: Any) -> None:
    run = await play(REFERENCE, written(IN_TURN + "expect: {notes: [connections]}\n"))
    assert run.only.notes[0].startswith("3 requests over ")


async def test_jobs_run_in_several_processes(play: Play, written: Any) -> None:
    run = await play(REFERENCE, written(HELLO) * 12, jobs=3)
    assert [result.verdict for result in run.results] == ["pass"] * 12


# Sweeps and encodings

SHORT = "title: t\ndialect: workers-ai\nstream: {steps: [text: é, done]}\n"


async def test_sweep_is_one_case_of_many_plays(play: Play, faulty: Any, written: Any) -> None:
    jobs = [attrs.evolve(item, delivery="every-split") for item in written(SHORT)]
    run = await play(REFERENCE, jobs)
    assert (run.only.verdict, run.only.delivery, run.only.hash) == ("pass", "every-split", jobs[0].hash)
    assert run.runner.totals.plays == run.runner.totals.boundaries_kept > 20

    failed = (await play(faulty("decodes-each-piece"), jobs)).only
    assert failed.verdict == "fail"
    # It names the one place inside the character, and reproduces that play alone.
    told = re.match(
        r"1 of [0-9]+ cuts changes the text: offset ([0-9]+): text: 'é' was sent", failed.findings[0].message
    )
    assert told is not None, failed.findings[0].message
    assert f"--delivery at:{told[1]} " in failed.reproduce[0]
    assert f"the cut at {told[1]} is between " in failed.notes[0]
    assert failed.delivery == "every-split"


async def test_of_a_sweep_only_the_cuts_that_failed_are_played_again(play: Play, faulty: Any, written: Any) -> None:
    jobs = [attrs.evolve(item, delivery="every-split") for item in written(SHORT)]
    once = await play(faulty("decodes-each-piece"), jobs, confirms=False)
    again = await play(faulty("decodes-each-piece"), jobs)
    assert again.runner.totals.plays == once.runner.totals.plays + 1
    assert again.only.findings == once.only.findings


async def test_a_failure_that_is_no_news_is_played_once(play: Play, faulty: Any, written: Any) -> None:
    jobs = [attrs.evolve(item, delivery="bytewise") for item in written(SHORT)]
    again = await play(faulty("decodes-each-piece"), jobs)
    once = await play(faulty("decodes-each-piece"), jobs, unconfirmed={(jobs[0].case.id, "bytewise")})
    assert (again.runner.totals.plays, once.runner.totals.plays) == (2, 1)
    assert (again.only.verdict, once.only.verdict) == ("fail", "fail")


async def test_sweep_that_has_no_time_left_tells_what_it_found(play: Play, faulty: Any, written: Any) -> None:
    long = SHORT.replace("text: é, ", "text: é, pause: 10ms, ")
    jobs = [attrs.evolve(item, delivery="every-split") for item in written(long)]
    run = await play(REFERENCE, jobs, within_s=0.4)
    assert run.only.verdict == "harness_error"
    assert re.fullmatch(r"[0-9]+ of [0-9]+ cuts were played: --max-time was over", run.only.reason)
    assert run.only.delivery == "every-split"


@pytest.mark.parametrize("kind", ["plain", "one-shot"])
async def test_sweep_starts_a_process_for_each_cut_of_a_client_that_wants_it(
    kind: Any, play: Play, written: Any, tmp_path: Path
) -> None:
    script = tmp_path / "client.py"
    script.write_text(SLOPPY if kind == "plain" else SLOPPY.replace("print(text", "print(result(text)"), "utf-8")
    spec = command_client((sys.executable, str(script), "{url}"), kind, ("workers-ai",))
    jobs = [attrs.evolve(item, delivery="every-split") for item in written(SHORT)]
    run = await play(spec, jobs, confirms=False, jobs=2)
    assert run.only.verdict == "fail", run.only
    assert run.only.findings[0].message == (
        "12 of 38 cuts lose text: offsets 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19: "
        "text: 'é' was sent, nothing was said"
    )


SLOPPY = """
import http.client, json, sys, urllib.parse

def result(text):
    choice = {"index": 0, "text": text}
    return json.dumps({"type": "result", "choices": [choice], "usage": None, "error": None})

url = urllib.parse.urlsplit(sys.argv[1])
connection = http.client.HTTPConnection(url.netloc)
body = json.dumps({"messages": [{"role": "user", "content": "hi"}], "stream": True})
connection.request("POST", url.path, body, {"content-type": "application/json"})
answer, text = connection.getresponse(), ""
while piece := answer.read1():
    said = piece.decode(errors="replace")
    if '"response":"' in said:
        text += said.partition('"response":"')[2].partition('"')[0]
print(text, end="")
"""


@pytest.mark.parametrize("delivery", ["as-written", "every-split"])
async def test_encoding_that_was_not_offered_is_skipped(delivery: str, play: Play, written: Any) -> None:
    coded = SHORT.replace("stream: {", "stream: {encoding: br, ")
    run = await play(REFERENCE, [attrs.evolve(item, delivery=delivery) for item in written(coded)])
    assert (run.only.verdict, run.only.reason) == ("skip", "the client does not offer to read br")


async def test_body_without_a_place_to_split_is_skipped(play: Play, written: Any) -> None:
    empty = "title: t\ndialect: workers-ai\nstream: {steps: []}\n"
    run = await play(REFERENCE, [attrs.evolve(item, delivery="every-split") for item in written(empty)])
    assert (run.only.verdict, run.only.reason) == ("skip", "the body has no place to be split at")


async def test_what_the_server_cannot_play_is_its_own_fault(
    play: Play, written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamproof_mock.stage.unplayable", lambda *_: "this server has no such ending")
    run = await play(REFERENCE, written(SHORT))
    assert (run.only.verdict, run.only.reason) == ("harness_error", "this server has no such ending")


# Cost


async def test_cost_that_is_not_linear_warns(
    play: Play, job: Any, book: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[float, float]] = []

    def judge(large_s: float, small_s: float) -> Failed:
        seen.append((large_s, small_s))
        return Failed("slow", "too slow")

    monkeypatch.setattr(runner, "judge_cost", judge)
    run = await play(REFERENCE, [job(book.case("framing/line-of-2-mb"), "whole")])
    assert run.only.verdict == "warn"
    assert [finding.check for finding in run.only.findings] == ["slow"]
    assert len(seen) == 1
    assert all(times > 0 for times in seen[0])


# Without a request


async def test_client_that_sends_no_request_is_not_judged(play: Play, job: Any, book: Catalogue) -> None:
    plain = command_client(("echo", "Hello"), "plain")
    run = await play(plain, [job(book.case("plain/text-in-one-delta@openai-chat"), "whole")])
    assert run.only.verdict == "adapter_error"
    assert run.only.reason.startswith("no request reached the server")


# Attempts before a request

RESETS = """
title: t
dialect: openai-chat
client: {max_retries: 3}
stream:
  - {steps: [], end: reset-on-accept}
  - {steps: [], end: reset-on-accept}
  - {steps: [role: assistant, text: Hello, finish: stop, done]}
expect: {outcome: complete, text: Hello, requests: NUMBER, notes: [connections]}
"""


@pytest.mark.parametrize(
    ("number", "verdict", "check"), [(3, "pass", None), (2, "fail", "resent"), (4, "fail", "resent")]
)
async def test_attempts_that_were_reset_on_accept_are_counted(
    play: Play, written: Any, number: int, verdict: str, check: str | None
) -> None:
    result = (await play(REFERENCE, written(RESETS.replace("NUMBER", str(number))))).only
    assert (result.verdict, result.findings[0].check if result.findings else None) == (verdict, check)
    assert "3 requests over 3 connections" in result.notes
    assert [mark.text for mark in result.timeline if mark.kind == "request"][:2] == ["a connection, no request"] * 2


async def test_a_refused_client_is_judged_by_what_it_says_alone(play: Play, written: Any) -> None:
    text = "title: t\ndialect: openai-chat\nstream: {steps: [], end: refuse}\nexpect: {outcome: OUTCOME}\n"
    over_tls = f"{text.replace('OUTCOME', 'error')}requires: [tls]\n"
    assert (await play(REFERENCE, written(over_tls))).only.verdict == "pass"
    assert (await play(REFERENCE, written(text.replace("OUTCOME", "error")))).only.verdict == "pass"
    result = (await play(REFERENCE, written(text.replace("OUTCOME", "complete")))).only
    assert (result.verdict, result.findings[0].check) == ("fail", "spurious-error")


async def test_an_attempt_before_a_request_speaks_no_http_at_all(play: Play, written: Any) -> None:
    text = RESETS.replace("{steps: [role", "{http: h2, steps: [role").replace("NUMBER", "3")
    assert (await play(REFERENCE, written(text))).only.verdict == "pass"

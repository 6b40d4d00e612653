"""Jobs, known lists, sweeps and results as values: no server, no client."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path
from typing import Any

import attrs
import pytest

from streamproof.adapters.said import Hello
from streamproof.errors import StreamproofError
from streamproof.judging.sent import Sent
from streamproof.judging.tables import CHECKS
from streamproof.running.book import ScenarioBook
from streamproof.running.due import settle_limit_s, waits_of
from streamproof.running.job import Job, jobs_of, skip_of
from streamproof.running.known import read_known
from streamproof.running.result import Subject, connections_note, cut_note, excerpt, reproduce
from streamproof.running.sweep import DOES, MOST_HANGS, failed_plays, is_enough, sweep_result
from streamproof_formats.finding import Finding
from streamproof_formats.message import Message
from streamproof_mock.journal import Exchange
from streamproof_reports.document import CaseFinding, CaseResult
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import case_hash, compile_case
from streamproof_scenarios.delivery import ALL
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Scenario

STREAM = "stream: {steps: [role: assistant, text: Hello, finish: stop, done]}\n"


def scenario(more: str = "", dialect: str = "openai-chat", stream: str = STREAM) -> Scenario:
    return loads(f"title: t\ndialect: {dialect}\n{more}{stream}", path="by/hand.yaml", id="by/hand")


def deliveries(found: Scenario, *asked: str) -> list[str]:
    return [job.delivery for job in jobs_of([found], asked)]


# Jobs

SLOW = "stream: {steps: [role: assistant, text: a, pause: 1s, text: b, finish: stop, done]}\n"

DELIVERIES: dict[str, tuple[Scenario, tuple[str, ...], list[str]]] = {
    "nothing asked for": (scenario(), (), ["as-written"]),
    "one": (scenario(), ("bytewise",), ["bytewise"]),
    "several, one of them twice": (scenario(), ("whole", "size:3", "whole"), ["whole", "size:3"]),
    "all": (scenario(), ("all",), list(ALL)),
    "all, and one more": (scenario(), ("all", "size:3"), [*ALL, "size:3"]),
    "all of a stream that waits": (scenario(stream=SLOW), ("all",), ["as-written"]),
    "one of a stream that waits": (scenario(stream=SLOW), ("bytewise",), ["bytewise"]),
    "the file's own": (scenario("deliveries: [whole, bytewise]\n"), (), ["whole", "bytewise"]),
    "all where the file has its own": (scenario("deliveries: [whole]\n"), ("all",), ["whole"]),
}


@pytest.mark.parametrize("name", DELIVERIES)
def test_deliveries_of(name: str) -> None:
    found, asked, wanted = DELIVERIES[name]
    assert deliveries(found, *asked) == wanted


def test_each_dialect_is_a_case_with_a_hash_of_its_own() -> None:
    jobs = list(jobs_of([scenario(dialect="[openai-chat, workers-ai]")], ()))
    assert [job.case.id for job in jobs] == ["by/hand@openai-chat", "by/hand@workers-ai"]
    assert len({job.hash for job in jobs}) == 2


def job(more: str = "", **fields: Any) -> Job:
    return attrs.evolve(next(jobs_of([scenario(more, **fields)], ())))


def hello(*capabilities: str, dialects: tuple[str, ...] = ("openai-chat",)) -> Hello:
    return Hello(client="c", dialects=dialects, reports="message", capabilities=frozenset(capabilities))


def test_what_a_client_lacks_is_named() -> None:
    two = job("request: {n: 2}\nclient: {max_retries: 0}\n")
    assert skip_of(job(), hello()) is None
    assert skip_of(two, hello("n", "max_retries")) is None
    lacks = skip_of(two, hello())
    assert lacks is not None
    assert set(lacks.missing) >= {"max_retries"}
    spoken = skip_of(job(), hello(dialects=("workers-ai",)))
    assert spoken is not None
    assert spoken.missing == ("openai-chat",)


# Known lists


def known(folder: Path, text: str | bytes) -> Any:
    path = folder / "known.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_known(str(path))


LISTED: list[tuple[str, str, str, int | None]] = [
    ("# a comment\n\nplain/a  # why\n", "plain/a", "as-written", 3),
    ("plain/*\n", "plain/a@openai-chat", "whole", 1),
    ("plain\n", "plain/a", "whole", 1),
    ("**/a\n", "plain/deep/a[end=fin]", "whole", 1),
    ("plain/a@workers-ai\n", "plain/a@openai-chat", "whole", None),
    ("plain/a@workers-ai\n", "plain/a@workers-ai", "whole", 1),
    ("plain/a[end=fin]\n", "plain/a[end=fin]", "whole", 1),
    ("plain/a[end=fin]\n", "plain/a[end=reset]", "whole", None),
    ("plain/a bytewise\n", "plain/a", "bytewise", 1),
    ("plain/a bytewise\n", "plain/a", "whole", None),
    ("plain/a size:3\nplain/a\n", "plain/a", "whole", 2),
    ("\ufeffplain/a\r\n", "plain/a", "whole", 1),
]


@pytest.mark.parametrize(("text", "case", "delivery", "line"), LISTED)
def test_a_line_names(text: str, case: str, delivery: str, line: int | None, tmp_path: Path) -> None:
    assert known(tmp_path, text).line_of(case, delivery) == line


def test_a_line_that_matches_nothing_is_named(tmp_path: Path) -> None:
    found = known(tmp_path, "plain/a\nplain/b\n")
    found.check(["plain/a", "plain/b@openai-chat"])
    with pytest.raises(StreamproofError, match=r"known\.txt:2: 'plain/b' matches no scenario"):
        found.check(["plain/a"])


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StreamproofError, match="cannot be read: No such file"):
        read_known(str(tmp_path / "none"))
    with pytest.raises(StreamproofError, match="expected a text of UTF-8"):
        known(tmp_path, b"\xff\xfe")
    assert read_known(None).lines == ()


# Sweeps


def result(verdict: Any, check: str = "wrong-text", **fields: Any) -> CaseResult:
    finding = CaseFinding(check=check, rule="OC-12", level="MUST", basis="DOC", message="damaged")
    findings = () if verdict in {"pass", "skip", "harness_error"} else (finding,)
    given = {"case": "a", "scenario": "a", "title": "t", "dialect": "openai-chat", "delivery": "d", "client": "c"}
    return CaseResult(**{**given, "verdict": verdict, "findings": findings, **fields})


def test_a_sweep_of_passes_passes() -> None:
    assert sweep_result([("at:1", result("pass")), ("at:2", result("pass"))], 2).verdict == "pass"


def test_a_sweep_tells_its_worst_play_and_what_the_cuts_do() -> None:
    plays = [("at:1", result("pass")), ("at:2", result("warn")), ("at:3", result("fail")), ("at:4", result("fail"))]
    found = sweep_result(plays, 4)
    assert found.verdict == "fail"
    assert [finding.message for finding in found.findings] == ["3 of 4 cuts change the text: offsets 2, 3, 4: damaged"]


TOLD: dict[str, tuple[str, int, str]] = {
    "one cut": ("silent-truncation", 1, "1 of 2,000 cuts loses text: offset 1: damaged"),
    "several cuts": ("silent-truncation", 3, "3 of 2,000 cuts lose text: offsets 1, 2, 3: damaged"),
    "one crash": ("crash", 1, "1 of 2,000 cuts crashes it: offset 1: damaged"),
    "one refusal": ("spurious-error", 1, "1 of 2,000 cuts makes it refuse the stream: offset 1: damaged"),
    "half a call": ("unfinished-call", 1, "1 of 2,000 cuts passes half a call off as whole: offset 1: damaged"),
    "more cuts than are named": (
        "wrong-tools",
        1500,
        "1,500 of 2,000 cuts change the tool calls: offsets 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ...: damaged",
    ),
}


@pytest.mark.parametrize(("check", "bad", "told"), TOLD.values(), ids=TOLD)
def test_a_sweep_is_told_in_one_sentence(check: str, bad: int, told: str) -> None:
    plays = [(f"at:{n}", result("fail" if n <= bad else "pass", check)) for n in range(1, 2001)]
    assert [finding.message for finding in sweep_result(plays, 2000).findings] == [told]


def test_each_check_that_fails_in_a_sweep_is_one_finding_the_worst_play_first() -> None:
    plays = [
        ("at:1", result("warn", "late")),
        ("at:2", result("fail", "wrong-text")),
        ("at:3", result("fail", "crash")),
        ("at:4", result("fail", "wrong-text")),
    ]
    found = sweep_result(plays, 4)
    assert [finding.message.rpartition(":")[0] for finding in found.findings] == [
        "2 of 4 cuts change the text: offsets 2, 4", "1 of 4 cuts makes it late: offset 1", "1 of 4 cuts crashes it: offset 3",
    ]  # fmt: skip
    assert failed_plays(plays) == ("at:2", "at:3", "at:4")


def test_a_broken_stream_taken_for_whole_is_not_told_as_lost_text() -> None:
    worst = result("fail", "silent-truncation")
    hidden = attrs.evolve(worst, findings=tuple(attrs.evolve(item, actual="complete") for item in worst.findings))
    message = sweep_result([("at:1", hidden)], 1).findings[0].message
    assert message == "1 of 1 cuts hides that the stream is broken: offset 1: damaged"


def test_every_check_has_its_words() -> None:
    assert set(DOES) == set(CHECKS)


def test_a_sweep_that_time_cuts_short_tells_what_it_found_and_passes_nothing() -> None:
    good, bad = ("at:1", result("pass")), ("at:2", result("fail"))
    found = sweep_result([good], 9, cut_short="no time")
    assert (found.verdict, found.reason) == ("harness_error", "1 of 9 cuts were played: no time")
    found = sweep_result([good, bad], 9, cut_short="no time")
    assert found.verdict == "fail"
    assert found.findings[0].message == "1 of 2 cuts changes the text: offset 2: damaged"
    assert found.notes == ("stopped with 7 of 9 cuts left: no time",)
    assert sweep_result([good, good], 2, cut_short="no time").verdict == "pass"


CUTS: dict[str, tuple[bytes, int, str]] = {
    "near the ends": (b"data: x\n\n", 6, "the cut at 6 is between 'data: ' and 'x\\n\\n'"),
    "inside a character": ("é".encode(), 1, "the cut at 1 is between b'\\xc3' and b'\\xa9'"),
    "in the middle": (b"a" * 50 + b"b" * 50, 50, f"the cut at 50 is between ...'{'a' * 24}' and '{'b' * 24}'..."),
}


@pytest.mark.parametrize(("body", "place", "told"), CUTS.values(), ids=CUTS)
def test_the_bytes_around_a_cut_are_told(body: bytes, place: int, told: str) -> None:
    assert cut_note(body, place) == told


def test_a_sweep_whose_readings_differ_says_so() -> None:
    found = sweep_result([("at:1", result("pass", reading="read")), ("at:2", result("pass", reading="refused"))], 2)
    assert found.notes == ("the reading depends on where the stream is split: read, refused",)


@pytest.mark.parametrize("verdict", ["skip", "harness_error", "adapter_error"])
def test_a_play_that_cannot_be_judged_ends_a_sweep(verdict: str) -> None:
    plays = [("at:1", result("fail")), ("at:2", result(verdict))]
    assert is_enough(plays)
    assert sweep_result(plays, 9).verdict == verdict


def test_a_sweep_of_hangs_ends_early_and_says_so() -> None:
    plays = [(f"at:{n}", result("fail", "hang")) for n in range(MOST_HANGS)]
    assert not is_enough([])
    assert not is_enough(plays[:-1])
    assert is_enough(plays)
    assert is_enough([plays[0], ("at:88", result("pass")), *plays[1:]])
    assert sweep_result(plays, 100).notes == ("stopped with 97 of 100 cuts left: the rest would tell the same",)


# Results

SUBJECT = Subject(
    name="mine", arguments=("--plain", "--", "sh", "-c", "echo $1"), options=("--strict",), folders=("my own",)
)


def test_a_command_to_reproduce_holds_all_that_was_given() -> None:
    play, show = reproduce(attrs.evolve(job(), delivery="size:3", hash="0badcafe"), SUBJECT)
    assert shlex.split(play) == [
        "streamproof", "check", "client", "--select", "case:0badcafe", "--delivery", "size:3", "--scenarios", "my own",
        "--strict", "--plain", "--", "sh", "-c", "echo $1",
    ]  # fmt: skip
    assert shlex.split(show) == ["streamproof", "show", "by/hand", "--delivery", "size:3", "--scenarios", "my own"]


@pytest.mark.parametrize("delivery", ["as-written", "every-split"])
def test_a_command_to_show_names_no_delivery_that_it_cannot_show(delivery: str) -> None:
    assert "--delivery" not in reproduce(attrs.evolve(job(), delivery=delivery), SUBJECT)[1]


def sent(size: int, place: int | None) -> Any:
    found = Finding(rule="OC-02", level="MUST", basis="DOC", message="m", event=0, start=place, end=place)
    body = bytes(number % 251 for number in range(size))
    return Sent(message=Message(), findings=(found,), ended="terminal", has_body=True, body=body, whole=True)


@pytest.mark.parametrize(
    ("size", "place", "start", "length"),
    [(10, 4, 0, 10), (10_000, None, 0, 4096), (10_000, 5000, 2952, 4096), (10_000, 9_999, 5904, 4096)],
)
def test_bytes_are_shown_around_the_place(size: int, place: int | None, start: int, length: int) -> None:
    found = sent(size, place)
    assert excerpt(found) == (start, found.body[start : start + length])
    assert len(base64.b64encode(excerpt(found)[1])) < 6000


@pytest.mark.parametrize(
    ("connections", "note"),
    [
        ([0], "1 request over 1 connection"),
        ([0, 0], "2 requests over 1 connection"),
        ([0, 7], "2 requests over 2 connections"),
    ],
)
def test_connections_are_noted(connections: list[int], note: str) -> None:
    exchanges = [
        Exchange(
            nonce="n",
            case=None,
            number=0,
            connection=number,
            method="POST",
            path="/",
            http="1.1",
            headers=(),
            body=None,
        )
        for number in connections
    ]
    assert connections_note(exchanges) == note


def test_the_whole_catalogue_makes_jobs_with_different_hashes(book: Catalogue) -> None:
    jobs = list(jobs_of(book.scenarios, ("all", "every-split")))
    assert len({job.hash for job in jobs}) == len(jobs) > 1000


# Waits


def test_waits_of_a_plan_are_pauses_delays_and_awaits() -> None:
    stream = "stream: {delay: 500ms, steps: [role: assistant, pause: 1s, await: delivered, repeat: {times: 3, steps: [pause: 100ms, text: a]}, done]}\n"
    assert waits_of(compile_case(job(stream=stream).case)) == (pytest.approx(0.5 + 1 + 2 + 0.3), True)
    assert waits_of(compile_case(job(stream=stream.replace("await: delivered, ", "")).case)) == (
        pytest.approx(0.5 + 1 + 0.3),
        False,
    )


@pytest.mark.parametrize(("left_within_s", "limit_s"), [(None, 0.5), (1.0, 1.25), (2.0, 2.25), (0.1, 0.5)])
def test_the_runner_looks_on_for_as_long_as_a_client_may_take_to_leave(left_within_s: Any, limit_s: float) -> None:
    assert settle_limit_s(left_within_s) == limit_s


# The book of a server


def test_book_finds_cases_by_id_and_by_the_hash_of_any_usual_delivery(book: Catalogue) -> None:
    served = ScenarioBook(book.scenarios)
    case = "encoding/character-cut-between-reads"
    found = served.find(f"{case}/v1/chat/completions", ("openai-chat",))
    assert found is not None
    assert (found[0].case, found[0].delivery, found[1]) == (f"{case}@openai-chat", "as-written", len(case))
    for delivery in ("as-written", "bytewise", "size:7"):
        name = case_hash(f"{case}@openai-chat", delivery)
        hit = served.find(f"{name}/v1/chat/completions", ("openai-chat",))
        assert hit is not None
        assert (hit[0].delivery, hit[1]) == (delivery, 8)
    assert served.find(name, ("workers-ai",)) is None
    assert served.find("0badcafe/v1", None) is None

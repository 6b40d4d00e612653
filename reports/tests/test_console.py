"""What a person sees, on a terminal and not, quiet and not, coloured and not."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable

import attrs
import pytest
from rich.cells import cell_len

from streamproof_reports.console import HEARTBEAT_S, Color, ConsoleReporter, make_console, replay_console
from streamproof_reports.document import CaseResult, Footer, Run
from streamproof_reports.failure import RuleText

Make = Callable[..., CaseResult]
Describe = Callable[[str], RuleText]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def told(run: Run, stream: io.StringIO | None = None, color: Color = "auto", verbosity: int = 0) -> str:
    stream = stream or io.StringIO()
    reporter = ConsoleReporter(make_console(stream, color, {}), verbosity=verbosity, clock=Clock())
    replay_console(run, reporter)
    return stream.getvalue()


def test_without_a_terminal_each_failure_is_one_line_at_once(benign: Run) -> None:
    stream = io.StringIO()
    reporter = ConsoleReporter(make_console(stream), clock=Clock())
    reporter.started(benign.header)
    assert stream.getvalue().splitlines() == ["streamproof 0.1.0", "  naive 1.0 on CPython", "  9 cases, seed 1"]
    for case in benign.cases:
        before = len(stream.getvalue())
        reporter.case(case)
        new = stream.getvalue()[before:]
        failed = case.verdict in ("fail", "xpass", "flaky", "adapter_error", "harness_error")
        assert new.count("\n") == (1 if failed else 0)
    assert new.startswith("HARNESS ERROR openai-chat/text/case-8 [bytewise]  silent-truncation: text is missing")


def test_the_last_lines_have_one_shape(benign: Run) -> None:
    assert told(benign).splitlines()[-4:] == [
        "skipped, for want of: tools (1)",
        "",
        (
            "9 cases: 1 passed, 1 failed, 1 flaky, 1 passed against expectation, 1 warned, 1 known to fail, 1 skipped, "
            "1 adapter error, 1 harness error  in 4.2 s"
        ),
        "reproduce the first failure: streamproof replay 7f3a",
    ]


def test_the_report_is_named(benign: Run) -> None:
    stream = io.StringIO()
    reporter = ConsoleReporter(make_console(stream), clock=Clock(), report="streamproof-report/index.html")
    replay_console(benign, reporter)
    assert "\nreport: streamproof-report/index.html\n" in stream.getvalue()


def test_a_sign_of_life_every_thirty_seconds(make_case: Make, make_run: Callable[..., Run]) -> None:
    stream, clock = io.StringIO(), Clock()
    reporter = ConsoleReporter(make_console(stream), clock=clock)
    reporter.started(make_run(planned=9).header)
    start = len(stream.getvalue())
    reporter.tick()
    clock.now_s += HEARTBEAT_S - 1
    reporter.case(make_case(verdict="pass"))
    assert stream.getvalue()[start:] == ""
    clock.now_s += 1
    reporter.tick()
    reporter.tick()
    assert stream.getvalue()[start:] == "... 1 of 9, 0 failed\n"
    clock.now_s += HEARTBEAT_S
    reporter.case(make_case(verdict="pass"))
    assert stream.getvalue()[start:].splitlines()[1:] == ["... 2 of 9, 0 failed"]


def test_on_a_terminal_a_bar_that_leaves_nothing_behind(make_case: Make, make_run: Callable[..., Run]) -> None:
    stream, clock = Terminal(), Clock()
    reporter = ConsoleReporter(make_console(stream, "never"), clock=clock)
    run = make_run(make_case(verdict="pass"), planned=2)
    reporter.started(run.header)
    clock.now_s += 1
    reporter.case(run.cases[0])
    assert "1/2" in stream.getvalue()
    clock.now_s += 2 * HEARTBEAT_S
    reporter.tick()
    assert "... 1 of 2" not in stream.getvalue()
    reporter.finished(run.footer, run.cases)
    after_bar = stream.getvalue().rpartition("1/2")[2]
    assert "\x1b[2K" in after_bar.partition("1 case:")[0], "the line of the bar is erased before the totals"
    assert "\x1b[?25h" in stream.getvalue(), "the cursor is shown again"


def test_an_abandoned_run_gives_the_cursor_back(make_run: Callable[..., Run]) -> None:
    stream = Terminal()
    reporter = ConsoleReporter(make_console(stream), clock=Clock())
    reporter.started(make_run(planned=2).header)
    reporter.abandoned()
    assert stream.getvalue().rstrip("\n").endswith(("\x1b[?25h", "\x1b[2K"))
    assert "\x1b[?25h" in stream.getvalue()


@pytest.mark.parametrize(
    ("color", "environ", "terminal", "is_colored"),
    [
        ("auto", {}, False, False),
        ("auto", {}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(color: Color, environ: dict[str, str], terminal: bool, is_colored: bool, benign: Run) -> None:
    stream = Terminal() if terminal else io.StringIO()
    reporter = ConsoleReporter(make_console(stream, color, environ), clock=Clock())
    for case in benign.cases:
        reporter.case(case)
    assert ("\x1b[" in stream.getvalue()) == is_colored
    if is_colored:
        assert re.search(r"\x1b\[1;31mFAIL", stream.getvalue())


def test_forced_colour_alone_begins_no_bar(benign: Run) -> None:
    stream = io.StringIO()
    reporter = ConsoleReporter(make_console(stream, "auto", {"FORCE_COLOR": "1"}), clock=Clock())
    reporter.started(benign.header)
    assert "\x1b[?25l" not in stream.getvalue()


def test_quiet_tells_failures_and_totals_only(benign: Run) -> None:
    lines = told(benign, verbosity=-1).splitlines()
    assert [line.split()[0] for line in lines] == ["FAIL", "XPASS", "FLAKY", "ADAPTER", "HARNESS", "9", "reproduce"]


def test_verbose_lists_every_case(benign: Run) -> None:
    text = told(benign, verbosity=1)
    for word, number in [("PASS", 0), ("WARN", 1), ("SKIP", 3), ("XFAIL", 4)]:
        assert f"\n{word:<5} openai-chat/text/case-{number} " in text
    assert "because" in text
    assert "\nPASS" not in told(benign)


def test_very_verbose_shows_all_bytes_and_the_timeline(benign: Run) -> None:
    text = told(benign, verbosity=2)
    assert "body bytes 0 to 485 of 486" in text
    assert "  2000.0 ms  server end       fin" in text
    assert "body bytes 80 to 207 of 486" in told(benign)


def test_every_failure_shows_its_five_blocks_in_order(benign: Run, describe: Describe) -> None:
    stream = io.StringIO()
    reporter = ConsoleReporter(make_console(stream), clock=Clock(), describe_rule=describe)
    replay_console(benign, reporter)
    _, *failures = re.split(r"\n\n(?=[A-Z1])", stream.getvalue())
    assert len(failures) == 6, "five failures, and the warnings"
    for failure in failures[:5]:
        labels = re.findall(
            r"^  (where|rule|sent|received|client said|found|reproduce|stderr)  +", failure, re.MULTILINE
        )
        assert [{"received": "sent", "found": "client said"}.get(label, label) for label in labels] == [
            "where",
            "rule",
            "sent",
            "client said",
            "reproduce",
            "stderr",
        ]
    assert "OC-07  The stream ends with [DONE]" in failures[0], "a check of a client only refers to the rule"


def test_failures_alike_are_shown_once(make_case: Make, make_run: Callable[..., Run]) -> None:
    text = told(make_run(*(make_case(delivery=delivery) for delivery in ("whole", "bytewise", "size:7"))))
    assert text.count("  where ") == 1
    assert "  the same in: bytewise, size:7\n" in text


def test_many_failures_are_bounded(make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(*(make_case(case=f"a/{at:02}", reproduce=(f"replay {at}",)) for at in reversed(range(70))))
    text = told(run)
    at_once, _, after = text.partition("... more failures: all of them are listed at the end\n")
    assert at_once.count("\nFAIL ") == 10, "as they come"
    assert after.count("  where ") == 10
    listed = after.partition("\n60 more failures:\n")[2].splitlines()
    assert [line.split()[1] for line in listed[:50]] == [f"a/{at}" for at in range(10, 60)]
    assert listed[50:52] == ["and 10 more", "-v shows all of them in full, and so does the report"]
    assert text.splitlines()[-1] == "reproduce the first failure: replay 0", "the first of the list, not of the run"
    assert told(run, verbosity=1).count("  where ") == 70


def test_warnings_are_one_line_each_and_few(make_case: Make, make_run: Callable[..., Run]) -> None:
    cases = [make_case(case=f"a/{at:02}", verdict="warn", delivery=of) for at in range(25) for of in ("whole", "at:1")]
    lines = told(make_run(*cases)).partition("\n25 warnings:\n")[2].splitlines()
    assert [line.split()[:3] for line in lines[:10]] == [["WARN", f"a/{at:02}", "[whole]"] for at in range(10)]
    assert all(line.endswith(" (+1 case alike)") for line in lines[:10])
    assert lines[10:12] == ["and 15 more", ""]


def test_what_goes_without_saying_is_left_out_of_a_list(make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(make_case(case="a/b", delivery="as-written", client="x"), make_case(delivery="whole", client="y"))
    two = attrs.evolve(run, header=attrs.evolve(run.header, subjects=("x 1", "y 1")))
    assert "\nFAIL  a/b  silent" in told(run)
    assert "\nFAIL a/b [as-written] x  0.41 s" in told(run), "in full it is named in full"
    assert "\nFAIL  a/b x  silent" in told(two)
    assert "\nFAIL  openai-chat/text/case-0 [whole] y  silent" in told(two)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_screen_is_not_overrun(columns: int, make_case: Make, make_run: Callable[..., Run]) -> None:
    words = "several words that say what is wrong, at some length, " * 5
    base = make_case().findings[0]
    findings = (
        attrs.evolve(base, message=words, expected="你" * 300, actual="你" * 30 + "x" * 100),
        attrs.evolve(base, check="late", message=words),
    )
    sent = base64.b64encode(b'data: {"a":"' + b"x" * 500 + b'"}\n\n' * 3).decode()
    cases = [
        make_case(case="a/" + "long" * 20, findings=findings, title=words, reproduce=(), delivery=delivery)
        for delivery in ("whole", "bytewise")
    ]
    cases += [attrs.evolve(case, sent=sent, case="b", findings=findings[1:], timeline=()) for case in cases]
    cases += [attrs.evolve(cases[0], case=f"w/{at}", verdict="warn") for at in range(3)]
    cases += [attrs.evolve(cases[0], case=f"s/{at}", verdict="skip", missing=(f"what-{at}",)) for at in range(30)]
    stream = Terminal()
    console = make_console(stream, "never", {"COLUMNS": str(columns), "LINES": "40"})
    reporter = ConsoleReporter(console, clock=Clock())
    replay_console(make_run(*cases), reporter)
    lines = [line.rpartition("\x1b[2K")[2].rpartition("failed\x1b[?25h")[2] for line in stream.getvalue().split("\n")]
    over = [line for line in lines if cell_len(line) > columns]
    assert [line for line in over if not line.startswith("FAIL a/long")] == []
    assert len(lines) > 50


@pytest.mark.parametrize("verbosity", [-1, 0, 1, 2])
def test_nothing_hostile_reaches_the_screen(verbosity: int, hostile: Run) -> None:
    text = told(attrs.evolve(hostile, problems=hostile.header.subjects), verbosity=verbosity)
    assert all(line.isprintable() for line in text.split("\n"))
    assert "[bold red]m[/bold red][/]" in text, "markup is shown and not obeyed"


@pytest.mark.parametrize(
    ("title", "shown"),
    [("::error::x", r"\x3a:error::x"), ("a ##[group]x", r"a ##\x5bgroup]x"), ("a ::error::x", "a ::error::x")],
)
def test_no_line_is_a_command_to_the_runner(
    title: str, shown: str, make_case: Make, make_run: Callable[..., Run]
) -> None:
    run = make_run(make_case(title=title))
    text = told(attrs.evolve(run, header=attrs.evolve(run.header, subjects=(title,))))
    assert f"\n  {shown}\n" in text
    assert f"\n               {shown}\n" in text
    assert not re.search(r"^\s*::", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("footer", "ending"),
    [
        (None, "the run broke off: 1 of 9 planned cases reported"),
        (
            Footer(counts={"pass": 1}, skipped_for={}, duration_s=1.0, interrupted=True),
            "the run was interrupted: 1 of 9 planned cases reported",
        ),
    ],
)
def test_a_run_that_is_not_whole_says_so(
    footer: Footer | None, ending: str, make_case: Make, make_run: Callable[..., Run]
) -> None:
    run = make_run(make_case(verdict="pass"), footer=footer, planned=9)
    assert told(run).splitlines()[-1] == ending


def test_problems_of_a_recorded_run_are_told(benign: Run) -> None:
    text = told(attrs.evolve(benign, problems=("line 3 is not a JSON object: left out",)))
    assert text.splitlines()[-1] == "problem: line 3 is not a JSON object: left out"

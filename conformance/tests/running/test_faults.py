"""Each fault that clients are known for is caught by the scenario made for it, and by no other of a fixed selection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import pytest
import trio

from streamproof_mock.performer import Bounds
from streamproof_reports.document import CaseResult
from streamproof_scenarios.catalogue import Catalogue

Caught = Mapping[str, tuple[str, str]]
"""Case (with its delivery behind a blank where that is not as-written) to verdict and first check."""

TEXT, LENGTH, CALLS = "plain/text-in-several-deltas@openai-chat", "plain/finish-length", "plain/parallel-tool-calls"
CHOICES, COMMENTS = "plain/two-choices", "framing/comments@openai-chat"
REFUSED, ERROR = "errors/http-400@openai-chat", "errors/error-then-done"
CUT = "transport/clean-close-without-end@openai-chat"
NO_ANSWER = (
    "transport/connection-refused@openai-chat",
    "transport/reset-on-accept@openai-chat",
    "transport/handshake-that-stalls@openai-chat",
    *(f"transport/no-head@openai-chat[end={end}:before-head]" for end in ("fin", "reset")),
    "lifecycle/stall-before-the-body@openai-chat[end=stall:in-head]",
)
SELECTION: Final = (TEXT, LENGTH, CALLS, CHOICES, COMMENTS, REFUSED, ERROR, CUT)

FAULTS: Final[Mapping[str, Caught]] = {
    "no-fault": {},
    # what is worst: a user is not told
    "takes-a-cut-for-the-end": {CUT: ("fail", "silent-truncation"), ERROR: ("fail", "swallowed-error")},
    "swallows-errors-of-the-stream": {ERROR: ("fail", "swallowed-error")},
    "hides-that-there-was-no-answer": dict.fromkeys(NO_ANSWER, ("fail", "silent-truncation")),
    "swallows-the-status": {REFUSED: ("fail", "swallowed-error")},
    "hands-on-a-cut-call": {"tools/call-cut-by-connection[end=clean]": ("fail", "unfinished-call")},
    "always-says-stop": dict.fromkeys((LENGTH, CALLS, CHOICES), ("fail", "invented-finish")),
    # text
    "drops-text-after-error": dict.fromkeys(("errors/error-after-text", ERROR, CUT), ("fail", "wrong-text")),
    "says-text-twice": dict.fromkeys((TEXT, LENGTH, CHOICES, COMMENTS, ERROR, CUT), ("fail", "wrong-text")),
    "drops-the-second-choice": {CHOICES: ("fail", "silent-truncation")},
    "loses-reasoning": {"plain/reasoning": ("warn", "silent-truncation")},
    "hands-out-other-deltas": dict.fromkeys((TEXT, LENGTH, CHOICES, COMMENTS), ("fail", "deltas-differ")),
    # bytes
    "splits-lines-like-text": {"encoding/line-separators-in-text@openai-chat": ("fail", "spurious-error")},
    "keeps-carriage-returns": {"framing/crlf@openai-chat": ("fail", "spurious-error")},
    "counts-a-cut-line-end-twice": {"framing/crlf-in-two-reads@openai-chat inside-crlf": ("fail", "spurious-error")},
    "decodes-each-piece": {"encoding/character-cut-between-reads@openai-chat inside-utf8": ("fail", "wrong-text")},
    "needs-an-event-in-one-read": {
        "framing/event-in-several-reads@openai-chat": ("fail", "silent-truncation"),
        COMMENTS: ("fail", "spurious-error"),
    },
    "refuses-comments": {COMMENTS: ("fail", "spurious-error")},
    # tool calls and usage
    "appends-ids": {"tools/id-on-each-delta": ("warn", "wrong-tools")},
    "joins-calls-of-one-index": {"tools/index-all-zero": ("warn", "wrong-tools")},
    "ignores-the-index-of-calls": {CALLS: ("fail", "wrong-tools")},
    "sums-usage": {"format/usage-on-each-chunk": ("warn", "wrong-usage")},
    "invents-usage": dict.fromkeys((TEXT, LENGTH, CALLS, CHOICES, COMMENTS), ("fail", "wrong-usage")),
    # requests
    "retries-after-text": {
        "transport/cut-between-events@openai-chat[end=fin]": ("fail", "wrong-text"),
        "lifecycle/no-repeated-text-after-retry@openai-chat": ("warn", "wrong-text"),
    },
    "retries-at-once": {"errors/http-429-then-200@openai-chat": ("warn", "early-retry")},
    "forgets-the-messages": dict.fromkeys(SELECTION, ("warn", "bad-request")),
    # time and connections
    "dies-in-the-stream": {TEXT: ("fail", "crash")},
    "hangs-at-the-end": {TEXT: ("fail", "hang")},
    "waits-longer-than-told": {"lifecycle/stall-with-idle-limit@openai-chat": ("fail", "hang")},
    "reads-on-when-told-to-stop": {"lifecycle/abort@openai-chat": ("fail", "held-connection")},
    "keeps-connections": {
        "lifecycle/abort@openai-chat": ("fail", "held-connection"),
        "lifecycle/stall-with-idle-limit@openai-chat": ("fail", "held-connection"),
    },
    "buffers-deltas": {"lifecycle/each-delta-at-once@openai-chat": ("warn", "late")},
}

WITHOUT_FAULT: Final = tuple(dict.fromkeys((*SELECTION, *(case for caught in FAULTS.values() for case in caught))))
"""The reference client as it is passes every one of them."""

WAITING: Final = frozenset(
    {
        "no-fault",
        "hides-that-there-was-no-answer",
        "hangs-at-the-end",
        "waits-longer-than-told",
        "reads-on-when-told-to-stop",
        "keeps-connections",
        "buffers-deltas",
    }
)
"""Most of their time is spent until a deadline, in which others can be played."""


@pytest.fixture(scope="module")
def played(
    book: Catalogue, faulty: Callable[[str], Any], play: Callable[..., Awaitable[Any]], job: Any
) -> dict[str, list[CaseResult]]:
    """All faults, a few at a time; the deadline of `await` is short, since only its being missed counts."""
    found: dict[str, list[CaseResult]] = {}
    waiting, working = trio.CapacityLimiter(len(WAITING)), trio.CapacityLimiter(2)

    async def one(fault: str, names: tuple[str, ...]) -> None:
        jobs = [job(book.case(name), delivery or "as-written") for name, _, delivery in map(_parted, names)]
        async with waiting if fault in WAITING else working:
            run = await play(faulty(fault), jobs, server={"bounds": Bounds(await_s=0.3)}, timeout_s=3.5)
        found[fault] = run.results

    async def every() -> None:
        async with trio.open_nursery() as nursery:
            for fault, caught in FAULTS.items():
                names = WITHOUT_FAULT if fault == "no-fault" else tuple(dict.fromkeys((*SELECTION, *caught)))
                nursery.start_soon(one, fault, names)

    trio.run(every)
    return found


def _parted(name: str) -> tuple[str, str, str]:
    return name.partition(" ")


def _name(result: CaseResult) -> str:
    return result.case if result.delivery == "as-written" else f"{result.case} {result.delivery}"


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_caught_where_it_shows_and_only_there(fault: str, played: dict[str, list[CaseResult]]) -> None:
    found = {
        _name(result): (result.verdict, result.findings[0].check if result.findings else result.reason)
        for result in played[fault]
        if result.verdict != "pass"
    }
    assert found == FAULTS[fault]


def test_each_failure_says_how_to_reproduce_it(played: dict[str, list[CaseResult]]) -> None:
    for results in played.values():
        for result in results:
            if result.verdict != "pass":
                assert result.reproduce[0].startswith(f"streamproof check client --select case:{result.hash} "), result
                assert result.findings[0].rule is not None


def test_crash_keeps_the_text_that_came_before_it(played: dict[str, list[CaseResult]]) -> None:
    (crashed,) = (result for result in played["dies-in-the-stream"] if result.verdict == "fail")
    assert crashed.actual["choices"][0]["text"] == "The quick brown fox"

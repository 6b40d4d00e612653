"""The reference client as a process: what the wire does to it, and what it does to the wire."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from streamproof_scenarios.plan import Pause

Play = Callable[..., Awaitable[list[Any]]]
Make = Callable[..., Any]
DONE = "data: [DONE]\n\n"
JSON = (("content-type", "application/json"),)
ERROR = json.dumps({"error": {"message": "slow down", "type": "rate_limit_error", "code": "rate"}})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"close": True},
        {"framing": "length"},
        {"framing": "close"},
        {"framing": "close", "http": "h1.0"},
        {"headers": (("Content-Type", 'Text/Event-Stream; charset="iso-8859-1"'),)},
    ],
    ids=["chunked", "closed", "length", "until close", "HTTP/1.0", "type with a charset that lies"],
)
async def test_a_good_stream_is_complete_whatever_carries_it(play: Play, answer: Make, text: Make, fields: Any) -> None:
    whole = (text("Hé") + text("llo") + text("", "stop") + DONE).encode()
    one = answer(*[whole[i : i + 9] for i in range(0, len(whole), 9)], **fields)
    [run] = await play("reference", one)
    assert run.error is None
    assert (run.choice["text"], run.choice["finish_reason"]) == ("Héllo", "stop")
    assert run.deltas == ["Hé", "llo"]
    assert len(run.exchanges) == 1


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ({"end": "fin"}, "truncated"),
        ({"end": "reset"}, "connection_failed"),
        ({"end": "in-chunk"}, "truncated"),
        ({"end": "bad-chunk"}, "bad_framing"),
        ({"framing": "length", "content_length": 5000}, "truncated"),
        ({"framing": "close"}, "incomplete_stream"),
        ({}, "incomplete_stream"),
    ],
    ids=["fin", "reset", "in a chunk", "bad chunk", "short of its length", "until close", "clean"],
)
async def test_a_stream_that_breaks_off_is_an_error_that_keeps_its_text(
    play: Play, answer: Make, text: Make, fields: Any, type_: str
) -> None:
    [run] = await play("reference", answer(text("Hel"), text("lo"), **fields), runs=[{"max_retries": 2}])
    assert (run.error["type"], run.error["phase"]) == (type_, "stream")
    assert (run.choice["text"], run.choice["finish_reason"]) == ("Hello", None)
    assert len(run.exchanges) == 1


@pytest.mark.parametrize("end", ["fin", "reset", "stall", "in-chunk"])
async def test_after_the_mark_the_end_of_the_body_does_not_matter(
    play: Play, answer: Make, text: Make, end: str
) -> None:
    [run] = await play("reference", answer(text("Hi"), text("", "stop"), DONE, end=end), deadline_s=2.0)
    assert run.error is None
    assert run.choice["text"] == "Hi"


@pytest.mark.parametrize(
    ("one", "type_", "says"),
    [
        ({"headers": JSON}, "content_type", "application/json"),
        ({"headers": ()}, "content_type", "found none"),
        (
            {"headers": (("content-type", "text/event-stream"), ("content-encoding", "gzip"))},
            "content_encoding",
            "gzip",
        ),
        ({"status": 204}, "http_error", "204"),
        ({"status": 302}, "http_error", "302"),
        ({"status": 400}, "http_error", "400: data:"),
    ],
)
async def test_what_is_no_event_stream_is_never_an_empty_success(
    play: Play, answer: Make, text: Make, one: Any, type_: str, says: str
) -> None:
    [run] = await play("reference", answer(text("Hi") + DONE, **one))
    assert run.error["type"] == type_
    assert says in run.error["message"]
    assert run.result["choices"] == []


@pytest.mark.parametrize(
    ("body", "type_", "message", "code"),
    [
        (ERROR, "rate_limit_error", "slow down", "rate"),
        ('{"error": "slow down"}', "http_error", "slow down", None),
        ('{"success": false, "errors": [{"code": 7, "message": "slow down"}]}', "http_error", "slow down", "7"),
        ('{"detail": "slow down"}', "http_error", "the server answered 429: slow down", None),
        ("<h1>slow  down</h1>", "http_error", "the server answered 429: <h1>slow down</h1>", None),
        ("", "http_error", "the server answered 429: no reason given", None),
    ],
)
async def test_an_http_error_tells_its_status_and_reason(
    play: Play, answer: Make, body: str, type_: str, message: str, code: str | None
) -> None:
    [run] = await play("reference", answer(body, status=429, headers=JSON))
    assert run.error == {
        "type": type_, "message": message, "status": 429, "code": code, "phase": "open", "raised": "thrown",
    }  # fmt: skip
    assert len(run.exchanges) == 1


@pytest.mark.parametrize(
    ("first", "retries", "requests", "is_good"),
    [
        ({"status": 429, "headers": (*JSON, ("Retry-After", "0"))}, 2, 2, True),
        ({"status": 503, "headers": (*JSON, ("Retry-After-Ms", "1"))}, 1, 2, True),
        ({"status": 503, "headers": (*JSON, ("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"))}, 1, 2, True),
        ({"status": 429, "headers": (*JSON, ("Retry-After", "61"))}, 2, 1, False),
        ({"status": 429, "headers": (*JSON, ("Retry-After", "0"))}, 0, 1, False),
        ({"status": 400}, 2, 1, False),
        ({"status": 401}, 2, 1, False),
    ],
)
async def test_retries_are_asked_for_bounded_and_only_where_they_help(
    play: Play, answer: Make, text: Make, first: Any, retries: int, requests: int, is_good: bool
) -> None:
    good = answer(text("Hi", "stop") + DONE)
    [run] = await play("reference", answer(ERROR, **first), good, runs=[{"max_retries": retries}])
    assert len(run.exchanges) == requests
    assert (run.error is None) == is_good
    assert run.deltas == (["Hi"] if is_good else [])


async def test_retries_end(play: Play, answer: Make) -> None:
    busy = answer(ERROR, status=429, headers=(*JSON, ("Retry-After", "0")))
    [run] = await play("reference", busy, runs=[{"max_retries": 3}])
    assert run.error["status"] == 429
    assert len(run.exchanges) == 4


async def test_a_connection_that_fails_before_the_body_may_be_tried_again(play: Play, answer: Make, text: Make) -> None:
    good = answer(text("Hi", "stop") + DONE)
    bad = answer(end="reset")
    [run] = await play("reference", bad, good, runs=[{"max_retries": 1}])
    assert (run.error, run.choice["text"], len(run.exchanges)) == (None, "Hi", 2)
    [run] = await play("reference", bad, good)
    assert run.error["type"] == "connection_failed"
    assert len(run.exchanges) == 1


async def test_silence_is_bounded_by_the_idle_limit_and_any_byte_breaks_it(
    play: Play, answer: Make, text: Make
) -> None:
    limit = [{"idle_timeout_s": 0.3, "max_retries": 2}]
    [run] = await play("reference", answer(text("Hel"), end="stall"), runs=limit)
    assert (run.error["type"], run.error["message"]) == ("idle_timeout", "no byte for 0.3 s during the answer")
    assert run.choice["text"] == "Hel"
    assert len(run.exchanges) == 1
    slow = [piece for _ in range(3) for piece in (Pause(0.2), b": ping\n")]
    [run] = await play("reference", answer(text("Hel"), *slow, text("lo", "stop") + DONE), runs=limit)
    assert (run.error, run.choice["text"]) == (None, "Hello")


@pytest.mark.parametrize("how", ["break", "abort"])
async def test_a_stop_leaves_at_once_with_what_was_handed_out(play: Play, answer: Make, text: Make, how: str) -> None:
    endless = answer(*[text(f"{n} ") + text("x ") for n in range(50)], end="stall")
    [run] = await play("reference", endless, runs=[{"stop": {"after": 3, "how": how}}], deadline_s=2.0)
    assert (run.error, run.result["stopped"]) == (None, True)
    assert run.deltas == ["0 ", "x ", "1 "]
    assert (run.choice["text"], run.choice["finish_reason"]) == ("0 x 1 ", None)
    assert run.exchanges[0].left in {"fin", "reset"}


async def test_a_named_client_uses_its_connection_again(play: Play, answer: Make, text: Make) -> None:
    good = answer(text("Hi", "stop") + DONE)
    runs = await play("reference", good, runs=[{"client": "a"}, {"client": "a"}, {"client": "b"}, {}])
    assert [run.choice["text"] for run in runs] == ["Hi"] * 4
    first, second, other, unnamed = (run.exchanges[0].connection for run in runs)
    assert first == second
    assert len({first, other, unnamed}) == 3


async def test_a_connection_that_is_not_at_rest_is_not_used_again(play: Play, answer: Make, text: Make) -> None:
    late = answer(text("Hi", "stop") + DONE, end="stall")
    runs = await play("reference", late, runs=[{"client": "a"}] * 2)
    assert [(run.error, run.choice["text"]) for run in runs] == [(None, "Hi")] * 2
    assert runs[0].exchanges[0].connection != runs[1].exchanges[0].connection


async def test_a_server_that_is_not_there_is_an_error(play: Play, answer: Make) -> None:
    with socket.socket() as bound:
        # Bound but not listening: nobody else gets the port, and it refuses.
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1/chat/completions"
        [run] = await play("reference", answer(DONE), runs=[{"url": url}])
    assert run.error["type"] == "connection_failed"
    assert run.error["phase"] == "open"


async def test_a_run_in_a_dialect_that_it_does_not_speak_is_the_adapters_fault(play: Play, answer: Make) -> None:
    runs = await play("reference", answer(DONE), runs=[{"dialect": "none"}, {"dialect": "workers-ai"}])
    assert runs[0].said.ended == "fault"
    assert runs[1].error is None


OUTER = {"streamproof", "streamproof.subjects", "streamproof.subjects.reference"}


def test_what_the_reference_client_needs_is_the_standard_library() -> None:
    script = "import sys, streamproof.subjects.reference.__main__; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.pathsep.join(place for place in sys.path if place)},
    )
    ours = {name for name in loaded.stdout.split() if name.startswith("streamproof")}
    assert all(name.startswith("streamproof.subjects.reference.") for name in ours - OUTER)
    assert len(ours - OUTER) > 8
    assert not set(loaded.stdout.split()) & {"attrs", "attr", "trio", "httpcore", "h11", "yaml", "ssl", "asyncio"}

"""The page of the mock server in a real browser.  It stands here because the driver of the browser does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from streamproof_mock.behaviour.answers import ANSWERS
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.routes import ROUTES, Route
from streamproof_mock.thread import ServerThread
from streamproof_scenarios.plan import AnswerPlan, Ending, Pause, Plan, Write

pytestmark = pytest.mark.clients

Browser = Any
"""Of the conftest beside this file."""

SPOKEN = [route for route in ROUTES if route.dialect in ANSWERS]

TAGS = "</td><script>alert(1)</script><img src=x onerror=alert(2)><b>"


def event(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": text}}]}).encode() + b"\n\n"


def plan(name: str, end: str, *operations: bytes | Pause) -> Plan:
    answer = AnswerPlan(
        headers=(("content-type", "text/event-stream"),),
        operations=lambda: iter([Write(one) if isinstance(one, bytes) else one for one in operations]),
        ending=Ending(kind=end),  # type: ignore[arg-type]
    )
    return Plan(case=name, delivery="as-written", hash="0badcafe", dialect="openai-chat", answers=(answer,))


PLANS = {
    one.case: one
    for one in (
        plan("made/hostile", "clean", event(TAGS), f"data: {TAGS}\n\nevent: {TAGS}\n".encode()),
        plan("made/stall", "stall", event("so far")),
        # A browser drops what its page has not taken when the connection breaks: the pause is for the page.
        plan("made/reset", "reset", event("so far"), b"data: half", Pause(0.3)),
        plan("made/line-ends", "clean", b"data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n: four\n\ndata: 5\ndata: 6\n\n"),
        plan("made/" + TAGS, "clean"),
    )
}


class Book:
    def find(self, text: str, dialect: str | None) -> tuple[Plan, int] | None:
        return (PLANS[text], len(text)) if text in PLANS else None

    def ids(self) -> Iterable[str]:
        return PLANS


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    with ServerThread(book=Book()) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: ServerThread) -> Browser:
    browser.open(f"{server.url}/docs")
    return browser


def text_of(page: Browser, element: str) -> str:
    text: str = page.run(f"document.getElementById({json.dumps(element)}).textContent")
    return text


def events(page: Browser) -> list[str]:
    found: list[str] = page.run("[...document.querySelectorAll('#events td:last-child')].map((one) => one.textContent)")
    return found


def send(page: Browser, scenario: str = "", *, body: str | None = None, call: str | None = None) -> None:
    for element, value in (("path", call), ("scenario", scenario), ("body", body)):
        if value is not None:
            field = f"document.getElementById({json.dumps(element)})"
            page.run(f"{field}.value = {json.dumps(value)}; {field}.dispatchEvent(new Event('change'))")
    page.run("document.getElementById('send').click()")


def ended(page: Browser) -> str:
    page.wait_for("!document.getElementById('send').disabled")
    assert page.run("document.getElementById('stop').disabled")
    return text_of(page, "state")


def test_its_script_runs_and_lists_the_scenarios(page: Browser, server: ServerThread) -> None:
    page.wait_for("document.getElementById('scenarios').options.length === 5")
    assert page.run("document.getElementById('path').options.length") == len(SPOKEN)
    assert page.faults == []
    assert set(page.requests) == {f"{server.url}/docs", f"{server.url}/__streamproof__/scenarios"}


@pytest.mark.parametrize("route", SPOKEN, ids=[f"{route.dialect} {route.path}" for route in SPOKEN])
def test_each_call_is_answered(page: Browser, route: Route) -> None:
    send(page, call=f"{route.path}  {route.about}")
    assert ended(page).startswith("200 OK, ended after ")
    if route.dialect in {"openai-chat", "workers-ai"}:
        assert text_of(page, "text").startswith(TEXT)


def test_a_tool_call_is_shown(page: Browser) -> None:
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
    user = [{"role": "user", "content": "Say hello."}]
    asked = {"model": "m", "messages": user, "stream": True, "tools": [tool], "tool_choice": "required"}
    send(page, body=json.dumps(asked))
    assert ended(page).startswith("200 OK, ended after ")
    assert text_of(page, "text").startswith("[call: get_weather] ")


def test_a_bad_body_is_sent_as_it_is_and_its_refusal_shown(page: Browser) -> None:
    send(page, body="{bad json")
    assert ended(page).startswith("400 Bad Request, ended after ")
    assert text_of(page, "text").startswith("[error: ")
    assert text_of(page, "head").startswith("400 Bad Request\n")


def test_a_stream_that_stalls_shows_what_came_and_can_be_stopped(page: Browser) -> None:
    send(page, "made/stall")
    page.wait_for("document.getElementById('text').textContent === 'so far'")
    assert page.run("document.getElementById('send').disabled")
    page.run("document.getElementById('stop').click()")
    assert ended(page).startswith("200 OK, stopped by you after ")
    send(page)
    assert ended(page).startswith("200 OK, ended after "), "and the next call is a new one"


def test_a_reset_in_the_middle_is_said_and_what_came_stays(page: Browser) -> None:
    send(page, "made/reset")
    assert ended(page).startswith("200 OK, cut off (network error) after ")
    assert text_of(page, "text") == "so far"
    assert events(page) == [event("so far").decode().strip(), "data: half"]
    assert page.run("document.querySelector('#events .open td:last-child').textContent") == "data: half"


def test_events_are_told_apart_at_any_line_ends(page: Browser) -> None:
    send(page, "made/line-ends")
    ended(page)
    assert events(page) == ["data: 1", "data: 2", "data: 3", ": four", "data: 5\ndata: 6"]


def test_nothing_from_the_wire_becomes_an_element_or_runs(
    page: Browser, server: ServerThread, elements: Callable[[], dict[str, int]]
) -> None:
    page.wait_for("document.getElementById('scenarios').options.length === 5")
    before = elements()
    send(page, "made/hostile")
    assert ended(page).startswith("200 OK, ended after ")
    assert text_of(page, "text") == TAGS
    assert events(page)[1:] == [f"data: {TAGS}", f"event: {TAGS}\n"]
    assert {
        name: number - before.get(name, 0) for name, number in elements().items() if number != before.get(name)
    } == {
        "tr": 3,
        "td": 6,
    }
    send(page, "no/such/" + TAGS)
    assert ended(page).startswith("404 Not Found, ")
    assert page.faults == []
    assert all(url.startswith(f"{server.url}/") for url in page.requests)

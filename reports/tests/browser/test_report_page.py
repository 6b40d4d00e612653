"""The report in a real browser: its script runs under its policy, and nothing from the wire runs or loads."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from streamproof_reports.document import Run
from streamproof_reports.failure import RuleText
from streamproof_reports.html import html_page

pytestmark = pytest.mark.clients

Browser = Any
"""Of the conftest beside this file."""

SHOWN = "[...document.querySelectorAll('.case')].filter((one) => !one.hidden).length"
ROWS = "[...document.querySelectorAll('#matrix tr[data-verdicts]')].filter((row) => row.offsetParent).length"


@pytest.fixture
def show(browser: Browser, tmp_path: Path, describe: Callable[[str], RuleText]) -> Callable[..., str]:
    def write(run: Run, fragment: str = "") -> str:
        path = tmp_path / "index.html"
        path.write_text(html_page(run, describe), "utf-8")
        url = path.as_uri() + fragment
        browser.open(url)
        return path.as_uri()

    return write


def sending(run: Run, data: bytes) -> Run:
    sent = base64.b64encode(data).decode()
    cases = (attrs.evolve(case, sent=sent, sent_total=len(data)) for case in run.cases)
    return attrs.evolve(run, cases=tuple(cases))


def test_nothing_from_the_wire_becomes_an_element_or_runs(
    browser: Browser,
    show: Callable[..., str],
    elements: Callable[[], dict[str, int]],
    hostile: Run,
    harmless: Run,
    hostile_text: str,
) -> None:
    wire = hostile_text.encode("utf-8", "surrogatepass")
    show(sending(harmless, bytes(byte if byte in b"\r\n" else ord("x") for byte in wire)))
    expected = elements()
    url = show(sending(hostile, wire))
    assert elements() == expected
    assert expected["script"] == 1
    assert "img" not in expected
    assert "alert(1)" in browser.run("document.body.innerText"), "it is shown as text"
    assert browser.faults == [], "nothing was thrown, no dialog opened, the policy was not broken"
    assert browser.requests == [url], "and nothing else was asked for"


def test_its_script_runs_under_its_policy(browser: Browser, show: Callable[..., str], benign: Run) -> None:
    show(benign)
    assert (browser.run(SHOWN), browser.run(ROWS)) == (8, 8), "what was skipped is hidden at first"
    assert browser.run("document.getElementById('shown').textContent") == "8 of 9"
    assert browser.run("document.getElementById('skipped').innerText").startswith("1 row that was only skipped")
    browser.run("document.querySelector('#skipped button').click()")
    assert (browser.run(SHOWN), browser.run(ROWS)) == (9, 9)
    assert browser.run("document.querySelector('[data-filter=skip]').getAttribute('aria-pressed')") == "true"

    browser.run("document.querySelector('[data-filter=fail]').click()")
    assert (browser.run(SHOWN), browser.run(ROWS)) == (8, 8)
    type_in = "(words) => {const find = document.getElementById('find'); find.value = words;"
    type_in += " find.dispatchEvent(new Event('input'))}"
    browser.run(f"({type_in})('CASE-4 title')")
    assert (browser.run(SHOWN), browser.run(ROWS)) == (1, 1)
    browser.run(f"({type_in})('nothing holds this')")
    assert (browser.run(SHOWN), browser.run(ROWS)) == (0, 0)
    assert browser.run("document.querySelector('#matrix tbody').hidden"), "no folder stands without a row"
    assert browser.faults == []


def test_a_link_leads_to_a_case_that_was_hidden_and_folded(
    browser: Browser, show: Callable[..., str], benign: Run
) -> None:
    show(benign, "#case-3")
    state = "(() => {const one = document.getElementById('case-3');"
    state += " const {top} = one.getBoundingClientRect(); const bar = document.querySelector('nav');"
    state += " return [one.dataset.verdict, one.hidden, one.open, top >= bar.getBoundingClientRect().bottom]})()"
    browser.wait_for(f"{state}[2]")
    assert browser.run(state) == ["skip", False, True, True]
    browser.run("document.querySelector('#matrix a[href=\"#case-0\"]').click()")
    browser.wait_for("document.getElementById('case-0').open")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_is_no_wider_than_the_screen(
    browser: Browser, show: Callable[..., str], hostile: Run, width: int
) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    show(hostile)
    browser.run("document.querySelectorAll('details').forEach((one) => { one.hidden = false; one.open = true; })")
    wide = browser.run("document.documentElement.scrollWidth")
    browser.call("Emulation.clearDeviceMetricsOverride")
    assert wide <= width

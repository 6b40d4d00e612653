"""The page holds everything, needs nothing, and nothing from the wire becomes part of it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import attrs
import pytest

from streamproof_reports.document import VERDICTS, CaseResult, Run, WireEvent
from streamproof_reports.failure import RuleText
from streamproof_reports.html import html_page

Make = Callable[..., CaseResult]
Describe = Callable[[str], RuleText]

VOID = {"meta", "br", "input"}
EMPTY_IN_SVG = {"path"}


class Page(HTMLParser):
    """Every element with its attributes; asserts that elements are closed in the order in which they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len(dict(attributes)) == len(attributes), f"an attribute twice in {tag}"
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in EMPTY_IN_SVG
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1] if self._open else "", data))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]

    def text_of(self, tag: str) -> str:
        return "".join(data for name, data in self.texts if name == tag)


def test_hostile_text_adds_no_element_and_no_attribute(harmless: Run, hostile: Run, describe: Describe) -> None:
    assert Page(html_page(hostile, describe)).shape() == Page(html_page(harmless, describe)).shape()


def test_only_what_the_template_makes_is_in_the_page(hostile: Run, describe: Describe) -> None:
    page = Page(html_page(hostile, describe))
    known = (
        "html head meta title style body header h1 h2 h3 h4 h5 p b i em br span small dl dt dd code nav button label"
    )
    known += " input kbd main section div table thead tbody tr th td a details summary pre ul li svg text g path mark"
    known += " footer script"
    assert {tag for tag, _ in page.elements} <= set(known.split())
    assert len(page.all("script")) == len(page.all("style")) == 1
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("style", "src", "srcset", "srcdoc", "action", "formaction", "xlink:href"), (tag, name)
            assert (value or "").isprintable(), (tag, name)
            if name == "href":
                assert re.match(r"#case-\d+\Z|https://docs\.example/", value or ""), value
            if name in ("class", "id", "data-verdict", "data-verdicts", "data-filter"):
                assert re.fullmatch(r"[a-z0-9_ -]+", value or ""), (name, value)


def test_every_text_is_visible(hostile: Run, describe: Describe) -> None:
    text = html_page(hostile, describe)
    assert all(line.isprintable() for line in text.split("\n"))
    assert r"\x00\x07\x1b[31m" in text
    assert r"\u2028\u2029\u202e\ufeff\udfff\ud800\uffff" in text
    assert "{{7*7}}{%x%}" in text, "the text of a case is no template"
    assert text.encode().decode() == text


def test_the_policy_allows_our_script_and_style_and_nothing_else(benign: Run) -> None:
    text = html_page(benign)
    page = Page(text)
    policies = [tag["content"] for tag in page.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    rules = dict(rule.strip().split(" ", 1) for rule in (policies[0] or "").split(";"))
    assert set(rules) == {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert content is not None
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    policy_at = text.index("Content-Security-Policy")
    assert policy_at < text.index("<style>") < text.index("<script>")


def test_the_page_needs_no_other_file(benign: Run) -> None:
    text = html_page(benign)
    assert not re.search(r"@import|url\(|<link|<img|<iframe|<object|<embed|fetch\(|XMLHttpRequest|import\(", text)


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://docs.example/a#b", True),
        ("http://docs.example/", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.example/", False),
        ("https:evil", False),
        ("http://[bad", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(
    url: str, is_link: bool, make_case: Make, make_run: Callable[..., Run]
) -> None:
    def describe(_: str) -> RuleText:
        return RuleText(title="t", strength="MUST", document="d", section="s", url=url)

    page = Page(html_page(make_run(make_case()), describe))
    links = [link["href"] for link in page.all("a") if not (link["href"] or "").startswith("#")]
    assert links == ([url, url] if is_link else [])


def test_failures_are_open_and_all_else_is_folded(benign: Run) -> None:
    cases = [tag for tag in Page(html_page(benign)).all("details") if tag.get("class") == "case"]
    opened = {tag["data-verdict"] for tag in cases if "open" in tag}
    assert opened == {"fail", "xpass", "flaky", "adapter_error", "harness_error"}
    assert {tag["data-verdict"] for tag in cases} == set(VERDICTS)


def test_the_worst_cases_come_first_and_every_link_leads_to_a_case(benign: Run) -> None:
    page = Page(html_page(benign))
    cases = [tag for tag in page.all("details") if tag.get("class") == "case"]
    assert [tag["data-verdict"] for tag in cases][:3] == ["fail", "xpass", "flaky"]
    assert [tag["data-verdict"] for tag in cases][-2:] == ["pass", "skip"]
    ids = [tag["id"] for tag in cases]
    assert len(set(ids)) == 9
    assert {f"#{name}" for name in ids} == {link["href"] for link in page.all("a")}


def test_a_case_shows_what_there_is_to_know(make_case: Make, make_run: Callable[..., Run], describe: Describe) -> None:
    text = html_page(make_run(make_case(reading="lenient", reason="why not")), describe)
    page = Page(text)
    for part in (
        "A title",
        "Why it is there",
        "scenarios/openai_chat/text.yaml:12",
        "lenient",
        "why not",
        "a note",
        "owner/repo#1",
        "silent-truncation",
        " text is missing (and 1 more)",
        "The stream ends with [DONE]",
        "API reference › Streaming",
        "130 to 149",
        "body bytes 0 to 485 of 486; the finding is at 130 to 149",
        "as hex: body bytes",
        '"text": "Hello"',
        "ValueError: x",
        "streamproof replay 7f3a",
        "2000.0 ms server end: fin",
    ):
        assert any(part in data for _, data in page.texts), part
    assert [button for button in page.all("button") if button.get("class") == "copy"]
    assert len(page.all("svg")) == 1


def test_where_what_was_said_parts_from_what_was_expected_is_marked(
    make_case: Make, make_run: Callable[..., Run]
) -> None:
    finding = attrs.evolve(make_case().findings[0], expected="a <b> c", actual="a <i> c", start=None)
    text = html_page(make_run(make_case(findings=(finding,))))
    assert '<th scope="row">said</th><td><code>&#34;a &lt;<mark>i</mark>&gt; c&#34;</code></td>' in text
    assert '<th scope="row">expected</th><td><code>&#34;a &lt;<mark>b</mark>&gt; c&#34;</code></td>' in text


def test_a_rule_has_its_level_only_where_it_was_judged(
    make_case: Make, make_run: Callable[..., Run], describe: Describe
) -> None:
    finding = make_case().findings[0]
    for check, words, heading in (("rule", ["MUST", "MUST"], "the rule"), ("silent-truncation", [], "refers to")):
        page = Page(html_page(make_run(make_case(findings=(attrs.evolve(finding, check=check),))), describe))
        assert [data for tag, data in page.texts if tag == "em"] == words
        assert ("h4", heading) in page.texts


def test_the_order_inside_of_a_case(make_case: Make, make_run: Callable[..., Run], describe: Describe) -> None:
    case = make_case(findings=make_case().findings[:1])
    page = Page(html_page(make_run(case), describe))
    headings = [data for tag, data in page.texts if tag == "h4" and data.strip()]
    assert [heading.strip() for heading in headings] == [
        "what is wrong",
        "refers to",
        "when",
        "sent",
        "standard error of the client",
        "reproduce",
    ]


def test_the_same_failure_in_another_delivery_stays_folded(make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(*(make_case(delivery=delivery) for delivery in ("bytewise", "whole", "size:10", "size:9")))
    cases = [tag for tag in Page(html_page(run)).all("details") if tag.get("class") == "case"]
    assert [(tag["id"], "open" in tag) for tag in cases] == [
        ("case-1", True),
        ("case-0", False),
        ("case-3", False),
        ("case-2", False),
    ]


def test_skipped_cases_are_hidden_until_asked_for_unless_there_is_nothing_else(
    make_case: Make, make_run: Callable[..., Run]
) -> None:
    skipped, passed = make_case(verdict="skip", findings=()), make_case(verdict="pass", findings=())
    for cases, pressed in (((skipped, passed), ["true", "false"]), ((skipped,), ["true"])):
        page = Page(html_page(make_run(*cases)))
        assert [tag["aria-pressed"] for tag in page.all("button") if "data-filter" in tag] == pressed


def test_a_command_is_copied_as_it_is(make_case: Make, make_run: Callable[..., Run]) -> None:
    command = """curl -d '{"a": "<b> & c"}' http://127.0.0.1/"""
    page = Page(html_page(make_run(make_case(reproduce=(command,)))))
    assert (("code", command)) in page.texts


def test_the_timeline_and_its_table_hold_the_same(make_case: Make, make_run: Callable[..., Run]) -> None:
    events = tuple(WireEvent(at_ms=float(at), lane="server", kind="write", text=f"w{at}") for at in range(500))
    text = html_page(make_run(make_case(timeline=events)))
    drawn = re.findall(r"<title>\d+\.0 ms server write: (w\d+)</title>", text)
    listed = re.findall(r"<code>(w\d+)</code>", text)
    assert drawn == listed
    assert len(drawn) == 60
    assert "(440 marks left out)" in text


def test_a_run_that_is_not_whole_says_so_first(make_case: Make, make_run: Callable[..., Run]) -> None:
    run = make_run(make_case(verdict="pass", findings=()), footer=None, planned=9)
    text = html_page(attrs.evolve(run, problems=("line 3 is not a JSON object: left out",)))
    assert '<span class="outcome bad">not judged to the end</span>' in text
    assert '<p class="alert" role="alert">the run broke off: 1 of 9 planned cases reported</p>' in text
    assert '<p class="alert">line 3 is not a JSON object: left out</p>' in text


def test_an_empty_run_is_a_page(make_run: Callable[..., Run]) -> None:
    assert "nothing was judged" in Page(html_page(make_run())).text_of("span")


def test_a_page_of_many_cases_stays_small(make_case: Make, make_run: Callable[..., Run]) -> None:
    events = tuple(WireEvent(at_ms=float(at), lane="server", kind="write", text="data: " * 20) for at in range(200))
    sent = base64.b64encode(b"x" * 4096).decode()
    long = {"text": "y" * 20_000}
    for verdict, bound in (("pass", 2_000_000), ("fail", 9_000_000)):
        case = make_case(verdict=verdict, timeline=events, sent=sent, sent_total=4096, expected=long)
        cases = [attrs.evolve(case, delivery=f"at:{at}") for at in range(500)]
        assert len(html_page(make_run(*cases))) < bound, verdict

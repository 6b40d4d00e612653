"""What of probing needs no socket: how long to wait, which address, what is masked."""

from __future__ import annotations

import attrs
import pytest

from streamproof.errors import StreamproofError
from streamproof.probing.address import checked_headers, checked_key, whole_address
from streamproof.probing.masking import Mask
from streamproof.probing.probes import PROBES, Asking, most_bytes, plan_of
from streamproof.probing.waiting import wait_s
from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import RULES
from streamproof_reports.document import CaseFinding, CaseResult, WireEvent

DATE = "Fri, 31 Dec 1999 23:59:50 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "tries", "seconds"),
    [
        (None, None, 1, 1.0),
        (None, None, 2, 2.0),
        (None, None, 9, 10.0),
        ("7", None, 2, 7.0),
        (" 7 ", None, 1, 7.0),
        ("0", None, 1, 0.0),
        ("3600", None, 1, 3600.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", DATE, 1, 10.0),
        ("Fri, 31 Dec 1999 23:59:40 GMT", DATE, 1, 0.0),
        ("Sat, 01 Jan 2000 00:00:00 -0000", DATE, 1, 10.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", None, 1, 1.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", "yesterday", 1, 1.0),
        ("", None, 1, 1.0),
        ("-5", None, 1, 1.0),
        ("1e3", None, 1, 1.0),
        ("²", None, 1, 1.0),
        ("9" * 400, None, 1, 1.0),
        ("soon", DATE, 1, 1.0),
        ("Sat, 99 Jan 99999 00:00:00 GMT", DATE, 1, 1.0),
    ],
)
def test_how_long_to_wait(retry_after: str | None, date: str | None, tries: int, seconds: float) -> None:
    given = {"retry-after": retry_after, "date": date}
    headers = tuple((name, value) for name, value in given.items() if value is not None)
    assert wait_s(ResponseHead(status=429, headers=headers), tries) == seconds


def test_how_long_to_wait_without_a_head() -> None:
    assert wait_s(None, 1) == 1.0


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("http://h", "http://h/v1/chat/completions"),
        ("http://h/", "http://h/v1/chat/completions"),
        ("http://h/v1", "http://h/v1/chat/completions"),
        ("http://h/v1/", "http://h/v1/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("https://h:8443/api/v1", "https://h:8443/api/v1/chat/completions"),
        ("https://h/v1beta/openai/", "https://h/v1beta/openai/chat/completions"),
        ("https://h/openai/deployments/d?api-version=1", "https://h/openai/deployments/d/chat/completions?api-version=1"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1/chat/completions"),
        ("http://h/v1#top", "http://h/v1/chat/completions"),
    ],
)  # fmt: skip
def test_an_address_is_completed_as_an_sdk_does_it(given: str, called: str) -> None:
    assert whole_address(given, "openai-chat") == called


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("h/v1", "expected a URL of http or https, found 'h/v1'"),
        ("ftp://h/v1", "expected a URL of http or https"),
        ("http:///v1", "expected a URL of http or https"),
        ("http://h:0/v1", "expected a URL of http or https"),
        ("http://h:99999/v1", "expected a URL of http or https"),
        ("http://[::1/v1", "expected a URL of http or https"),
        ("http://h/v 1", "expected a URL of http or https"),
        ("http://h/\r\nX: y", "expected a URL of http or https"),
        ("http://u:secret@h/v1", "without a key or password"),
        ("http://h/v1?key=secret", "without a key or password"),
    ],
)
def test_what_is_no_address_is_told_without_its_secrets(given: str, says: str) -> None:
    with pytest.raises(StreamproofError, match=says) as raised:
        whole_address(given, "openai-chat")
    assert raised.value.hint
    assert "secret" not in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.parametrize(
    ("key", "checked"), [(None, None), ("", None), (" \n", None), ("sk-1\n", "sk-1"), ("sk-1", "sk-1")]
)
def test_a_key_is_trimmed(key: str | None, checked: str | None) -> None:
    assert checked_key(key, "NAME") == checked


@pytest.mark.parametrize("key", ["sk-1\r\nX: y", "sk-“quoted”", "sk-\x00"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(StreamproofError, match="the key in NAME has characters") as raised:
        checked_key(key, "NAME")
    assert "sk-" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_headers_are_read() -> None:
    assert checked_headers(["X-A: 1", "x-b:2:3"]) == {"X-A": "1", "x-b": "2:3"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("X-A", "expected 'NAME: VALUE'"),
        (": 1", "expected 'NAME: VALUE'"),
        ("X A: 1", "expected 'NAME: VALUE'"),
        ("X-A: 1\r\nX-B: 2", "characters that no header can carry"),
        ("Authorization: Bearer sk-1", "holds a secret"),
        ("api-key: sk-1", "holds a secret"),
        ("Content-Length: 3", "is set by the probes"),
    ],
)
def test_headers_that_cannot_be_sent_are_refused(text: str, says: str) -> None:
    with pytest.raises(StreamproofError, match=says) as raised:
        checked_headers([text])
    assert "sk-1" not in f"{raised.value.message} {raised.value.hint}"


# --- The mask

KEY = "sk-proj-4f9a/b+c=Q2"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("nothing", "nothing"),
        (f"<{KEY}>", f"<{'*' * 19}>"),
        (f"{KEY}{KEY}", "*" * 38),
        ("cut: sk-proj-4f9a…", "cut: ************…"),
        ("sk-proj-", "********"),
        ("sk-proj", "sk-proj"),
        (r"sk-proj-4f9a\/b+c=Q2", "*" * 20),
        ("sk-proj-4f9a%2Fb%2Bc%3DQ2", "*" * 25),
        ("sk-proj-4f9b", "***********b"),
    ],
)
def test_a_key_is_masked_whole_and_cut(text: str, masked: str) -> None:
    mask = Mask(KEY)
    assert mask.text(text) == masked
    assert mask.data(text.encode()) == masked.encode()
    assert mask.hidden(text.encode()) == masked.count("*")


def test_the_cuts_of_pieces_stay() -> None:
    data = f"a {KEY} b".encode()
    for cut in range(len(data) + 1):
        masked = Mask(KEY).pieces((data[:cut], data[cut:]))
        assert b"".join(masked) == b"a " + b"*" * 19 + b" b"
        assert len(masked[0]) == cut


def test_a_very_long_key_is_masked_and_a_short_one_whole_only() -> None:
    assert Mask("k" * 5000).text("k" * 5000) == "*" * 5000
    assert Mask("abc").text("ab abc") == "ab ***"


def test_without_a_key_nothing_changes() -> None:
    result = CaseResult(case="c", scenario=None, title="t", dialect="d", delivery=None, client=None, verdict="pass")
    assert Mask(None).result(result) is result
    assert Mask(None).data(b"\xff") == b"\xff"


def test_every_text_of_a_result_is_masked() -> None:
    """Whatever fields a result has: each that holds text is filled with the key."""
    texts = {field.name: KEY for field in attrs.fields(CaseResult) if "str" in str(field.type)}
    finding = CaseFinding(check=KEY, rule=KEY, level=None, basis=None, message=KEY, expected={KEY: [KEY]}, actual=KEY)
    lists = {
        "missing": (KEY,), "notes": (KEY,), "refs": (KEY,), "reproduce": (KEY,), "findings": (finding,), "actual": [KEY],
        "timeline": (WireEvent(at_ms=0.0, lane="server", kind="write", text=KEY),), "expected": {KEY: KEY}, "sent": None,
    }  # fmt: skip
    known = {field.name for field in attrs.fields(CaseResult)}
    result = Mask(KEY).result(CaseResult(**{**texts, "verdict": "fail", **{k: lists[k] for k in lists.keys() & known}}))
    assert KEY not in repr(result)
    assert "*" * 19 in result.reason if result.reason else False


# --- The probes


def test_a_request_is_plain_first_dangerous_last_and_bounded() -> None:
    for dialect in PROBES:
        probes = plan_of(dialect)
        assert probes[0].name == "plain"
        assert [probe.is_dangerous for probe in probes] == sorted(probe.is_dangerous for probe in probes)
        for probe in probes:
            body = probe.body(Asking(model="m", tokens=10))
            if not isinstance(body, bytes):
                assert (
                    0 < body["max_completion_tokens"] * body.get("n", 1) <= probe.tokens(Asking(model="m", tokens=10))
                )
                assert body["stream"] is True


def test_the_field_of_the_token_bound_is_the_one_asked_for() -> None:
    for probe in plan_of("openai-chat"):
        body = probe.body(Asking(model="m", token_field="max_tokens"))
        assert isinstance(body, bytes) or ("max_tokens" in body and "max_completion_tokens" not in body)


def test_probes_name_rules_that_exist_and_each_has_its_name() -> None:
    probes = plan_of("openai-chat")
    assert {ref for probe in probes for ref in probe.refs} <= RULES.keys()
    assert len({probe.name for probe in probes}) == len(probes)
    assert [probe.name for probe in plan_of("openai-chat", ["usage", "plain"])] == ["plain", "usage"]


@pytest.mark.parametrize(("tokens", "size"), [(48, 9 * 48 << 12), (1, 1 << 20), (10_000, 90_000 << 12)])
def test_longer_answers_may_have_more_bytes(tokens: int, size: int) -> None:
    assert most_bytes(plan_of("openai-chat"), Asking(model="m", tokens=tokens)) == size
    assert most_bytes(plan_of("openai-chat", ["plain"]), Asking(model="m", tokens=48)) == 1 << 20

from __future__ import annotations

import json
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamproof_formats.judge import Judge, judge
from streamproof_formats.message import StreamError
from streamproof_formats.response import BodyFraming, ResponseHead
from streamproof_formats.rule import Level
from streamproof_formats.rules import http, sse
from streamproof_formats.sse import Event, encode
from streamproof_formats.tally import MOST_OF_ONE_RULE

CONTENT_TYPE = ("content-type", "text/event-stream")
JSON_TYPE = ("content-type", "application/json")
NO_CACHE = ("cache-control", "no-cache")
GOOD_HEAD = ResponseHead(status=200, headers=(CONTENT_TYPE, NO_CACHE, ("transfer-encoding", "chunked")))
ERROR_BODY = b'{"error": {"message": "slow down", "type": "rate_limit_error", "param": null, "code": null}}'


def chunk(**fields) -> str:
    choice = {"index": 0, "delta": {}, "finish_reason": None, **fields}
    envelope = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return json.dumps(envelope, ensure_ascii=False)


ROLE = encode(chunk(delta={"role": "assistant", "content": ""}))
HI = encode(chunk(delta={"content": "Hi"}))
FINISH = encode(chunk(finish_reason="stop"))
DONE = encode("[DONE]")
GOOD = ROLE + HI + FINISH + DONE


def head(*headers: tuple[str, str], **fields) -> ResponseHead:
    return ResponseHead(status=fields.pop("status", 200), headers=headers, **fields)


def base_rules(body: bytes, dialect: str = "openai-chat", **arguments) -> list[str]:
    return [finding.rule for finding in judge(body, dialect, **arguments).findings if finding.rule.startswith("SSE")]


def with_hi(event: bytes) -> bytes:
    return ROLE + event + FINISH + DONE


PRETTY = json.dumps(json.loads(chunk(delta={"content": "Hi"})), indent=1)
LONG = len(GOOD)

# Rule, body, arguments: each breaks that rule of the base layer, and no other.
BROKEN = [
    ("SSE-02b", with_hi(HI.replace(b"Hi", b"H\xff")), {}),
    ("SSE-02b", GOOD + b": \xff\n\n", {}),
    ("SSE-04", b"\xef\xbb\xbf" + GOOD, {}),
    ("SSE-06", GOOD.replace(b"\n", b"\r\n"), {}),
    ("SSE-06", GOOD.replace(b"\n", b"\r"), {}),
    ("SSE-06", ROLE + HI + FINISH + b": c\r\n\n" + DONE, {}),
    ("SSE-08", with_hi(encode(chunk(delta={"content": "a\u2028b"}))), {}),
    ("SSE-08", with_hi(encode(chunk(delta={"content": "a\x85b"}))), {}),
    ("SSE-13", with_hi(encode(chunk(delta={"content": "Hi"}), space=False)), {}),
    ("SSE-26", ROLE + HI + FINISH + b"data: [DONE]\n", {}),
    ("SSE-26", ROLE + HI + FINISH + b"data: [DONE]", {}),
    ("SSE-26", GOOD + b"event: x", {}),
    ("SSE-26", ROLE + HI[:-1] + FINISH + DONE, {}),
    ("SSE-26", GOOD.replace(b"\n\n", b"\n") + b"\n", {}),
    ("SSE-27b", with_hi(encode(chunk(delta={"content": "Hi"}), id="1")), {}),
    ("SSE-27b", with_hi(b"id\n\n" + HI), {}),
    ("SSE-28", with_hi(b"event: ping\n\n" + HI), {}),
    ("SSE-28", with_hi(b"retry: 3000\n\n" + HI), {}),
    ("SSE-30", with_hi(encode(PRETTY)), {}),
    ("SSE-40", b"{}", {"head": head(("content-type", "application/json"), NO_CACHE)}),
    ("SSE-40", GOOD, {"head": head(CONTENT_TYPE, NO_CACHE, status=201)}),
    ("SSE-40", GOOD, {"head": head(NO_CACHE)}),
    ("SSE-41b", GOOD, {"head": head(("content-type", "text/event-stream; charset=iso-8859-1"), NO_CACHE)}),
    ("SSE-42", GOOD, {"head": head(CONTENT_TYPE)}),
    ("SSE-42", GOOD, {"head": head(CONTENT_TYPE, ("cache-control", "private, max-age=60"))}),
    ("SSE-43", GOOD, {"head": head(CONTENT_TYPE, NO_CACHE, ("content-length", str(LONG)), framing="length")}),
    ("SSE-44", GOOD, {"head": head(CONTENT_TYPE, NO_CACHE, ("connection", "close"), http="2", framing="h2")}),
    ("SSE-47", b"<html>", {"head": head(("content-type", "text/html"), status=502)}),
    ("SSE-47", b"no JSON", {"head": head(("content-type", "application/json"), status=429)}),
    ("SSE-47", b"", {"head": head(("content-type", "application/json"), status=500)}),
    ("SSE-48", GOOD, {"head": GOOD_HEAD, "end": "fin"}),
    ("SSE-48", GOOD, {"head": GOOD_HEAD, "end": "reset"}),
    ("SSE-48", GOOD, {"head": GOOD_HEAD, "end": "bad-framing"}),
    ("SSE-50", GOOD, {"head": attrs.evolve(GOOD_HEAD, request_http="1.0")}),
]  # fmt: skip

# What cannot be broken alone: rules, body, arguments.
BROKEN_TOGETHER = [
    (["SSE-43", "SSE-43b", "SSE-48"], ROLE + HI + FINISH, LONG, {"end": "fin"}),
    (["SSE-43", "SSE-43b", "SSE-48"], ROLE + HI + FINISH, LONG, {}),
    (["SSE-43", "SSE-48"], ROLE + HI + FINISH, LONG, {"end": "reset"}),
    (["SSE-43"], ROLE + HI + FINISH, LONG, {"end": "timeout"}),
    (["SSE-43", "SSE-43b"], GOOD + b"data: x\n\n", LONG, {}),
    (["SSE-43", "SSE-43b"], GOOD, LONG, {"framing": BodyFraming(size=LONG, is_whole=True, excess=3)}),
]

KEPT = [
    ("SSE-02b", GOOD.replace(b"Hi", "你好 😀".encode()), {}),
    ("SSE-02b", GOOD + b": \xe2\x80", {}),
    ("SSE-08", with_hi(encode(json.dumps(json.loads(chunk(delta={"content": "a\u2028b"}))))), {}),
    ("SSE-26", GOOD + b": ping", {}),
    ("SSE-26", ROLE + HI + b"data: {", {"end": "timeout"}),
    ("SSE-28", GOOD + b"foo: bar\n\n", {}),
    ("SSE-29", ROLE + b": ping\n\n" + HI + b":\n\n" + FINISH + DONE, {}),
    ("SSE-40", GOOD, {"head": GOOD_HEAD}),
    ("SSE-40", b"{}", {"head": head(("content-type", "application/json")), "request": {"stream": False}}),
    ("SSE-40", b"{}", {"head": head(("content-type", "application/json"), status=400)}),
    ("SSE-41b", GOOD, {"head": head(("content-type", 'Text/Event-Stream; a=b;Charset="UTF-8"'), NO_CACHE)}),
    ("SSE-42", GOOD, {"head": head(CONTENT_TYPE, ("cache-control", "private, No-Store"))}),
    ("SSE-47", ERROR_BODY, {"head": head(("content-type", "application/json; charset=utf-8"), status=429)}),
    ("SSE-47", b'{"n": ' + b"9" * 5000 + b"}", {"head": head(("content-type", "application/p+json"), status=429)}),
    ("SSE-47", b'{"err', {"head": head(JSON_TYPE, status=429, framing="close"), "end": "reset"}),
    ("SSE-48", GOOD, {"head": head(CONTENT_TYPE, NO_CACHE, framing="close"), "end": "clean"}),
    ("SSE-48", GOOD, {"head": head(CONTENT_TYPE, NO_CACHE, framing="close"), "end": "reset"}),
    ("SSE-48", GOOD, {"head": GOOD_HEAD, "end": "bad-framing", "framing": BodyFraming(size=9, is_whole=True)}),
    ("SSE-48", GOOD, {"head": GOOD_HEAD, "end": "timeout"}),
    ("SSE-50", GOOD, {"head": head(CONTENT_TYPE, NO_CACHE, framing="close", http="1.0", request_http="1.0")}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "body", "arguments"), BROKEN)
def test_what_breaks_one_rule_of_the_base_layer_is_found_as_that(rule, body, arguments):
    assert set(base_rules(body, **arguments)) == {rule}


@pytest.mark.parametrize(("rules", "body", "announced", "arguments"), BROKEN_TOGETHER)
def test_lengths_that_lie_are_found(rules, body, announced, arguments):
    answer = head(CONTENT_TYPE, NO_CACHE, ("content-length", str(announced)), framing="length")
    assert base_rules(body, head=answer, **arguments) == rules


@pytest.mark.parametrize(("rule", "body", "arguments"), KEPT)
def test_what_keeps_the_rules_of_the_base_layer_makes_no_finding(rule, body, arguments):
    assert base_rules(body, **arguments) == []


def test_length_and_coding_together_are_found():
    answer = attrs.evolve(GOOD_HEAD, headers=(*GOOD_HEAD.headers, ("content-length", "9")))
    assert base_rules(GOOD, head=answer) == ["SSE-43", "SSE-44"]


def test_lengths_that_contradict_each_other_are_found():
    answer = head(CONTENT_TYPE, NO_CACHE, ("content-length", "1, 2"), framing="length")
    assert base_rules(GOOD, head=answer) == ["SSE-43", "SSE-43b"]


def test_each_rule_that_bytes_can_break_is_broken_by_one_of_the_tables():
    shown = {rule for rule, _, _ in BROKEN} | {"SSE-43b"}
    wanted = {
        rule.id
        for rule in (*sse.RULES, *http.RULES)
        if rule.binds == "server" and rule.level is not Level.MAY and rule.unshowable is None and rule.profile is None
    }
    assert shown == wanted


def test_bytes_behind_the_announced_length_are_not_judged():
    answer = head(CONTENT_TYPE, NO_CACHE, ("content-length", str(LONG)), framing="length")
    judged = judge(GOOD + encode("surplus"), "openai-chat", head=answer)
    assert len(judged.events) == 4
    assert "OC-05" not in [finding.rule for finding in judged.findings]


def test_the_base_layer_stops_at_events():
    judged = judge(b"id: 1\ndata: a\ndata: b\n\ndata: \xe2\x80\xa8\n\n", "sse")
    assert judged.message is None
    assert judged.findings == ()
    assert judged.events == (Event("message", "a\nb", "1", 0, 23), Event("message", "\u2028", "1", 23, 34))


def test_the_base_layer_minds_json_where_it_sees_it():
    assert base_rules(encode('{\n"a": 1}') + encode('["\u2028"]'), "sse") == ["SSE-30", "SSE-08"]


def test_a_finding_says_what_was_expected_what_was_found_and_where():
    (finding,) = judge(with_hi(HI.replace(b"Hi", b"H\xff")), "openai-chat").findings
    place = len(ROLE) + HI.index(b"Hi") + 1
    assert attrs.asdict(finding) == {
        "rule": "SSE-02b",
        "level": "MUST",
        "basis": "DOC",
        "message": "expected UTF-8, found the bytes ff",
        "event": 1,
        "start": place,
        "end": place + 1,
    }


def test_findings_stand_in_order_of_place_and_then_of_rule():
    body = b"\xef\xbb\xbf" + ROLE + encode(PRETTY, id="1", space=False) + FINISH
    judged = judge(body, "openai-chat", head=head(CONTENT_TYPE))
    places = [(finding.start is None, finding.start or 0, finding.rule) for finding in judged.findings]
    assert places == sorted(places)
    assert {"SSE-04", "SSE-13", "SSE-27b", "SSE-30", "SSE-42", "OC-03", "OC-04"} <= {f.rule for f in judged.findings}


def test_many_breaches_of_one_rule_are_capped_and_counted():
    judged = judge(with_hi(encode("x", space=False) * 100), "sse")
    assert len(judged.findings) == MOST_OF_ONE_RULE
    assert judged.findings[-1].message.endswith("(and 80 more of this rule)")
    assert "more" not in judged.findings[-2].message


def test_an_error_status_is_read_as_the_dialect_documents():
    answer = head(("content-type", "application/json"), status=429, framing="length")
    judged = judge(ERROR_BODY, "openai-chat", head=answer)
    assert judged.events == ()
    assert judged.message is not None
    assert judged.message.ended == "error"
    assert judged.message.error == StreamError(message="slow down", type="rate_limit_error", status=429)


def test_an_answer_of_another_type_is_no_stream():
    answer = head(("content-type", "application/json"))
    judged = judge(GOOD, "openai-chat", head=answer)
    assert judged.events == ()
    assert judged.message is not None
    assert judged.message.ended == "error"
    assert judged.message.choices == ()
    assert {"SSE-40", "OC-01"} <= {finding.rule for finding in judged.findings}
    assert "OC-04" not in {finding.rule for finding in judged.findings}


def test_events_come_out_as_they_are_complete_and_the_message_grows():
    running = Judge("openai-chat", keep_events=False)
    assert running.receive_data(ROLE + HI[:-1]) == [Event("message", ROLE[6:-2].decode(), "", 0, len(ROLE))]
    assert len(running.receive_data(HI[-1:])) == 1
    assert running.message is not None
    assert [choice.text for choice in running.message.choices] == ["Hi"]
    judged = running.close("fin")
    assert judged.events == ()
    assert judged.message is not None
    assert judged.message.ended == "cut"
    assert running.close() is judged
    with pytest.raises(ValueError, match="end of the body"):
        running.receive_data(b"x")


@pytest.mark.parametrize(("dialect", "profile"), [("openai-chatt", "strict"), ("sse", "stricter")])
def test_an_unknown_name_is_an_error(dialect, profile):
    with pytest.raises(KeyError):
        Judge(dialect, profile=profile)


SPLIT_BODIES = [
    b"\xef\xbb\xbf" + ROLE.replace(b"\n", b"\r\n") + b"id: 1\n\nretry: 1\r\r" + encode('{"a": "\u2028"}'),
    ROLE + b": \xff\n\n" + HI[:-1] + DONE + b"event: x\ndata: \xe2\x80",
]  # fmt: skip


@pytest.mark.parametrize("body", SPLIT_BODIES)
@pytest.mark.parametrize("dialect", ["sse", "openai-chat"])
def test_a_judgement_does_not_depend_on_splits(body, dialect):
    whole = judge(body, dialect)
    for place in range(len(body)):
        cut = Judge(dialect)
        events = cut.receive_data(body[:place]) + cut.receive_data(body[place:])
        judgement = cut.close()
        assert judgement == whole
        assert tuple(events) == judgement.events


PIECES = [
    ROLE,
    HI,
    FINISH,
    DONE,
    b"data: {",
    b"\n",
    b"\r",
    b"id: 1\n",
    b"event: e\n",
    b": c\n\n",
    b"\xff",
    b"data:x\n\n",
]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PIECES), max_size=10).map(b"".join), st.lists(st.integers(0, 2000), max_size=4))
def test_no_body_raises_and_no_split_matters(body, places):
    edges = [0, *sorted(places), max(len(body), *places, 0)] if places else [0, len(body)]
    cut = Judge("openai-chat", head=GOOD_HEAD)
    for start, end in pairwise(edges):
        cut.receive_data(body[start:end])
    assert cut.close("reset") == judge(body, "openai-chat", head=GOOD_HEAD, end="reset")


HOSTILE = [
    ("20,000 comments in one block", b": c\n" * 20000),
    ("20,000 comment blocks", b": c\n\n" * 20000),
    ("20,000 blocks without data", b"id\n\n" * 20000),
    ("5,000 empty events", b"data\n\n" * 5000),
    ("nothing but NUL", b"\0" * 100000),
    ("nothing but CR", b"\r" * 100000),
    ("deeply nested JSON on two lines", encode(["[" * 20000, "]" * 20000])),
    ("many data lines", b"data: {}\n" * 20000 + b"\n"),
    ("a field name without end", b"x" * 100000),
]


@pytest.mark.parametrize("dialect", ["sse", "openai-chat"])
@pytest.mark.parametrize(("case", "body"), HOSTILE)
def test_hostile_bodies_end_in_a_bounded_judgement(case, body, dialect):
    judged = judge(body, dialect)
    assert len(judged.findings) <= 10 * MOST_OF_ONE_RULE
    assert all(len(finding.message) < 500 for finding in judged.findings)


def test_a_line_past_the_limit_stops_the_judge_and_is_told():
    running = Judge("openai-chat", max_line=1000)
    running.receive_data(ROLE + b"data: ")
    for _ in range(100):
        running.receive_data(b"x" * 1000)
    judged = running.close()
    assert judged.problem == f"the line at byte {len(ROLE)} of the body is longer than the 1000 bytes allowed"
    assert len(judged.events) == 1
    assert judged.message is not None
    assert judged.message.ended == "open"

from __future__ import annotations

import json
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamproof_formats.judge import Judge, judge
from streamproof_formats.message import StreamError
from streamproof_formats.response import ResponseHead
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

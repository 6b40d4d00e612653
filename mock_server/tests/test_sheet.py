"""What an answer says on the wire, framed once: the bytes, the pauses, and which plans have no sheet."""

from __future__ import annotations

import pytest

from streamproof_mock.framing import RequestFacts
from streamproof_mock.sheet import AT_ONCE_LIMIT, PIECES_LIMIT, SIZE_LIMIT, Piece, Sheets, sheet_of
from streamproof_scenarios.plan import AnswerPlan, AwaitDelivered, Ending, Goaway, Pause, Write

POST = RequestFacts()
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"


def answer(*operations, **fields):
    return AnswerPlan(operations=lambda: iter(operations), **fields)


@pytest.mark.parametrize(
    ("operations", "fields", "beats"),
    [
        ([], {}, [(HEAD + b"0\r\n\r\n", 0, 0)]),
        ([Write(b"abc")], {}, [(HEAD + b"3\r\nabc\r\n0\r\n\r\n", 3, 0)]),
        ([Write(b"a"), Write(b""), Write(b"bc")], {}, [(HEAD + b"1\r\na\r\n", 1, 0), (b"2\r\nbc\r\n0\r\n\r\n", 2, 0)]),
        (
            [Write(b"a"), Pause(0.5), Write(b"bc"), Write(b"d")],
            {},
            [(HEAD + b"1\r\na\r\n", 1, 0.5), (b"2\r\nbc\r\n", 2, 0), (b"1\r\nd\r\n0\r\n\r\n", 1, 0)],
        ),
        ([Pause(0.5), Write(b"a")], {}, [(HEAD, 0, 0.5), (b"1\r\na\r\n0\r\n\r\n", 1, 0)]),
        ([Write(b"a"), Pause(0.5), Pause(0.25)], {}, [(HEAD + b"1\r\na\r\n", 1, 0.75), (b"0\r\n\r\n", 0, 0)]),
        ([Write(b"a"), Write(b"bc")], {"framing": "length"}, [(LENGTH + b"a", 1, 0), (b"bc", 2, 0)]),
        (
            [Write(b"abc"), Pause(0.5)],
            {"framing": "length", "content_length": 3},
            [(LENGTH + b"abc", 3, 0.5), (b"", 0, 0)],
        ),
    ],
)
def test_a_sheet_says_what_the_plan_says(operations, fields, beats):
    sheet = sheet_of(answer(*operations, **fields), POST)
    assert [(beat.send, beat.body, beat.pause_s) for beat in sheet.beats] == beats
    assert [piece.whole for piece in sheet.pieces] == [beat.send for beat in sheet.beats]
    assert sheet.is_paced == any(pause_s for _, _, pause_s in beats)


CLOSING = HEAD[:-2] + b"connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("operations", "fields", "request_", "sends"),
    [
        ([Write(b"a"), Write(b"b")], {"ending": Ending(kind="fin")}, POST, [HEAD + b"1\r\na\r\n", b"1\r\nb\r\n"]),
        ([], {"ending": Ending(kind="fin")}, POST, [HEAD]),
        ([Write(b"a")], {"close": True}, POST, [CLOSING + b"1\r\na\r\n0\r\n\r\n"]),
        ([Write(b"a")], {}, RequestFacts(closes=True), [CLOSING + b"1\r\na\r\n0\r\n\r\n"]),
        ([Write(b"a")], {"framing": "close"}, POST, [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\na"]),
        ([Write(b"a")], {}, RequestFacts(http="1.0"), [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\na"]),
        (
            [Write(b"abc")],
            {"framing": "length", "content_length": 9, "ending": Ending(kind="fin")},
            POST,
            [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"],
        ),
    ],
)
def test_a_sheet_may_end_with_the_connection(operations, fields, request_, sends):
    sheet = sheet_of(answer(*operations, **fields), request_)
    assert [beat.send for beat in sheet.beats] == sends
    assert sheet.closes


@pytest.mark.parametrize(
    ("operations", "fields", "request_"),
    [
        ([Write(b"a", promised=True)], {}, POST),
        ([AwaitDelivered()], {}, POST),
        ([Goaway()], {}, POST),
        ([Write(b"a"), Pause(60.0)], {}, POST),
        ([Write(b"a"), Pause(0.0001)], {}, POST),
        ([Write(b"a")], {"delay_s": 0.1}, POST),
        ([Write(b"a"), Pause(0.5)], {"ending": Ending(kind="fin")}, POST),
        ([Write(b"a"), Pause(0.5)], {"close": True}, POST),
        ([Write(b"a")], {"ending": Ending(kind="fin", place="in-head")}, POST),
        ([Write(b"a")], {"ending": Ending(kind="reset")}, POST),
        ([Write(b"a")], {"framing": "length", "content_length": 2}, POST),
        ([Write(b"a")], {"status": 204}, POST),
        ([Write(b"a")], {"http": "h1.0"}, POST),
        ([Write(b"a")], {}, RequestFacts(method="HEAD")),
        ([Write(b"a"), Pause(0.5)], {}, RequestFacts(http="1.0")),
        ([Write(bytes(SIZE_LIMIT)), Write(b"a")], {}, POST),
        ([Write(b"a")] * (AT_ONCE_LIMIT + 1), {}, POST),
        ([Write(b"a"), Pause(0.5)] * (PIECES_LIMIT + 1), {}, POST),
    ],
)
def test_what_wants_more_than_bytes_and_short_pauses_has_no_sheet(operations, fields, request_):
    assert sheet_of(answer(*operations, **fields), request_) is None


def test_an_endless_plan_is_given_up():
    def endless():
        while True:
            yield Write(b"")

    assert sheet_of(AnswerPlan(operations=endless), POST) is None


@pytest.mark.parametrize("piece", [Piece(b"ab", b"cde", b"fg"), Piece(b"", b"a", b""), Piece(b"abc", b"", b"d")])
def test_what_is_left_of_a_piece_is_the_rest_of_it_with_its_parts_in_their_places(piece):
    for count in range(len(piece.whole) + 1):
        rest = piece.after(count)
        assert rest.whole == piece.whole[count:]
        assert len(piece.data) - len(rest.data) == min(max(count - len(piece.prefix), 0), len(piece.data))


def test_a_sheet_is_made_once_for_each_plan_and_kind_of_request():
    calls = []

    def operations():
        calls.append(1)
        return iter([Write(b"a")])

    plan, sheets = AnswerPlan(operations=operations), Sheets()
    first = sheets.of(plan, POST)
    assert sheets.of(plan, POST) is first
    assert sheets.of(plan, RequestFacts(cors=True)) is not first
    assert len(calls) == 2


def test_a_plan_whose_operations_raise_has_no_sheet_and_a_new_plan_is_not_mistaken_for_an_old_one():
    def broken():
        yield Write(b"a")
        raise ValueError("the author's")

    sheets = Sheets()
    assert sheets.of(AnswerPlan(operations=broken), POST) is None
    for number in range(1000):
        sheet = sheets.of(answer(Write(b"%d" % number)), POST)
        assert sheet.beats[0].send.endswith(b"\r\n%d\r\n0\r\n\r\n" % number)

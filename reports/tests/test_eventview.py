"""The bytes as text: split at blank lines, what a finding is about marked, nothing invisible."""

from __future__ import annotations

import base64
from collections.abc import Callable

import attrs
import pytest
from rich.cells import cell_len

from streamproof_reports.document import CaseResult
from streamproof_reports.eventview import Excerpt, event_lines, excerpt

Make = Callable[..., CaseResult]


def of(make_case: Make, sent: bytes, *spans: tuple[int, int | None], sent_from: int = 0, limit: int = 99) -> Excerpt:
    base = make_case().findings[0]
    case = make_case(
        sent=base64.b64encode(sent).decode(),
        sent_from=sent_from,
        sent_total=sent_from + len(sent),
        findings=tuple(attrs.evolve(base, start=start, end=end) for start, end in spans),
    )
    found = excerpt(case, limit)
    assert found is not None
    return found


def plain(found: Excerpt) -> list[tuple[int, list[str]]]:
    return [(event.start, ["".join(piece.text for piece in line) for line in event.lines]) for event in found.events]


@pytest.mark.parametrize(
    ("sent", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [(0, ["data: a"]), (9, ["data: b"])]),
        (b"event: x\ndata: a\n\n", [(0, ["event: x", "data: a"])]),
        (b"data: a\r\n\r\ndata: b", [(0, [r"data: a\r\n", r"\r\n"]), (11, ["data: b"])]),
        (b"data: a\r\rdata: b\r", [(0, [r"data: a\r", r"\r"]), (9, [r"data: b\r"])]),
        (b"\n\n\ndata: a\n", [(0, []), (3, ["data: a"])]),
        (b"data: \xff\x00\xe4\xbd\xa0", [(0, [r"data: \xff\x00" + "\u4f60"])]),
        (b"data: " + b"x" * 2000, [(0, ["data: " + "x" * 1494 + "... (506 more bytes)"])]),
        (b'{"error": 1}', [(0, ['{"error": 1}'])]),
    ],
)
def test_events_are_split_at_blank_lines(make_case: Make, sent: bytes, events: list[tuple[int, list[str]]]) -> None:
    assert plain(of(make_case, sent)) == events


@pytest.mark.parametrize(
    ("spans", "marked"),
    [
        ([(106, 107)], [["a"], []]),
        ([(100, 118)], [["data: a"], ["data: b"]]),
        ([(115, None)], [[], ["b"]]),
        ([(109, 113), (111, 114)], [[], ["data:"]]),
        ([(109, 110), (115, 116)], [[], ["d", "b"]]),
        ([(0, 100), (118, 200)], [[], []]),
        ([(107, 108)], [[], []]),
    ],
)
def test_what_findings_are_about_is_marked(
    make_case: Make, spans: list[tuple[int, int | None]], marked: list[list[str]]
) -> None:
    found = of(make_case, b"data: a\n\ndata: b\n\n", *spans, sent_from=100)
    assert plain(found) == [(100, ["data: a"]), (109, ["data: b"])]
    pieces = [[piece.text for line in event.lines for piece in line if piece.is_marked] for event in found.events]
    assert pieces == marked


def test_an_event_is_marked_even_where_the_place_is_its_end(make_case: Make) -> None:
    found = of(make_case, b"data: a\n\ndata: b\n\n", (7, 9))
    assert [event.is_marked for event in found.events] == [True, False]


def test_of_many_events_those_around_the_finding_are_kept(make_case: Make) -> None:
    sent = b"data: x\n\n" * 100
    found = of(make_case, sent, (9 * 50, 9 * 50 + 1), limit=5)
    assert ([event.start // 9 for event in found.events], found.before, found.after) == ([48, 49, 50, 51, 52], 48, 47)
    assert (of(make_case, sent, limit=5).before, of(make_case, sent, limit=5).after) == (0, 95)
    assert of(make_case, sent, (0, 1), limit=5).before == 0
    assert of(make_case, sent, (899, 900), limit=5).after == 0


@pytest.mark.parametrize("sent", [None, "", "%%%"])
def test_without_bytes_there_is_nothing(make_case: Make, sent: str | None) -> None:
    assert excerpt(make_case(sent=sent), 5) is None


def chunks(*contents: str) -> bytes:
    head = '{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":'
    return b"".join(f'data: {head}{{"content":"{content}"}}}}]}}\n\n'.encode() for content in contents)


def lines(make_case: Make, sent: bytes, limit: int, width: int, *span: int) -> list[str]:
    findings = (attrs.evolve(make_case().findings[0], start=span[0], end=span[1]),) if span else ()
    case = make_case(sent=base64.b64encode(sent).decode(), sent_total=len(sent), findings=findings)
    return [line.text for line in event_lines(case, limit, width)]


def test_what_neighbours_share_is_left_out_of_a_line_that_is_too_long(make_case: Make) -> None:
    sent = chunks("Hel", "lo") + b"data: [DONE]\n\n"
    assert lines(make_case, sent, 8, 60) == [
        "body bytes 0 to 232 of 233",
        '0000  data: {"id":...{"content":"Hel"}}]}',
        '0110  data: {"id":...{"content":"lo"}}]}',
        "0219  data: [DONE]",
    ]
    assert lines(make_case, sent, 8, 200)[1] == "0000  " + chunks("Hel").decode().strip()
    assert lines(make_case, b"data: " + b"x" * 500, 8, 30)[1] == "0000  data: " + "x" * 15 + "..."


def test_both_ends_of_many_lines_are_shown_and_a_finding_is_never_cut_off(make_case: Make) -> None:
    sent = b"".join(b"data: %03d\n\n" % at for at in range(100))
    assert lines(make_case, sent, 4, 80) == [
        "body bytes 0 to 1099 of 1,100",
        "0000  data: 000",
        "0011  data: 001",
        "(96 lines left out)",
        "1078  data: 098",
        "1089  data: 099",
    ]
    assert lines(make_case, sent, 3, 80, 550, 561) == [
        "body bytes 0 to 1099 of 1,100; the finding is at 550 to 560",
        "(49 lines left out)",
        "0539  data: 049",
        "0550> data: 050",
        "0561  data: 051",
        "(48 lines left out)",
    ]


def test_lines_are_cut_by_what_they_take_on_a_screen(make_case: Make) -> None:
    for width in (40, 41, 80):
        shown = lines(make_case, b"data: " + "你".encode() * 200, 8, width)
        assert width - 1 <= cell_len(shown[1]) <= width

"""Deliveries: the same bytes and barriers under each, and promised boundaries exactly where they were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamproof_scenarios import regrouping
from streamproof_scenarios.compiler import cases, compile_case, plays
from streamproof_scenarios.delivery import ALL, Delivery, delivery_of, delivery_problem, expanded
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import AwaitDelivered, Operation, Pause, Write
from streamproof_scenarios.problem import NotPlayable
from streamproof_scenarios.regrouping import writes
from streamproof_scenarios.track import Cut, Flat, Piece


def numbered(items: list[bytes | Flat]) -> tuple[Flat, ...]:
    """Pieces of bytes with the number of their step; empty ones left out, as the compiler leaves them out."""
    return tuple(
        Piece(data=item, step=number) if isinstance(item, bytes) else item
        for number, item in enumerate(items)
        if item != b""
    )


PIECES = st.lists(
    st.sampled_from(
        [b"data: x\n\n", b"data: \xe4\xbd\xa0\n", b"\n", b"\r\n", b"\r", b"a", b"\xa0", b": c\r\n\r\n", b"x\r"]
    ),
    max_size=4,
).map(b"".join)
TRACKS = st.lists(st.one_of(PIECES, st.sampled_from([Cut(), Pause(0.01), AwaitDelivered()])), max_size=8).map(numbered)
SINGLE = st.one_of(
    st.sampled_from(["as-written", "whole", "per-event", "bytewise", "inside-utf8", "inside-crlf"]),
    st.integers(1, 9).map("size:{}".format),
    st.integers(0, 9).map("random:{}".format),
    st.lists(st.integers(1, 60), min_size=1, max_size=3).map(lambda numbers: "at:" + ",".join(map(str, numbers))),
)


def body(track: tuple[Flat, ...]) -> bytes:
    return b"".join(item.data for item in track if isinstance(item, Piece))


def stops(items: Iterator[Flat | Operation]) -> list[tuple[int, Flat | Operation]]:
    """The barriers that are operations, each with the number of bytes before it."""
    found, offset = [], 0
    for item in items:
        if isinstance(item, Piece | Write):
            offset += len(item.data)
        elif not isinstance(item, Cut):
            found.append((offset, item))
    return found


def boundaries(operations: list[Operation]) -> dict[int, bool]:
    """The offset after each write, and whether it is promised."""
    found, offset = {}, 0
    for operation in operations:
        if isinstance(operation, Write):
            offset += len(operation.data)
            found[offset] = operation.promised
    return found


def segments(track: tuple[Flat, ...]) -> list[tuple[int, int]]:
    """The stretches between two barriers that hold bytes."""
    found, start, end = [], 0, 0
    for item in (*track, Cut()):
        if isinstance(item, Piece):
            end += len(item.data)
            continue
        if end > start:
            found.append((start, end))
        start = end
    return found


def asked(track: tuple[Flat, ...], delivery: Delivery) -> set[int]:
    """Where a boundary is asked for, found byte by byte."""
    data, wanted = body(track), set()
    for start, end in segments(track):
        for offset in range(start + 1, end):
            if (
                delivery.kind == "bytewise"
                or (delivery.kind == "size" and (offset - start) % delivery.numbers[0] == 0)
                or (delivery.kind == "at" and offset in delivery.numbers)
                or (delivery.kind == "inside-utf8" and data[offset] & 0xC0 == 0x80)
                or (delivery.kind == "inside-crlf" and data[offset - 1 : offset + 1] == b"\r\n")
            ):
                wanted.add(offset)
        if delivery.kind == "at" and end in delivery.numbers and (end < len(data) or ends_in_barrier(track)):
            wanted.add(end)
    offset = 0
    for number, item in enumerate(track):
        offset += len(item.data) if isinstance(item, Piece) else 0
        if isinstance(item, Cut) and number and isinstance(track[number - 1], Piece):
            wanted.add(offset)
    return wanted


def ends_in_barrier(track: tuple[Flat, ...]) -> bool:
    return bool(track) and not isinstance(track[-1], Piece)


def event_ends(track: tuple[Flat, ...]) -> set[int]:
    """Where a blank line ends, found line by line, each CRLF one line end unless a barrier parts it."""
    data, found, at_line_start = body(track), set(), True
    for start, end in segments(track):
        offset = start
        while offset < end:
            length = 2 if data[offset : min(offset + 2, end)] == b"\r\n" else 1
            is_line_end = data[offset : offset + 1] in {b"\r", b"\n"}
            is_rest = offset == start and data[offset - 1 : offset + 1] == b"\r\n" and offset > 0
            if is_line_end and at_line_start and not is_rest and offset + length < end:
                found.add(offset + length)
            at_line_start = is_line_end
            offset += length
    return found


@pytest.fixture(params=[1, 16, 1 << 16], ids="blocks of {}".format)
def block(request: pytest.FixtureRequest) -> Iterator[int]:
    """The size of the blocks in which boundaries are sought, which nobody may notice."""
    usual = regrouping.BLOCK
    regrouping.BLOCK = request.param  # type: ignore[misc]
    yield request.param
    regrouping.BLOCK = usual  # type: ignore[misc]


@given(track=TRACKS, name=SINGLE)
def test_every_delivery_keeps_the_bytes_and_the_barriers(track: tuple[Flat, ...], name: str) -> None:
    operations = list(writes(track, delivery_of(name)))
    assert b"".join(item.data for item in operations if isinstance(item, Write)) == body(track)
    assert all(item.data for item in operations if isinstance(item, Write))
    assert stops(iter(operations)) == stops(iter(track))


@given(track=TRACKS, name=SINGLE)
def test_a_write_names_the_step_of_its_last_byte(track: tuple[Flat, ...], name: str) -> None:
    steps = [item.step for item in track if isinstance(item, Piece) for _ in item.data]
    offset = 0
    for operation in writes(track, delivery_of(name)):
        if isinstance(operation, Write):
            offset += len(operation.data)
            assert operation.step == steps[offset - 1]


@pytest.mark.usefixtures("block")
@given(track=TRACKS, name=SINGLE.filter(lambda name: not name.startswith("random")))
def test_boundaries_are_promised_exactly_where_they_were_asked_for(track: tuple[Flat, ...], name: str) -> None:
    delivery = delivery_of(name)
    found = boundaries(list(writes(track, delivery)))
    assert {offset for offset, promised in found.items() if promised} == asked(track, delivery)


@pytest.mark.usefixtures("block")
@given(track=TRACKS, name=SINGLE.filter(lambda name: not name.startswith(("random", "as-written"))))
@example(track=numbered([b"a", Cut(), b"\nb"]), name="per-event")
@example(track=numbered([b"a", Cut(), b"b\n\n\n", b"c"]), name="per-event")
@example(track=numbered([b"a\n", Cut(), b"\nb"]), name="per-event")
@example(track=numbered([b"a\n\r", b"\nb"]), name="per-event")
@example(track=numbered([b"a\n\n", b"b\n", b"\nc"]), name="per-event")
@example(track=numbered([b"a\n", b"\nb\n", b"c\n"]), name="per-event")
@example(track=numbered([b"\n\nb", b"\nc", b"\nd\n\n", b"\ne"]), name="per-event")
def test_there_is_no_boundary_that_nobody_asked_for(track: tuple[Flat, ...], name: str) -> None:
    delivery = delivery_of(name)
    expected = asked(track, delivery) | {end for _, end in segments(track)}
    if delivery.kind == "per-event":
        expected |= event_ends(track)
    assert set(boundaries(list(writes(track, delivery)))) == expected


@given(track=TRACKS, seed=st.integers(0, 1 << 40))
def test_a_seed_always_cuts_at_the_same_places_and_promises_them(track: tuple[Flat, ...], seed: int) -> None:
    delivery = delivery_of(f"random:{seed}")
    first, second = (list(writes(track, delivery)) for _ in range(2))
    assert first == second
    inside = set(boundaries(first)) - {end for _, end in segments(track)}
    assert all(boundaries(first)[offset] for offset in inside)


def test_different_seeds_cut_at_different_places() -> None:
    track = (Piece(data=b"x" * 2000, step=0),)
    cut = {tuple(boundaries(list(writes(track, delivery_of(f"random:{seed}"))))) for seed in range(20)}
    assert len(cut) == 20


@pytest.mark.parametrize("name", ["per-event", "inside-utf8", "inside-crlf"])
def test_deliveries_that_look_into_the_text_leave_an_encoded_body_as_written(name: str) -> None:
    track = (Piece(data=b"\x80\x80\r\n\r\n\x80", step=0), Piece(data=b"\r\n", step=1))
    assert list(writes(track, delivery_of(name), encoded=True)) == [
        Write(track[0].data, step=0),
        Write(b"\r\n", step=1),
    ]


def test_a_write_is_bounded_even_where_the_whole_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regrouping, "BLOCK", 10)
    monkeypatch.setattr(regrouping, "WHOLE_LIMIT", 50)

    def endless() -> Iterator[Flat]:
        while True:
            yield Piece(data=b"0123456789", step=0)

    first, second = islice(writes(endless(), delivery_of("whole")), 2)
    assert isinstance(first, Write)
    assert 50 <= len(first.data) <= 100
    assert isinstance(second, Write)


NAMES = {
    "as-written": None,
    "size:7": None,
    "at:3,40": None,
    "random:0": None,
    "all": None,
    "every-split": None,
    "size": "size needs a number; write size:7",
    "size:0": "size needs a number; write size:7",
    "at:": "at needs a number; write at:40 or at:40,80",
    "at:-1": "at needs a number; write at:40 or at:40,80",
    "random:x": "random needs a number; write random:1",
    "bytewize": "no such delivery; did you mean 'bytewise'?",
}


@pytest.mark.parametrize(("name", "problem"), NAMES.items(), ids=NAMES.keys())
def test_a_delivery_is_known_by_its_name(name: str, problem: str | None) -> None:
    assert delivery_problem(name) == problem
    if problem or name == "all":
        with pytest.raises(ValueError, match=f"^'{name}'"):
            delivery_of(name)


def test_the_places_of_a_delivery_are_sorted() -> None:
    assert delivery_of("at:40,3,40").numbers == (3, 40)


def test_all_names_eight_deliveries() -> None:
    assert expanded(["whole", "all", "at:4"]) == ("whole", "as-written", *ALL[2:], "at:4")
    assert len(ALL) == 8


def case_of(stream: str) -> Case:
    return cases(loads(f"dialect: workers-ai\nstream: {stream}\n", path="f.yaml", id="a"))[0]


def test_a_sweep_is_one_play_for_each_boundary_that_no_barrier_makes() -> None:
    swept = list(plays(case_of("{steps: [raw: abc, raw: d, cut, raw: ef, pause: 1ms, raw: g]}"), "every-split"))
    assert [plan.delivery for plan in swept] == ["at:1", "at:2", "at:3", "at:5"]
    assert [operation for operation in swept[1].answer(0).operations() if isinstance(operation, Write)] == [
        Write(b"ab", True, 0), Write(b"cd", True, 1), Write(b"ef", False, 3), Write(b"g", False, 5),
    ]  # fmt: skip
    assert swept[0].hash != swept[1].hash


def test_a_sweep_of_several_answers_reaches_the_end_of_the_longest() -> None:
    swept = plays(case_of("[{steps: [raw: abc]}, {steps: [raw: abcde]}]"), "every-split")
    assert [plan.delivery for plan in swept] == ["at:1", "at:2", "at:3", "at:4"]


def test_a_play_of_a_sweep_can_be_had_by_its_name() -> None:
    case = case_of("{steps: [text: abc, text: d]}")
    for plan in plays(case, "every-split"):
        again = compile_case(case, plan.delivery)
        assert list(again.answer(0).operations()) == list(plan.answer(0).operations())
        assert again.hash == plan.hash


def test_other_deliveries_are_one_play() -> None:
    assert [plan.delivery for plan in plays(case_of("{steps: [raw: ab]}"), "size:7")] == ["size:7"]


def test_a_sweep_has_no_plan_of_its_own() -> None:
    with pytest.raises(ValueError, match="a sweep of many plays"):
        compile_case(case_of("{steps: [raw: ab]}"), "every-split")


@pytest.mark.parametrize("step", ["raw: ab", "pause: 1ms"])
def test_a_long_body_is_not_swept(step: str) -> None:
    with pytest.raises(NotPlayable, match="this body has more than 16384 bytes"):
        next(plays(case_of(f"{{steps: [repeat: {{times: 1000000000, steps: [{step}]}}]}}"), "every-split"))


@settings(max_examples=30)
@given(name=SINGLE)
def test_the_body_and_its_length_do_not_depend_on_the_delivery(name: str) -> None:
    for keys in ("eol: crlf", "encoding: gzip", "framing: length"):
        case = case_of(
            f"{{{keys}, steps: [text: 你好, {{text: b, cut: 5}}, repeat: {{times: 3, steps: [data: c]}}, done]}}"
        )
        usual, other = compile_case(case).answer(0), compile_case(case, name).answer(0)
        assert other.body() == usual.body()
        assert other.content_length == usual.content_length

"""What each step became, and a case with smaller fills."""

from __future__ import annotations

from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case, Fill
from streamproof_scenarios.scaling import scaled
from streamproof_scenarios.show import rows, source

STEPS = r"""
    - role: assistant
    - {text: "é", cut: inside-utf8}
    - repeat:
        times: 3
        steps:
          - text: a
          - pause: 5ms
    - await: delivered
    - {done, cut: [1, -1], name: null}
"""


def case_of(text: str) -> Case:
    return cases(loads(f"dialect: workers-ai\n{text}", path="f.yaml", id="a"))[0]


def test_each_step_has_a_row_with_its_line_bytes_and_writes() -> None:
    found = rows(case_of(f"stream:\n  steps:{STEPS}"))
    assert [(row.step, row.depth, row.line, row.source) for row in found] == [
        (0, 0, 4, 'role: "assistant"'),
        (1, 0, 5, 'text: "é", cut: "inside-utf8"'),
        (2, 0, 6, "repeat: 3 times"),
        (3, 1, 9, 'text: "a"'),
        (4, 1, 10, "pause: 0.005s"),
        (5, 0, 11, "await: delivered"),
        (6, 0, 12, "done, name: null, cut: [1,-1]"),
    ]
    assert [(row.offset, row.size, row.writes) for row in found] == [
        (None, 0, ()),
        (0, 25, ((20, True), (5, False))),
        (None, 0, ()),
        (25, 72, ((24, False), (24, False), (24, False))),
        (None, 0, ()),
        (None, 0, ()),
        (97, 14, ((1, True), (12, True), (1, False))),
    ]
    assert found[1].data == 'data: {"response":"é"}\n\n'.encode()
    assert found[3].data == b'data: {"response":"a"}\n\n'


def test_rows_follow_the_delivery() -> None:
    case = case_of("stream: {steps: [raw: abcd]}")
    assert rows(case, "size:3")[0].writes == ((3, True), (1, False))


def test_an_endless_stream_is_shown_in_part() -> None:
    (_, row) = rows(case_of("stream: {steps: [repeat: {times: 1000000000, steps: [raw: ab]}]}"))
    assert row.size == 20_000
    assert row.data == b"ab"


def test_each_answer_of_several_has_its_rows() -> None:
    found = rows(case_of("stream: [{status: 500, steps: [error: {}]}, {steps: [done]}]"))
    assert [(row.answer, row.source) for row in found] == [(0, "error: {}"), (1, "done")]


SOURCES = {
    '{text: "\\ud83d", ascii: true}': 'text: "\\ud83d", ascii: true',
    "text: {fill: y, bytes: 9}": 'text: {fill: "y", bytes: 9}',
    "tool: {index: 0, arguments: {fill: y, bytes: 9}}": 'tool: {index: 0, arguments: {fill: "y", bytes: 9}}',
    "{event: [1], unclosed: 1}": "event: [1], unclosed: 1",
    "{chunk: {a: b}, break: b, keep: 3}": 'chunk: {a: "b"}, break: "b", keep: 3',
    "block: ['id: 7', text: a]": 'block: ["id: 7", {text: "a"}]',
    "hex: 'ef bb'": 'hex: "ef bb"',
    "goaway: graceful": "goaway: graceful",
    "cut": "cut",
}


def test_a_step_is_shown_as_one_would_write_it() -> None:
    for written, shown in SOURCES.items():
        answer = case_of(f"stream: {{http: h2, steps: [{written}]}}").answers[0]
        assert source(answer.steps[0]) == shown


def test_fills_are_scaled_wherever_they_stand_and_what_is_expected_of_them_too() -> None:
    case = case_of(
        "stream: {steps: [text: {fill: y, bytes: 400}, repeat: {times: 2, steps: [raw: {fill: é, bytes: 10}]}, "
        "tool: {arguments: {fill: x, bytes: 8}}, block: [text: {fill: z, bytes: 2}], done]}\n"
        "expect: {text: {fill: y, bytes: 400}, tool_calls: [{arguments: {fill: x, bytes: 8}}]}\n"
    )
    quarter = scaled(case, 4)
    data = compile_case(quarter).answer(0).body().decode()
    assert [data.count(letter) for letter in "yxzé"] == [100, 2, 1, 2]
    (reading,) = quarter.scenario.readings
    assert reading.text == Fill("y", 100)
    assert reading.tool_calls == ({"arguments": Fill("x", 2)},)
    assert compile_case(case).answer(0).body().count(b"y") == 400

"""YAML 1.2 core types only, each node with its place."""

from __future__ import annotations

import pytest
import yaml

from streamproof_scenarios.language import document
from streamproof_scenarios.language.document import Mapping, Scalar, Sequence, parse
from streamproof_scenarios.problem import ScenarioError

SCALARS = {
    "no": "no",
    "off": "off",
    "y": "y",
    "Yes": "Yes",
    "true": True,
    "False": False,
    "null": None,
    "~": None,
    "2026-11-20": "2026-11-20",
    "1:30": "1:30",
    "12:30:45": "12:30:45",
    "1_000": "1_000",
    "+500": 500,
    "-7": -7,
    "007": 7,
    "0o17": 15,
    "0x1F": 31,
    "0b1": "0b1",
    "1e3": 1000.0,
    "1.5": 1.5,
    ".5": 0.5,
    "5.": 5.0,
    "-.inf": float("-inf"),
    "'5'": "5",
    '"no"': "no",
    '"\\ud83d"': "\ud83d",
    "=": "=",
    "<<": "<<",
}


@pytest.mark.parametrize(("source", "value"), SCALARS.items(), ids=SCALARS.keys())
@pytest.mark.parametrize("flow", [True, False], ids=["in a list", "in a block"])
def test_a_scalar_is_what_yaml_1_2_reads(source: str, value: object, flow: bool) -> None:
    node = parse((f"a: [{source}]" if flow else f"a: {source}\n").encode(), "f.yaml")
    assert isinstance(node, Mapping)
    item = node.get("a")
    if flow:
        assert isinstance(item, Sequence)
        item = item.items[0]
    assert isinstance(item, Scalar)
    assert item.value == value
    assert type(item.value) is type(value)


PROBLEMS = {
    "a: 1\nb: 2\na: 3\n": "f.yaml:3:1: a key must stand once, found a again (first in line 1); leave one",
    "a: {b: 1, b: 2}": "f.yaml:1:11: a key must stand once, found b again (first in line 1); leave one",
    "a: &x 1\nb: *x\n": "f.yaml:2:4: aliases are no part of the language, found *x; write the value again",
    "a: &x [*x]\n": "f.yaml:1:8: aliases are no part of the language, found *x; write the value again",
    "a: !!python/object:os.system x": (
        "f.yaml:1:4: tags are no part of the language, found tag:yaml.org,2002:python/object:os.system; leave it away"
    ),
    "5: x": "f.yaml:1:1: a key must be text, but YAML reads 5 as a number; write '5' in quotes",
    "? [a]\n: x": "f.yaml:1:3: a key must be text, but YAML reads [a] as a list; write '[a]' in quotes",
    "": "f.yaml:1:1: a scenario must be a mapping of keys, found an empty file",
    "# only a comment\n": "f.yaml:1:1: a scenario must be a mapping of keys, found an empty file",
    "a: b\n---\nc: d\n": "f.yaml:2:1: a scenario file must hold one document, found a second; put it in its own",
    "a: b: c": "f.yaml:1:5: this is not YAML: mapping values are not allowed in this context",
    "a: \x01": "f.yaml:1:4: a file must hold printable text, found U+0001; escape it",
    "[" * 200 + "]" * 200: "f.yaml:1:102: values must not be nested deeper than 100",
}


@pytest.mark.parametrize(("source", "message"), PROBLEMS.items(), ids=[source[:20] for source in PROBLEMS])
def test_a_breach_is_told_with_its_place(source: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(source.encode(), "f.yaml")
    assert str(caught.value).splitlines()[-1] == message


def test_bytes_that_are_no_utf8_are_told_with_their_place() -> None:
    with pytest.raises(ScenarioError, match=r"^f.yaml:2:4: a scenario file must be UTF-8, found byte ff; save it as"):
        parse(b"a: b\nc: \xff\n", "f.yaml")


def test_a_file_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "SIZE_LIMIT", 10)
    with pytest.raises(ScenarioError, match="at most 10 bytes, found 14"):
        parse(b"title: too big", "f.yaml")


def test_a_byte_order_mark_before_the_file_moves_no_place() -> None:
    node = parse("\ufeffa: b".encode(), "f.yaml")
    assert isinstance(node, Mapping)
    assert node.pairs[0][0].mark.column == 1


@pytest.mark.parametrize("source", [source for source in PROBLEMS if "\x01" not in source], ids=lambda text: text[:20])
def test_places_do_not_depend_on_the_parser(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ScenarioError) as fast:
        parse(source.encode(), "f.yaml")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(ScenarioError) as slow:
        parse(source.encode(), "f.yaml")
    assert [problem.mark for problem in slow.value.problems] == [problem.mark for problem in fast.value.problems]


def test_what_was_read_does_not_depend_on_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "a: [role: x, done, {b: '你', \"c\": 1.5}]\nd: |\n  x\n  y\ne: >-\n  f\n  g\nh:\n- i: 1\n  j: {}\n- []\n"
    fast = parse(source.encode(), "f.yaml")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert repr(parse(source.encode(), "f.yaml")) == repr(fast)

"""Every generated stream keeps every rule, and says what was drawn."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.dialects import validate_request
from streamproof_scenarios.generating import Seeded, generate, yaml_text
from streamproof_scenarios.generating.abilities import ABILITIES
from streamproof_scenarios.language.document import Mapping, Node, Scalar, Sequence, parse
from streamproof_scenarios.model import Word

from .drawing import body_of, bounded, case_of, judged, plain, streams

EXAMPLES = 30
SEEDS = 40
SHORT = 3000


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
@bounded(EXAMPLES)
@given(data=st.data())
def test_nothing_is_found_in_a_generated_stream_and_it_says_what_was_drawn(dialect: str, data: st.DataObject) -> None:
    generated = data.draw(streams(dialect))
    case = case_of(generated)
    assert validate_request(dialect, dict(case.request)) == []
    body = body_of(case)
    whole = judged(case, body)
    assert whole.problem is None
    assert whole.findings == ()
    assert plain(whole.message, dialect) == plain(generated.message, dialect)
    places = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    pieces = [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]
    assert judged(case, *pieces) == whole


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_seed_makes_the_same_valid_stream_whenever_it_is_asked_for(dialect: str) -> None:
    said = set()
    for seed in range(SEEDS):
        generated = generate(dialect, Seeded(seed))
        assert generated == generate(dialect, Seeded(seed))
        case = case_of(generated)
        body = body_of(case)
        whole = judged(case, body)
        assert (whole.findings, whole.problem) == ((), None)
        assert plain(whole.message, dialect) == plain(generated.message, dialect)
        if len(body) < SHORT:
            assert judged(case, *(body[at : at + 1] for at in range(len(body)))) == whole
        said |= {step.word for step in case.answers[0].steps if isinstance(step, Word)}
    # What a dialect can say is said in some of them.
    assert {word for slot in ABILITIES[dialect].slots for word in slot} <= said


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@bounded(50)
@given(VALUES)
def test_a_document_written_as_yaml_reads_back_to_the_same(value: object) -> None:
    assert plain_of(parse(yaml_text({"value": value}).encode(), "x.yaml")) == {"value": value}
    assert yaml.safe_load(yaml_text({"value": value})) == {"value": value}


def plain_of(node: Node) -> object:
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain_of(item) for item in node.items]
        case Mapping():
            return {key.value: plain_of(item) for key, item in node.pairs}

"""What official types say of single events: they take what is valid, and part from our schemas only where it is told.

The streams of the catalogue and of the generator, which stand a floor above, are put to them too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from streamproof_formats.dialects.schema_book import event_schema
from streamproof_scenarios.cases import cases
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.generating import Seeded, generate

from .sdk import TYPES, accepts
from .streams import judged
from .tables import TABLES
from .type_differences import DIFFERENCES, UNKNOWN, page

Json = Any
PAGE: Final = Path(__file__).parents[3] / "docs" / "type-differences.md"
# google-genai warns of values that its enumerations do not have.
pytestmark = pytest.mark.filterwarnings("ignore:.* is not a valid:UserWarning")

SEEDS: Final = range(12)
OTHERS: Final = (None, True, 7, 7.5, "x", [], {})
NAMED: Final = ("openai-responses", "anthropic-messages", "cohere-v2")
"""Dialects whose events tell their type."""


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def admits(dialect: str, value: Json) -> bool | None:
    """Whether our schemas admit an event; None where it is of a type that they do not have."""
    kind = value.get("type") if dialect in NAMED else "chunk"
    if not isinstance(kind, str):
        return False
    try:
        faults = list(event_schema(dialect, kind).faults(value))
    except KeyError:
        return None
    if dialect == "anthropic-messages":
        for key, what in (("content_block", "block"), ("delta", "delta")):
            inner = value.get(key)
            if isinstance(inner, dict) and isinstance(inner.get("type"), str):
                try:
                    faults += event_schema(dialect, f"{what}-{inner['type']}").faults(inner)
                except KeyError:
                    continue
    return not faults


def events_of(dialect: str, stream: bytes) -> Iterator[dict[str, Any]]:
    for event in judged("ollama-chat" if dialect == "ollama-chat" else "sse", stream).events:
        try:
            value = json.loads(event.data)
        except ValueError:
            continue
        # An error is in place of a chunk, and has no type where chunks have none.
        if isinstance(value, dict) and (dialect in ("gemini", *NAMED) or not value.get("error")):
            yield value


@cache
def held(dialect: str) -> tuple[Json, ...]:
    """The events of the streams of our tables that keep the rules, each once, that our schemas know."""
    table = TABLES[dialect]
    streams = [*table.examples.values(), *(row[2] for row in table.keeping)]
    found = {json.dumps(value): value for stream in streams for value in events_of(dialect, stream)}
    return tuple(value for value in found.values() if admits(dialect, value))


def written(dialect: str) -> Iterator[Json]:
    """The events of the catalogue's and of generated streams that break nothing, that our schemas know."""
    valid = [case for case in Catalogue.load().cases if case.dialect == dialect and not case.breaks]
    valid += [case for seed in SEEDS for case in cases(generate(dialect, Seeded(seed)).scenario(f"generated/{seed}"))]
    for case in valid:
        for answer in compile_case(case).answers:
            if answer.status == 200 and answer.encoding is None:
                yield from (value for value in events_of(dialect, answer.body(1 << 16)) if admits(dialect, value))


@pytest.mark.clients
@pytest.mark.parametrize("dialect", TYPES)
def test_the_official_type_takes_valid_events_but_those_that_are_told(dialect: str) -> None:
    events = {json.dumps(value): value for value in (*held(dialect), *written(dialect))}
    assert len(events) > 50
    refused = [value for value in events.values() if not accepts(dialect, value)]
    told = [one for one in UNKNOWN if one.dialect == dialect]
    assert [value for value in refused if not any(one.matches(value) for one in told)] == []
    assert [one.what for one in told if not any(one.matches(value) for value in refused)] == []


@pytest.mark.clients
@pytest.mark.parametrize("dialect", TYPES)
def test_a_changed_field_is_judged_by_both_alike_but_where_it_is_told(dialect: str) -> None:
    found = set(differences(dialect))
    told = {
        (event, path, change, row.only)
        for row in DIFFERENCES
        if row.dialect == dialect
        for event in row.events
        for path in row.paths
        for change in row.changes
    }
    unlisted = [one for one in sorted(found) if not any(row.covers(dialect, *one) for row in DIFFERENCES)]
    assert unlisted == []
    # Of what a row names, each event, path and change occurs.
    for row in DIFFERENCES:
        if row.dialect == dialect:
            ours = {one for one in found & told if row.covers(dialect, *one)}
            assert {one[0] for one in ours} == set(row.events)
            assert {one[1] for one in ours} == set(row.paths)
            assert {one[2] for one in ours} == set(row.changes)


def differences(dialect: str) -> Iterator[tuple[str, str, str, str]]:
    """Type of event, field, change and the side that takes it, for each change of which the sides think otherwise."""
    tried: set[Any] = set()
    for value in held(dialect):
        if not accepts(dialect, value):
            continue
        event = value["type"] if dialect in NAMED else ""
        for path, before in fields(value):
            shown = ".".join("*" if isinstance(step, int) else step for step in path)
            for change, after in changes(path, before):
                # A field of one name is another one in an object of another kind.
                key = (event, kind_beside(value, path), shown, type(before), change)
                if key in tried:
                    continue
                tried.add(key)
                damaged = changed(value, path, after, lost=change == "lost")
                ours, theirs = admits(dialect, damaged), accepts(dialect, damaged)
                if ours is not None and ours != theirs:
                    yield event, shown, change, "schema" if ours else "SDK"


def fields(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Every place below a value, and what is there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key), item
        yield from fields(item, (*path, key))


def changes(path: tuple[str | int, ...], before: Json) -> Iterator[tuple[str, Json]]:
    """What a field is changed to, by name."""
    if isinstance(path[-1], str):
        yield "lost", None
    for other in OTHERS:
        if KINDS[type(other)] != KINDS[type(before)]:
            yield KINDS[type(other)], other


KINDS: Final = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def kind_beside(value: Json, path: tuple[str | int, ...]) -> str | None:
    """The type of the object that the field is in, where it tells one."""
    for step in path[:-1]:
        value = value[step]
    kind = value.get("type") if isinstance(value, dict) and len(path) > 1 else None
    return kind if isinstance(kind, str) else None


def changed(value: Json, path: tuple[str | int, ...], after: Json, *, lost: bool) -> Json:
    whole = json.loads(json.dumps(value))
    place = whole
    for step in path[:-1]:
        place = place[step]
    if lost:
        del place[path[-1]]
    else:
        place[path[-1]] = after
    return whole

"""The JSON Schemas of the dialects, read from the package once: `schemas/<dialect>/<name>.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from streamproof_formats.dialects.event_schema import EventSchema, compiled
from streamproof_formats.dialects.wording import listed, quoted, shown

MOST_FAULTS: Final = 20
"""Faults of one request body that are told."""

LONGEST_REMEMBERED: Final = 8192
"""Characters of a request body whose faults are remembered."""


@cache
def document(dialect: str, name: str) -> Mapping[str, Any]:
    """The schema `name` of a dialect (`request`, `response`, `chunk`, ...), as JSON.

    What it takes from another file of the dialect (`shared.json#/$defs/item`) stands in its own `$defs`.  Raises
    KeyError where there is none.
    """
    schema = _read(dialect, name)
    definitions: dict[str, Any] = {}
    wanted = _foreign(schema)
    while wanted:
        file, place = wanted.pop()
        key = place.removeprefix("#/$defs/")
        if key not in definitions:
            definition = definitions[key] = _read(dialect, file.removesuffix(".json"))["$defs"][key]
            # What a definition refers to stands beside it.
            wanted += [(other or file, beside) for other, beside in _references(definition)]
    if not definitions:
        return schema
    whole: Mapping[str, Any] = _within({**schema, "$defs": {**schema.get("$defs", {}), **definitions}})
    return whole


def _read(dialect: str, name: str) -> Mapping[str, Any]:
    place = files("streamproof_formats") / "schemas" / dialect / f"{name}.json"
    if not place.is_file():
        raise KeyError(f"no schema {name} of {dialect}")
    schema: Mapping[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return schema


def _references(schema: Any) -> Iterator[tuple[str, str]]:
    """File, "" for its own, and place of every `$ref` of a schema."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            file, _, place = str(schema["$ref"]).partition("#")
            yield file, f"#{place}"
        for item in schema.values():
            yield from _references(item)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


def _foreign(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The references of a schema to other files."""
    return [(file, place) for file, place in _references(schema) if file]


def _within(schema: Any) -> Any:
    """The schema, its references to other files turned to its own `$defs`."""
    if isinstance(schema, Mapping):
        return {key: f"#{item.partition('#')[2]}" if key == "$ref" else _within(item) for key, item in schema.items()}
    return [_within(item) for item in schema] if isinstance(schema, list) else schema


@cache
def event_schema(dialect: str, name: str) -> EventSchema:
    """The prepared schema of one type of event."""
    return compiled(document(dialect, name))


@cache
def _validator(dialect: str, name: str) -> Draft202012Validator:
    # Ours are known to be schemas, by test: checking that again takes longer than a run of many cases.
    return Draft202012Validator(document(dialect, name))


def validate_request(dialect: str, body: Any) -> list[str]:
    """What a request body breaks of its dialect's documented schema: a line each, none if it is well.

    A line reads `$.messages: expected array, found string "Hi"`.
    """
    try:
        text = json.dumps(body)
    except (TypeError, ValueError, RecursionError):
        return validate(dialect, "request", body)
    if len(text) > LONGEST_REMEMBERED:
        return validate(dialect, "request", body)
    return list(_faults_of_request(dialect, text))


@lru_cache(maxsize=256)
def _faults_of_request(dialect: str, text: str) -> tuple[str, ...]:
    # A client under test sends the same few bodies over and over, and jsonschema takes its time.
    return tuple(validate(dialect, "request", json.loads(text)))


def validate(dialect: str, name: str, body: Any) -> list[str]:
    """What a whole JSON body breaks of the schema `name`, a line each."""
    try:
        lines = [line for error in _validator(dialect, name).iter_errors(body) for line in _lines(error)]
    except (RecursionError, ValueError):
        # jsonschema prints what it complains of, and Python prints neither the deepest arrays nor the longest integers.
        return ["$: expected JSON of ordinary depth and numbers, found what is too deep or too long to be checked"]
    printable = (" ".join(line.encode("utf-8", "backslashreplace").decode().split()) for line in lines)
    return list(dict.fromkeys(printable))[:MOST_FAULTS]


def _lines(error: ValidationError) -> Iterator[str]:
    schema = _schema_of(error)
    match error.validator:
        case "anyOf" if all("required" in _mapping(alternative) for alternative in schema["anyOf"]):
            keys = [quoted(key) for alternative in schema["anyOf"] for key in alternative["required"]]
            yield f"{error.json_path}: expected {listed(keys)}, found neither"
        case "anyOf":
            yield from _lines_of_alternatives(error)
        case "required":
            for key in schema["required"]:
                if error.message.startswith(repr(key)):
                    yield f"{error.json_path}.{key}: expected {_expected_under(schema, key)}, found nothing"
        case _:
            yield f"{error.json_path}: expected {listed(_expected(error))}, found {shown(error.instance)}"


def _lines_of_alternatives(error: ValidationError) -> Iterator[str]:
    """The faults inside the alternative that has the value's type; where none has it, one line for all."""
    context = list(error.context or ())
    inside = [inner for inner in context if inner.path or inner.validator not in ("type", "enum")]
    for inner in inside:
        yield from _lines(inner)
    if not inside:
        expected = list(dict.fromkeys(word for inner in context for word in _expected(inner)))
        yield f"{error.json_path}: expected {listed(expected)}, found {shown(error.instance)}"


def _mapping(schema: Any) -> Mapping[str, Any]:
    return schema if isinstance(schema, Mapping) else {}


def _schema_of(error: ValidationError) -> Mapping[str, Any]:
    return _mapping(error.schema)


def _expected_under(schema: Mapping[str, Any], key: str) -> str:
    """What a key that is absent should have held."""
    inner = _mapping(_mapping(schema.get("properties")).get(key))
    if "x-expected" in inner:
        return str(inner["x-expected"])
    kind = inner.get("type")
    return kind if isinstance(kind, str) else "a value"


def _expected(error: ValidationError) -> list[str]:
    """What would have been well, as words of which any will do."""
    schema, value = _schema_of(error), error.validator_value
    if "x-expected" in schema:
        return [str(schema["x-expected"])]
    match error.validator:
        case "type":
            return [value] if isinstance(value, str) else [str(name) for name in schema["type"]]
        case "enum":
            return [json.dumps(item) for item in schema["enum"]]
        case "const":
            return [json.dumps(value)]
        case "minimum":
            return [f"at least {value}"]
        case "maximum":
            return [f"at most {value}"]
        case "minItems":
            return [f"an array of at least {value}"]
        case "maxItems":
            return [f"an array of at most {value}"]
        case "minLength":
            return [f"a text of at least {value}"]
        case "pattern":
            return [f"a text like {value}"]
        case _:
            return [f"what the schema says of {error.validator}"]

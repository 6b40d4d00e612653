"""The JSON Schemas of the dialects, read from the package once: `schemas/<dialect>/<name>.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from streamproof_formats.dialects.event_schema import EventSchema, compiled
from streamproof_formats.dialects.wording import listed, quoted, shown

MOST_FAULTS: Final = 20
"""Faults of one request body that are told."""


@cache
def document(dialect: str, name: str) -> Mapping[str, Any]:
    """The schema `name` of a dialect (`request`, `response`, `chunk`, ...), as JSON.

    Raises KeyError where there is none.
    """
    place = files("streamproof_formats") / "schemas" / dialect / f"{name}.json"
    if not place.is_file():
        raise KeyError(f"no schema {name} of {dialect}")
    schema: Mapping[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return schema


@cache
def event_schema(dialect: str, name: str) -> EventSchema:
    """The prepared schema of one type of event."""
    return compiled(document(dialect, name))


@cache
def _validator(dialect: str, name: str) -> Draft202012Validator:
    schema = document(dialect, name)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def validate_request(dialect: str, body: Any) -> list[str]:
    """What a request body breaks of its dialect's documented schema: a line each, none if it is well.

    A line reads `$.messages: expected array, found string "Hi"`.
    """
    return validate(dialect, "request", body)


def validate(dialect: str, name: str, body: Any) -> list[str]:
    """What a whole JSON body breaks of the schema `name`, a line each."""
    try:
        lines = [line for error in _validator(dialect, name).iter_errors(body) for line in _lines(error)]
    except RecursionError:
        return ["$: expected JSON of ordinary depth, found one that is too deeply nested to be checked"]
    return list(dict.fromkeys(lines))[:MOST_FAULTS]


def _lines(error: ValidationError) -> Iterator[str]:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    match error.validator:
        case "anyOf" if "description" in schema:
            yield from _alternative(error)
        case "anyOf":
            keys = [quoted(key) for entry in schema["anyOf"] for key in entry.get("required", ())]
            yield f"{error.json_path}: expected {listed(keys)}, found neither"
        case "required":
            for key in schema["required"]:
                if error.message.startswith(repr(key)):
                    yield f"{error.json_path}.{key}: expected {_expected_of(schema, key)}, found nothing"
        case _:
            yield f"{error.json_path}: expected {_expected(error, schema)}, found {shown(error.instance)}"


def _alternative(error: ValidationError) -> Iterator[str]:
    """The faults of the alternative that the value came closest to: the one whose type it has."""
    context = list(error.context or ())
    deeper = [inner for inner in context if inner.path or inner.validator not in ("type", "enum")]
    if deeper:
        for inner in deeper:
            yield from _lines(inner)
        return
    expected = [_expected(inner, inner.schema if isinstance(inner.schema, Mapping) else {}) for inner in context]
    yield f"{error.json_path}: expected {listed(list(dict.fromkeys(expected)))}, found {shown(error.instance)}"


def _expected_of(schema: Mapping[str, Any], key: str) -> str:
    kind = schema.get("properties", {}).get(key, {}).get("type")
    return kind if isinstance(kind, str) else "a value"


def _expected(error: ValidationError, schema: Mapping[str, Any]) -> str:
    value: Any = error.validator_value
    if "x-expected" in schema:
        return str(schema["x-expected"])
    match error.validator:
        case "type":
            return listed([value] if isinstance(value, str) else list(value))
        case "enum":
            return listed(["null" if item is None else json.dumps(item) for item in value])
        case "const":
            return json.dumps(value)
        case "minimum":
            return f"at least {value}"
        case "maximum":
            return f"at most {value}"
        case "minItems":
            return f"an array of at least {value}"
        case "maxItems":
            return f"an array of at most {value}"
        case "minLength":
            return f"a text of at least {value}"
        case "pattern":
            return f"a text like {value}"
        case _:
            return f"what the schema says of {error.validator}"
